"""The table of runs: search, filters, seeds as one, columns, and tags of the ticked ones."""

import pytest

from fercore.run_notes import Notes, read_notes, write_notes
from fercore.runs import create_run, list_runs, update_run
from tests.dashboard.conftest import opened, words

INFO = {"config": {"model": {"type": "cnn"}, "training": {"epochs": 3}}, "classes": ["a", "b"], "dataset": {}}


@pytest.fixture
def root(folders):
    """Three runs of one kind with seeds 0, 1 and 2, another of a study, and one that failed."""
    root = folders[0]
    for seed in range(3):
        config = INFO["config"] | {"training": {"epochs": 3, "seed": seed}}
        update_run(create_run(root, f"seed-{seed}", INFO | {"config": config}), status="finished")
    update_run(create_run(root, "point", INFO), status="finished", study={"name": "kernel"})
    update_run(create_run(root, "other", INFO | {"config": {"model": {"type": "vit"}}}), status="failed")
    write_notes(list_runs(root)[0][0], Notes("of Tuesday", ("old",)))  # other
    return root


def page():
    import pandas as pd
    import streamlit as st

    import state
    from widgets.run_table import choose_columns, choose_rows, draw_rows

    with state.errors_shown():
        runs = state.runs()
        rows = choose_rows(
            [run for run in runs if run.part_of is None], "t", [run for run in runs if run.part_of is not None]
        )
        names = [group[0].name for group in rows.groups]
        table = pd.DataFrame({"run": names, "size": [len(group) for group in rows.groups]})
        offered = {"run": st.column_config.TextColumn("Run"), "size": {"label": "Size"}, "slow": {}}
        columns = choose_columns(offered, "t", hidden=["slow"])
        if "slow" in columns:
            table["slow"] = "read"
        draw_rows(table, rows, columns, "t")


def names(app):
    assert not app.exception
    return app.dataframe[0].value["run"].tolist() if app.dataframe else []


def test_runs_are_searched_and_filtered_and_points_shown_by_their_study(root):
    app = opened(page)
    assert names(app) == ["other", "seed-0", "seed-1", "seed-2"]
    assert names(app.text_input(key="t_find").set_value("SEED 1").run()) == ["seed-1"]
    assert "1 of 5 runs" in words(app)
    assert names(app.text_input(key="t_find").set_value("tuesday").run()) == ["other"]
    assert names(app.text_input(key="t_find").set_value("nothing").run()) == []
    assert app.info[0].value.startswith("No run fits")
    app.text_input(key="t_find").set_value("")
    assert names(app.multiselect(key="t_model").set_value(["vit"]).run()) == ["other"]
    app.multiselect(key="t_model").set_value([])
    assert names(app.multiselect(key="t_study").set_value(["kernel"]).run()) == ["point"]
    app.multiselect(key="t_study").set_value([])
    assert names(app.multiselect(key="t_tag").set_value(["old"]).run()) == ["other"]


def test_the_address_chooses_and_seeds_become_one_row(root):
    app = opened(page, t_find="seed", t_seeds="true")
    assert names(app) == ["seed-0"]
    assert app.dataframe[0].value["size"].tolist() == [3]


def test_columns_are_chosen(root):
    def shown(app):
        return app.dataframe[0].value.columns.tolist()

    app = opened(page)
    assert shown(app) == ["run", "size"]
    assert shown(app.multiselect(key="t_columns").set_value([]).run()) == ["run"]
    assert shown(app.multiselect(key="t_columns").set_value(["slow"]).run()) == ["run", "slow"]


def test_tags_are_kept_beside_the_ticked_runs(root):
    def ticked():
        import state
        from widgets.run_table import draw_ticked

        draw_ticked([state.find_run("other"), state.find_run("seed-0")], "t")

    app = opened(ticked)
    (choice,) = app.multiselect
    assert choice.options == ["old"]
    choice.set_value(["old"])
    app.run().button[0].click().run()
    found = {run.name: read_notes(run) for run in list_runs(root)[0]}
    assert found["other"] == Notes("of Tuesday", ("old",))
    assert found["seed-0"] == Notes("", ("old",))


def test_tags_are_not_offered_where_visitors_may_change_nothing(root, monkeypatch):
    def ticked():
        import state
        from widgets.run_table import draw_ticked

        draw_ticked([state.find_run("other")], "t")

    from streamlit import config

    config.set_option("server.address", "0.0.0.0")
    assert not opened(ticked).multiselect
