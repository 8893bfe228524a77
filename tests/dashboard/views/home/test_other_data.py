"""Home ranks runs of one data set alone; those of another have a table of their own."""

from fercore.evaluation.metrics import report
from fercore.runs import Run, update_run, write_json
from tests.dashboard.conftest import words
from tests.factories.runs import make_run


def of_other_data(run: Run) -> Run:
    """The same run, as if it had learned from and been measured on another data set."""
    run = update_run(run, dataset={**run.info["dataset"], "fingerprint": "e" * 64})
    for split in ("val", "test"):
        found = run.predictions(split)
        names = {"split": split, "split_name": "Elsewhere", "classes": run.classes}
        metrics = report(found.label, found.probabilities, **names)
        write_json(run.path / f"metrics_{split}.json", metrics | {"dataset_fingerprint": "e" * 64})
    return run


def test_a_run_of_other_data_is_in_no_ranking(open_page, folders):
    make_run(folders[0], "a", accuracy=0.5)
    make_run(folders[0], "b", accuracy=0.6)
    of_other_data(make_run(folders[0], "better", accuracy=0.9))
    app = open_page()
    text = words(app)
    assert "`b`, chosen by its accuracy on PublicTest" in text
    assert app.dataframe[0].value["run"].tolist() == ["b", "a"]
    assert "Measured on other data" in text
    (table,) = [one.value for one in app.dataframe if "Classes" in one.value]
    assert table["Run"].unique().tolist() == ["better"]
    assert table["Accuracy, 95 % interval"].str.startswith("90.0").all()


def test_which_model_names_what_it_leaves_out(open_page, folders):
    make_run(folders[0], "a", accuracy=0.5)
    make_run(folders[0], "b", accuracy=0.6)
    of_other_data(make_run(folders[0], "better", accuracy=0.9))
    text = words(open_page("models"))
    assert "`b` is the most accurate" in text
    assert "measured on another data set: `better`" in text


def test_compare_leaves_out_what_was_measured_elsewhere(open_page, folders):
    make_run(folders[0], "a", accuracy=0.5)
    make_run(folders[0], "b", accuracy=0.6)
    of_other_data(make_run(folders[0], "better", accuracy=0.9))
    app = open_page("compare", runs=["a", "b", "better"])
    assert "measured on another data set than the others: `better`" in app.warning[0].value
    assert not app.exception
