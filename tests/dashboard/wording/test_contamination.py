"""No page ranks a figure on images that a model has seen beside clean ones, and each says what such a figure is."""

import json

import pytest

from fercore.runs import update_run
from tests.dashboard.conftest import words
from tests.factories.runs import make_run

SEEN, UNKNOWN = {"splits": ["train", "val", "test"], "note": "Its *author* merged all."}, {"splits": None}


def learned(root, name, trained_on, accuracy=0.9):
    return update_run(make_run(root, name, accuracy=accuracy), trained_on=trained_on)


@pytest.fixture
def three(folders):
    """A clean run, and two that are right more often because they have seen the images, or may have."""
    make_run(folders[0], "clean", accuracy=0.5)
    learned(folders[0], "seen", SEEN)
    learned(folders[0], "strange", UNKNOWN)


def test_home_ranks_clean_runs_alone_and_shows_the_others_apart(open_page, three):
    app = open_page()
    assert "`clean`, chosen by its accuracy on PublicTest" in words(app)
    assert app.dataframe[0].value["run"].tolist() == ["clean"]
    apart = app.dataframe[1].value.set_index("Run")
    assert sorted(apart.index) == ["seen", "strange"]
    assert apart.loc["seen", "PrivateTest"] == "90.0 % (80.8 to 95.1) ⚠ contaminated"
    assert apart.loc["seen", "PublicTest"].endswith(") ⚠ contaminated")
    assert apart.loc["strange", "PrivateTest"].endswith(") ⚠ perhaps contaminated")
    (chart,) = app.get("vega_lite_chart")
    assert '"clean"' in chart.proto.spec
    assert '"strange"' not in chart.proto.spec


def test_home_names_no_best_run_where_none_is_clean(open_page, folders):
    learned(folders[0], "seen", SEEN)
    text = words(open_page())
    assert "No run here is known never to have seen the images" in text
    assert "chosen by its accuracy" not in text


def test_a_split_that_was_not_seen_carries_no_sign(open_page, folders):
    learned(folders[0], "half", {"splits": ["train", "val"]})
    apart = open_page().dataframe[0].value.set_index("Run")
    assert apart.loc["half", "PrivateTest"] == "90.0 % (80.8 to 95.1)"


def test_an_unmeasured_run_of_unknown_origin_is_listed_but_not_best(open_page, folders):
    update_run(make_run(folders[0], "new", splits=()), trained_on=UNKNOWN)
    make_run(folders[0], "clean", accuracy=0.5)
    app = open_page()
    assert sorted(app.dataframe[0].value["run"]) == ["clean", "new"]
    assert "`clean`, chosen by its accuracy" in words(app)


@pytest.mark.slow
def test_evaluation_shows_badge_reason_and_note(open_page, three):
    app = open_page("evaluation", run="seen", split="test")
    heading = next(element.value for element in app.markdown if element.value.startswith("####"))
    assert heading.endswith(":orange-badge[:material/warning: training data includes PrivateTest]")
    (warning,) = app.warning
    assert "learned from PrivateTest, so these figures say what it remembers" in warning.value
    assert r"Its \*author\* merged all" in warning.value
    app = open_page("evaluation", run="strange", split="val")
    assert "What this model learned from is not known" in app.warning[0].value


@pytest.mark.slow
def test_evaluation_of_a_clean_run_carries_none(open_page, three):
    app = open_page("evaluation", run="clean", split="test")
    assert "badge" not in words(app)
    assert len(app.warning) == 0


def test_evaluation_says_what_goes_to_an_eighth_class(open_page, folders):
    run = make_run(folders[0], "eight")
    path = run.path / "metrics_test.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"left_out": {"contempt": 0.031}}))
    app = open_page("evaluation", run="eight", split="test")
    assert "gives 3.1 % of its probability to contempt, which is none of its classes" in words(app)
    path.write_text(json.dumps(content | {"left_out": {"contempt": 31.0}}))
    assert "expected shares of classes beyond the model" in app.run().error[0].value


def test_choosers_begin_with_a_clean_run(open_page, three):
    assert open_page("evaluation").selectbox[0].value == "clean"


@pytest.mark.slow
def test_training_names_a_clean_run_best_and_marks_the_others(open_page, three):
    app = open_page("training", runs=["clean", "seen"])
    heading = next(element.value for element in app.markdown if element.value.startswith("####"))
    assert heading.startswith("#### `clean` is best after epoch")
    assert "badge" not in heading
    rows = app.dataframe[0].value.set_index("Run")["Accuracy on PublicTest"]
    assert rows["seen"].endswith(") ⚠ contaminated")
    assert "⚠ perhaps contaminated: what it learned from is not known" in words(app)
    assert "⚠" not in rows["clean"]
    alone = open_page("training", runs=["seen"])
    assert ":orange-badge[:material/warning: training data includes PublicTest]" in words(alone)
