"""The clean score: figures without the test images that have a copy in training, on one choice for all pages."""

import json

import numpy as np
import pytest

from fercore.evaluation.intervals import wilson
from fercore.runs import RunError, update_run
from tests.dashboard.conftest import opened, words
from tests.factories.copies import make_copies
from tests.factories.runs import make_run


@pytest.fixture
def state(folders):
    import state

    return state


@pytest.fixture
def audited(folders):
    """A run that is right on 42 of 70 test images; 10 of those have a copy in training, 2 of them a near one."""
    run = make_run(folders[0], "a", accuracy=0.6)
    found = run.predictions("test")
    right = found.id[found.predicted == found.label].tolist()
    make_copies(folders[1], run, right[:8], right[8:10])
    return run


def test_clean_figures_leave_the_copies_out(state, audited):
    assert state.metrics(audited, "test")["accuracy"] == pytest.approx(wilson(42, 70))
    clean = state.metrics(audited, "test", score=state.Score.CLEAN)
    assert (clean["n"], clean["accuracy"]) == (60, wilson(32, 60))
    assert clean["copies"] == {"n": 10, "of": 70, "accuracy": wilson(10, 10)}
    assert len(state.predictions(audited, "test", score=state.Score.CLEAN).id) == 60
    assert state.copies(audited, "test").sum() == 10
    assert state.reports(audited, score=state.Score.CLEAN)["val"]["n"] == 70  # no copies there, and that is known


def test_another_audit_means_other_clean_figures(state, audited, folders):
    assert state.metrics(audited, "test", score=state.Score.CLEAN)["n"] == 60
    make_copies(folders[1], audited, ["test-00000"])
    assert state.metrics(audited, "test", score=state.Score.CLEAN)["n"] == 69


def test_nobody_knows_the_copies_of_a_data_set_that_was_not_audited(state, audited, folders):
    unknown = {key: value for key, value in audited.info["dataset"].items() if key != "fingerprint"}
    other = update_run(audited, dataset=unknown)
    assert state.copies(other, "test") is None
    assert state.reports(other, score=state.Score.CLEAN) == {}
    with pytest.raises(RunError, match="a: which images of test have a copy in training is not known"):
        state.metrics(other, "test", score=state.Score.CLEAN)
    problem = state.no_clean_score(other, "test")
    assert problem.startswith("Which test images have a copy in training is not known for the data set of this run.")
    assert f"`python scripts/audit.py --runs {folders[0]} --data {folders[1]}` finds out" in problem
    assert state.no_clean_score(audited, "test") is None
    assert "learn from" in state.no_clean_score(audited, "train")


def test_the_data_that_a_run_was_measured_on_counts(state, audited):
    unknown = {key: value for key, value in audited.info["dataset"].items() if key != "fingerprint"}
    other = update_run(audited, dataset=unknown)
    measured = {**audited.metrics("test"), "dataset_fingerprint": audited.info["dataset"]["fingerprint"]}
    (audited.path / "metrics_test.json").write_text(json.dumps(measured))
    assert state.copies(other, "test").sum() == 10


def test_a_strangers_report_says_nothing_of_copies(state, audited):
    stored = {**audited.metrics("test"), "copies": {"n": "<b>"}}
    (audited.path / "metrics_test.json").write_text(json.dumps(stored))
    assert "copies" not in state.metrics(audited, "test")


def test_masks_are_shared_and_cannot_be_changed(state, audited):
    assert np.array_equal(np.flatnonzero(state.copies(audited, "test")), np.flatnonzero(state.copies(audited, "test")))
    assert not state.copies(audited, "test").flags.writeable


def page_of_one_run():
    import streamlit as st

    import state

    evaluation = state.choose_evaluation()
    st.text(f"{evaluation.split} {evaluation.score.name} {state.metrics(*evaluation)['n']}")


def test_the_score_is_chosen_by_the_url_or_the_switch_and_stays(audited):
    app = opened(page_of_one_run)
    assert app.text[0].value == "test PUBLISHED 70"
    app.segmented_control("score_widget").set_value("clean").run()
    assert app.text[0].value == "test CLEAN 60"
    assert app.query_params["score"] == "clean"
    assert opened(page_of_one_run, score="clean").text[0].value == "test CLEAN 60"


def test_an_unknown_data_set_disables_the_switch_and_says_why(audited):
    update_run(audited, dataset={**audited.info["dataset"], "fingerprint": "0" * 64})
    app = opened(page_of_one_run, score="clean")
    assert app.segmented_control("score_widget").disabled
    assert app.text[0].value == "test PUBLISHED 70"
    assert "scripts/audit.py" in words(app)
    assert app.warning[0].value == "There is no `clean` score here; shown is `published`."


def test_a_damaged_audit_disables_the_switch_and_leaves_the_page_standing(audited, folders):
    (folders[1] / "audit" / "copies.json").write_text("{")
    app = opened(page_of_one_run)
    assert app.segmented_control("score_widget").disabled
    assert "no file of copies" in words(app)
    assert app.text[0].value == "test PUBLISHED 70"


def page_of_several_runs():
    import streamlit as st

    import state

    runs = state.runs()
    clean = state.choose_score(runs)
    st.text(" ".join(f"{run.name} {sorted(state.reports(run, clean))}" for run in runs))


def test_runs_without_a_clean_score_are_named(audited, folders):
    other = make_run(folders[0], "b")
    update_run(other, dataset={**other.info["dataset"], "fingerprint": "0" * 64})
    app = opened(page_of_several_runs)
    assert app.text[0].value == "a ['test', 'val'] b ['test', 'val']"
    app.segmented_control("score_widget").set_value("clean").run()
    assert app.text[0].value == "a ['test', 'val'] b []"
    assert "Without a clean score: `b`." in words(app)


def test_without_figures_there_is_no_switch(folders):
    make_run(folders[0], "a", splits=())
    assert not opened(page_of_several_runs).segmented_control
