"""The Training page: its answer, its curves, and what it says of runs that are not finished."""

import json
import os

import pandas as pd
import pytest

from fercore.charts.style import RUN_COLORS
from fercore.jobs.records import create_job, new_id
from fercore.run_index import RunIndex
from fercore.run_lock import training_lock
from fercore.runs import HISTORY_COLUMNS, update_run
from tests.dashboard.conftest import links, words
from tests.factories.copies import make_copies
from tests.factories.runs import make_run


def write_history(run, *epochs):
    """(train_accuracy, val_accuracy) of each epoch."""
    rows = [[i + 1, 1.5, train, 1.6, val, val, 0.1, 100] for i, (train, val) in enumerate(epochs)]
    pd.DataFrame(rows, columns=list(HISTORY_COLUMNS)).to_csv(run.path / "history.csv", index=False)


def charts(app):
    """Vega-Lite specs of a page, in order."""
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def test_it_opens_with_best_epoch_accuracy_and_overfitting(open_page, folders):
    run = make_run(folders[0], "a", n=100)
    write_history(run, (0.5, 0.55), (0.9, 0.62), (0.95, 0.6))
    text = words(open_page("training"))
    # Wilson's 95 % interval of 62 out of 100
    assert "`a` is best after epoch 2 of 3: accuracy 62.0 % on PublicTest (95 % interval 52.2 to 70.9)" in text
    assert "Its accuracy on the training images is 28.0 points higher: strong overfitting." in text


@pytest.mark.rest_slow
@pytest.mark.parametrize(
    ("train", "sentence"),
    [
        (0.6, "2.0 points lower: no overfitting to see"),
        (0.6203, "is the same: no overfitting to see"),
        (0.7, "8.0 points higher: it overfits a little"),
    ],
)
def test_small_gaps_are_no_strong_overfitting(open_page, folders, train, sentence):
    run = make_run(folders[0], "a", n=3589)
    write_history(run, (train, 0.62))
    assert sentence in words(open_page("training"))


def test_the_table_says_gap_and_time(open_page, folders):
    write_history(make_run(folders[0], "a"), (0.5, 0.55), (0.9, 0.62), (0.95, 0.6))
    (row,) = open_page("training").dataframe[0].value.to_dict("records")
    assert (row["Best epoch"], row["Gap at best epoch"], row["Gap at the end"]) == (
        "2 of 3",
        "28.0 points",
        "35.0 points",
    )
    assert (row["An epoch"], row["All epochs"]) == ("1 min 40 s", "5 min 0 s")


def test_without_runs_it_says_how_to_train(open_page):
    text = words(open_page("training"))
    assert "A training needs the pictures of FER2013" in text
    assert "python scripts/prepare_data.py" in text


@pytest.mark.slow
def test_choosing_a_second_run_adds_its_curves_and_what_differs(open_page, folders):
    make_run(folders[0], "a", epochs=2)
    make_run(folders[0], "b", epochs=3, seed=5, accuracy=0.7)
    app = open_page("training", runs="a")
    assert len(charts(app)) == 4
    app.multiselect(key="runs_widget").set_value(["a", "b"]).run()
    legend, accuracy = charts(app)[:2]
    scale = accuracy["layer"][0]["encoding"]["color"]["scale"]
    assert scale == {"domain": ["a", "b"], "range": list(RUN_COLORS[:2])}
    assert legend["layer"][0]["encoding"]["color"]["scale"] == scale
    assert app.dataframe[0].value["Run"].tolist() == ["a", "b"]
    assert app.dataframe[1].value.to_dict("index") == {"training.seed": {"a": "0", "b": "5"}}
    assert "`b` is best after epoch" in words(app)


@pytest.mark.slow
def test_a_run_keeps_its_colour_when_drawn_alone(open_page, folders):
    make_run(folders[0], "a")
    make_run(folders[0], "b")
    (accuracy, *_) = charts(open_page("training", runs="b"))
    assert accuracy["layer"][0]["encoding"]["color"]["scale"] == {"domain": ["b"], "range": [RUN_COLORS[1]]}


def test_a_run_that_is_put_away_while_it_is_drawn_is_drawn_to_its_end(open_page, folders, monkeypatch):
    make_run(folders[0], "a")
    real, looks = RunIndex.find, []

    def put_away_after_one_look(self, name):
        looks.append(name)
        return real(self, name) if len(looks) == 1 else None

    monkeypatch.setattr(RunIndex, "find", put_away_after_one_look)
    app = open_page("training", runs="a")
    assert "`a` is best after epoch" in words(app)
    assert looks == ["a"]


