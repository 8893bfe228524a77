"""The matrix of runs and data sets, and the pages that a cell opens."""

import numpy as np
import pytest

from fercore.charts.style import points, range_words
from fercore.data.copies import Copies
from fercore.emotions import KNOWN
from fercore.evaluation.elsewhere import asked, open_elsewhere, place
from fercore.evaluation.metrics import average_drop
from fercore.runs import Predictions, open_run, update_run, write_json
from fercore.training.evaluate import keep_predictions
from tests.dashboard.conftest import charts, headline, words
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


@pytest.fixture
def other(folders):
    return make_dataset(folders[1].parent / "faces", per_class=10, classes=KNOWN)


def measure(run, other, right, has_copy=None):
    """Answers for the other data's test images: `right` of each class are right, the others say angry (or disgust)."""
    chosen = asked(run, other, other.indices("test"))
    said = np.where(np.arange(len(chosen.labels)) % 10 < right, chosen.labels, (chosen.labels == 0).astype(int))
    found = Predictions(other.ids[chosen.rows], chosen.labels, (np.eye(7)[said] * 0.93 + 0.01).astype(np.float32))
    keep_predictions(place(run, other), other, "test", found, not_asked=chosen.not_asked, has_copy=has_copy)


@pytest.fixture
def measured(folders, other):
    runs = [make_run(folders[0], name, n=700, accuracy=accuracy) for name, accuracy in (("a", 0.9), ("b", 0.8))]
    before = list(map(content, runs))
    measure(runs[0], other, 5, np.arange(70) < 7)
    measure(runs[1], other, 6)
    assert list(map(content, runs)) == before
    return runs


def content(run):
    return {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}


def test_without_other_data_the_page_says_what_to_run(folders, open_page):
    make_run(folders[0], "a")
    assert "python scripts/evaluate.py RUN --data data/NAME" in words(open_page("other_data"))


def test_the_matrix_opens_with_the_best_run_elsewhere(measured, open_page):
    app = open_page("other_data")
    assert headline(app).startswith(
        "#### `b` is ahead on faces: accuracy 60.0 % (48.3 to 70.7) on 70 images, 20.0 points"
    )
    assert headline(app).endswith("Its interval overlaps with that of `a`: more images could turn the order.")
    encoding = charts(app)[0]["layer"][0]["encoding"]
    assert (encoding["y"]["sort"], encoding["x"]["sort"]) == (["a", "b"], ["its own data", "faces"])
    # Contempt is not asked: seven classes are left to guess among.
    assert "evenly among the classes that model and data share: faces 14.3 %." in words(app)
    table = app.dataframe[0].value.set_index("Run")
    assert table.loc["a", ["Images", "Classes shared", "Not asked", "Copies in training"]].tolist() == [
        "70",
        "7 of 8",
        "10",
        "7",
    ]
    assert table.loc["b", "Copies in training"] == "not known"
    assert table.loc["a", "Without copies"].startswith("47.6 % (")  # 30 of 63: the first 7 had 5 right


def test_a_run_that_may_have_seen_the_images_is_not_ahead(measured, open_page):
    update_run(measured[1], trained_on=None)
    assert headline(open_page("other_data")).startswith("#### `a` is ahead on faces: accuracy 50.0 % (")
    update_run(measured[0], trained_on=None)
    assert "so none is ranked" in words(open_page("other_data"))


def test_copies_on_other_data_are_those_that_the_run_learned_from(measured, other, folders, open_page):
    # An audit of the other data found a copy within it, which says nothing of what the run learned from.
    own = Copies(other.info["fingerprint"], {"exact": {"test": [str(other.ids[other.indices("test")[0]])]}, "near": {}})
    (folders[1] / "audit").mkdir(parents=True)
    write_json(folders[1] / "audit" / "copies.json", own.to_json())
    app = open_page("evaluation", run="a", data="faces", score="clean")
    assert "There is no `clean` score here; shown is `published`." in words(app)
    said = "7 images have a copy among those that the run learned from; without them its accuracy is 47.6 % ("
    assert said in words(app)
    assert open_page("errors", run="a", data="faces").selectbox(key="copies").disabled
    assert "copy in Training" not in str(open_page("slices", run="a", data="faces").pills)


@pytest.mark.slow
def test_evaluation_and_errors_show_the_data_set_in_the_address(measured, open_page):
    app = open_page("evaluation", run="a", data="faces")
    assert "accuracy 50.0 % on PrivateTest of faces" in headline(app)
    assert "Not asked, since the model does not know these classes: 10 of contempt." in words(app)
    app = open_page("errors", run="a", data="faces")
    assert "wrong on 35 of 70 images of PrivateTest of faces" in headline(app)
    app = open_page("errors", run="a")
    assert "of PrivateTest" in headline(app)
    assert "faces" not in headline(app)


def test_errors_on_other_data_do_not_say_that_the_run_has_no_weights(folders, other, open_page):
    measure(make_run(folders[0], "a", dataset=make_dataset(folders[1], per_class=1), weights=True), other, 5)
    said = words(open_page("errors", run="a", data="faces"))
    assert "Without weights" not in said
    assert "Explain takes images of the run's own data" in said


def test_a_data_set_that_a_run_was_not_evaluated_on_is_said(measured, open_page):
    app = open_page("evaluation", run="a", data="unknown")
    assert "This run was not evaluated on the data set" in words(app)
    assert "accuracy 90.0 % on PrivateTest (" in headline(app)


def test_home_ranks_no_figure_of_other_data(measured, open_page):
    assert "faces" not in headline(open_page("home"))
    assert open_run(measured[0].path).metrics("test")["n"] == 700


def test_the_drop_of_macro_f1_has_an_interval_too(measured, open_page):
    app = open_page("other_data", by="Macro-F1")
    assert "below its macro-F1 at home" in headline(app)
    assert "guessing" not in words(app)
    runs = dict(zip("ab", measured, strict=True))
    table = app.dataframe[0].value.set_index("Run")
    for name, run in runs.items():
        own, away = run.metrics("test"), open_elsewhere(run, "faces").metrics("test")
        fallen = average_drop(own["confusion"], away["confusion"])
        assert fallen["value"] == pytest.approx(own["macro_f1"]["value"] - away["macro_f1"]["value"])
        assert table.loc[name, "Below home"] == f"{points(fallen['value'])} ({range_words(fallen)})"
    assert "bootstrap over the images of both" in words(app)


@pytest.mark.parametrize("page", ["evaluation", "errors", "calibration", "slices"])
def test_a_page_about_other_data_names_it_and_changes_no_byte(measured, open_page, page):
    before = content(measured[0])
    said = words(open_page(page, run="a", data="faces"))
    assert "PrivateTest of faces" in said
    assert content(measured[0]) == before