@pytest.mark.slow
def test_runs_beside_each_other_differ_in_colour_however_many_there_are(open_page, folders):
    for number in range(len(RUN_COLORS) + 1):
        make_run(folders[0], f"run-{number}")
    first, last = "run-0", f"run-{len(RUN_COLORS)}"  # whose own colours are the same
    accuracy = charts(open_page("training", runs=[first, last]))[1]
    scale = accuracy["layer"][0]["encoding"]["color"]["scale"]
    assert scale == {"domain": [first, last], "range": list(RUN_COLORS[:2])}


@pytest.mark.slow
def test_equal_settings_are_said_to_be_equal(open_page, folders):
    make_run(folders[0], "a")
    run = make_run(folders[0], "b")
    assert run.info["config"]["training"]["seed"] == 0
    app = open_page("training", runs="a")
    app.multiselect(key="runs_widget").set_value(["a", "b"]).run()
    assert "These runs have the same settings." in words(app)


def test_a_run_without_a_finished_epoch_says_so_and_how_to_go_on(open_page, folders):
    make_run(folders[0], "early", epochs=0, status="running", splits=())
    app = open_page("training")
    text = words(app)
    assert "`early` was interrupted before its first epoch ended. Go on with it above, or with:" in text
    assert "python scripts/train.py --resume early" in text
    assert "nothing to draw before the first epoch ends" in text
    assert charts(app) == []


@pytest.mark.parametrize(("status", "words_of"), [("stopped", "was stopped"), ("failed", "has failed")])
def test_unfinished_runs_can_be_resumed(open_page, folders, status, words_of):
    make_run(folders[0], "a", epochs=3, status=status)
    text = words(open_page("training"))
    assert f"`a` {words_of} after epoch 3. Go on with it above, or with:" in text
    assert "python scripts/train.py --resume a" in text


@pytest.mark.slow
def test_a_running_run_is_followed_until_it_ends(open_page, folders):
    run = make_run(folders[0], "a", epochs=2, status="running")
    config = {**run.info["config"], "training": {"epochs": 7}}
    run = update_run(run, config=config)
    with training_lock(run.path):
        app = open_page("training")
        assert "`a` is training: 2 of 7 epochs are finished." in words(app)
        assert "`a` is best so far after epoch" in words(app)
        assert app.dataframe[0].value["Status"].tolist() == ["running"]
        write_history(run, (0.5, 0.5), (0.6, 0.6), (0.7, 0.65))
        assert "3 of 7 epochs are finished" in words(app.run())
        update_run(run, status="finished")
    text = words(app.run())
    assert "is training" not in text
    assert app.dataframe[0].value["Status"].tolist() == ["finished"]


def test_one_broken_run_does_not_blank_the_other(open_page, folders):
    make_run(folders[0], "a", epochs=2)
    broken = make_run(folders[0], "b", epochs=2)
    write_history(broken, (0.5, 62.0))
    app = open_page("training", runs="a")
    app.multiselect(key="runs_widget").set_value(["a", "b"]).run()
    text = words(app)
    assert "`b` is left out:" in text
    assert r"val\_accuracy is 62\.0" in text
    assert app.dataframe[0].value["Run"].tolist() == ["a"]


def test_a_run_that_hides_the_size_of_its_split_is_left_out(open_page, folders):
    run = make_run(folders[0], "a")
    update_run(run, dataset={**run.info["dataset"], "split_sizes": {"val": "many"}})
    assert "no size of the val split" in words(open_page("training")).replace("\\", "")


def test_text_of_a_run_is_never_markdown(open_page, folders):
    run = make_run(folders[0], "a")
    names = {"train": "x", "val": "![spy](http://evil.example/p.png) <b>", "test": "y"}
    update_run(run, dataset={**run.info["dataset"], "split_names": names})
    text = words(open_page("training"))
    assert "](" not in text
    assert r"\!\[spy\]" in text


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            {"excluded": 1247, "relabelled": 3, "sha256": "0123456789abcdef" * 4},
            "without 1,247 images that its user dropped and with 3 new labels (decisions `0123456789ab`)",
        ),
        (None, None),
        ({"excluded": "many", "relabelled": 3, "sha256": "*x*"}, None),
        ([1], None),
    ],
)
def test_what_its_user_decided_is_said(open_page, folders, record, said):
    run = make_run(folders[0], "a")
    update_run(run, trained_on=run.info["trained_on"] | {"decisions": record})
    text = words(open_page("training"))
    assert said in text if said else "was trained without" not in text


@pytest.mark.slow
def test_without_copies_the_best_epoch_is_measured_again(open_page, folders):
    run = make_run(folders[0], "a", n=100, accuracy=0.6)
    make_run(folders[0], "b", n=100, splits=())
    found = run.predictions("val")
    make_copies(folders[1], run, exact=found.id[found.predicted == found.label][:20].tolist())
    app = open_page("training", runs=["a", "b"], score="clean")
    text = words(app)
    # 40 of 80
    assert (
        "accuracy 50.0 % on PublicTest without the 20 images that have a copy in training (95 % interval 39.3 to 60.7"
        in text
    )
    table = app.dataframe[0].value.set_index("Run")["Without copies"]
    assert table.to_dict() == {"a": "50.0 % (39.3 to 60.7), n = 80 of 100", "b": ""}
    assert "than on the whole of PublicTest: " in text  # the gap is of all images, the accuracy is not
    assert "Curves and gaps are of all validation images" in text
    assert "Without copies" not in open_page("training", runs=["a"], score="published").dataframe[0].value


@pytest.mark.slow
def test_several_runs_lead_to_their_comparison(open_page, folders):
    for name in "ab":
        make_run(folders[0], name)
    make_run(folders[0], "c", splits=())
    assert links(open_page("training", runs=["a", "b", "c"]), "Do they differ by more than noise?") == ["runs=a&runs=b"]
    assert links(open_page("training", runs=["a", "c"]), "Do they differ by more than noise?") == []


@pytest.mark.slow
def test_a_run_is_noted_renamed_and_deleted(open_page, folders):
    make_run(folders[0], "a")
    make_run(folders[0], "b")
    app = open_page("training", runs="a")
    app.text_area(key="note_a").set_value("with *stars*").run()
    app.button(key="note_button_a").click().run()
    assert json.loads((folders[0] / "a" / "note.json").read_text()) == {"note": "with *stars*"}
    app.text_input(key="rename_a").set_value("b").run()
    app.button(key="rename_button_a").click().run()
    assert "already" in app.error[0].value
    app.text_input(key="rename_a").set_value("c").run()
    app.button(key="rename_button_a").click().run()
    assert sorted(path.name for path in folders[0].iterdir()) == ["b", "c"]
    assert app.text_area(key="note_c").value == "with *stars*"
    assert app.button(key="delete_c").disabled
    app.checkbox(key="sure_c").check().run()
    app.button(key="delete_c").click().run()
    assert sorted(path.name for path in folders[0].iterdir()) == [".trash", "b"]
    assert [path.name[:2] for path in (folders[0] / ".trash").iterdir()] == ["c-"]
    assert app.selectbox(key="put_away").options[0].startswith("c, deleted on 20")
    app.button(key="take_back").click().run()
    assert "c" in [path.name for path in folders[0].iterdir()]
    assert app.text_area(key="note_c").value == "with *stars*"


@pytest.mark.slow
def test_an_archived_run_comes_back_unless_a_job_needs_it(open_page, folders, tmp_path):
    make_run(folders[0], "a")
    app = open_page("training", runs="a")
    info = {"script": "/x/evaluate.py", "arguments": ["--", "a"], "title": "Evaluate a", "alone": True, "writes": "a"}
    job = create_job(tmp_path / "jobs", new_id(), info)
    job.keep_process(os.getpid())
    app.checkbox(key="sure_a").check().run()
    app.button(key="archive_a").click().run()
    assert "'Evaluate a' is queued and needs the run" in app.error[0].value.replace("\\", "")
    job.mark("exit", code=0)
    app.button(key="archive_a").click().run()
    assert not app.error
    assert [path.name[:2] for path in (folders[0] / ".archive").iterdir()] == ["a-"]
    app.button(key="take_back").click().run()
    assert (folders[0] / "a" / "run.json").is_file()


def test_on_a_server_that_others_reach_nothing_can_be_changed(open_page, folders, monkeypatch):
    run = make_run(folders[0], "a")
    (run.path / "note.json").write_text('{"note": "seen *twice*"}')
    monkeypatch.setattr("state.background_jobs.LOCAL", ())
    app = open_page("training", runs="a")
    assert r"Note: seen \*twice\*" in words(app)
    assert [area.key for area in app.text_area] == []
