"""The calibration page: too sure or not, by more than chance or not, and what comes of staying silent."""

import numpy as np
import pytest

from fercore.evaluation.confidence import UNKNOWN_CONFIDENCE
from fercore.evaluation.intervals import wilson
from fercore.runs import Predictions, update_run, write_predictions
from tests.dashboard.conftest import charts, words
from tests.factories.answers import answers, labels
from tests.factories.copies import make_copies
from tests.factories.runs import make_run


def answer(run, right, confidences, *splits):
    """Let a run answer class 0, right or wrong ("1" or "0"), as sure as given."""
    for split in splits:
        ids = np.array([f"{split}-{number:05d}" for number in range(len(right))])
        found = Predictions(ids, labels(right), answers(confidences).astype(np.float32))
        write_predictions(run, split, "none", found)
    return run


@pytest.fixture
def too_sure(folders):
    """A run that is 95 % sure of 400 answers of which 300 are right, on both splits; 19 / 20 of 1 is 0.95."""
    run = make_run(folders[0], "a", n=400, accuracy=0.75)
    return answer(run, "1110" * 100, [0.95] * 400, "val", "test")


def text_of(app):
    return words(app).replace("\u00a0", " ")


@pytest.mark.slow
def test_it_says_how_much_too_sure_a_run_is_and_what_a_temperature_does(open_page, too_sure):
    text = text_of(open_page("calibration"))
    assert "`a` is too sure by 20.0 points: mean confidence 95.0 %, accuracy 75.0 % on PrivateTest" in text
    assert "(95 % interval 70.5 to 79.0, n = 400)." in text
    assert "Its calibration error is **20.0 %**, more than the " in text
    # 114 to the power of 1 / T is 18, the odds at which 95 % become 75 %: T is ln 114 / ln 18 = 1.64
    assert "It is **0.0 %** with temperature 1.64, fitted on PublicTest, no more than chance makes." in text


def test_a_run_that_is_right_as_often_as_it_says(open_page, folders):
    answer(make_run(folders[0], "a", n=400, accuracy=0.75), "1110" * 100, [0.75] * 400, "val", "test")
    text = text_of(open_page("calibration"))
    assert "`a` is well calibrated, as far as these images can tell: mean confidence 75.0 %" in text
    assert "fitted on PublicTest: no difference that these images can tell." in text


def test_both_ways_to_read_it_have_diagrams_and_figures(open_page, too_sure):
    app = open_page("calibration")
    titles = [chart.get("title") for chart in charts(app)]
    ways, images = ["As it answers", "With temperature 1.64"], "Images of each confidence"
    assert titles == [ways[0], images, ways[1], images, "Fewer answers, more right"]
    table = app.dataframe[0].value.set_index("Probabilities")
    assert table.index.tolist() == ways
    assert table["Calibration error"].tolist() == ["20.0 %", "0.0 %"]
    assert table["Confidence minus right"].tolist() == ["+20.0 points", "+0.0 points"]
    # 300 times -ln 0.95, 100 times -ln (0.05 / 6); then -ln 0.75 and -ln (0.25 / 6)
    assert table["Log loss"].tolist() == ["1.235", "1.010"]
    change = table["Its change"].tolist()
    assert change[0] == ""
    assert change[1].startswith("−0.225 (−")
    assert "noise" not in change[1]


@pytest.mark.slow
def test_a_threshold_says_how_many_faces_are_answered_and_how_many_of_these_right(open_page, folders):
    confidences = [0.9] * 100 + [0.6] * 100
    right = "1" * 90 + "0" * 10 + "1" * 50 + "0" * 50
    answer(make_run(folders[0], "a", n=200), right, confidences, "test")  # never scaled: no validation predictions
    (folders[0] / "a" / "predictions_val.npz").unlink()
    app = open_page("calibration")
    given, sure, rest = (
        f"{100 * one['low']:.1f} to {100 * one['high']:.1f}" for one in map(wilson, (100, 90, 50), (200, 100, 100))
    )
    assert "From 0 % on, `a` answers **100.0 %" in text_of(app)
    app.slider(key="threshold").set_value(70).run()
    text = text_of(app)
    assert f"From 70 % on, `a` answers **50.0 % ({given})** of the faces (100)" in text
    assert (
        f"with accuracy **90.0 % ({sure})** on these. On the others its accuracy would have been 50.0 % ({rest})."
        in text
    )
    assert "never as sure as 95 %" in text_of(open_page("calibration", threshold="95"))


def test_without_validation_predictions_there_is_no_temperature(open_page, too_sure):
    (too_sure.path / "predictions_val.npz").unlink()
    app = open_page("calibration")
    assert UNKNOWN_CONFIDENCE in text_of(app)
    assert app.dataframe[0].value["Probabilities"].tolist() == ["As it answers"]


def test_a_run_that_learned_from_validation_has_no_temperature_there(open_page, too_sure):
    update_run(too_sure, trained_on={"splits": ["train", "val"]})
    assert UNKNOWN_CONFIDENCE in text_of(open_page("calibration"))


def test_on_the_split_of_the_fit_the_figures_are_called_too_good(open_page, too_sure):
    assert "was fitted on these images of PublicTest" in text_of(open_page("calibration", split="val"))
    assert "was fitted on these images" not in text_of(open_page("calibration", split="test"))


@pytest.mark.slow
def test_the_clean_score_leaves_copies_out(open_page, too_sure, folders):
    make_copies(folders[1], too_sure, exact=[f"test-{number:05d}" for number in range(0, 400, 4)])  # 100 right ones
    text = text_of(open_page("calibration", score="clean"))
    # 200 of 300 are right: 95 - 66.7
    assert "`a` is too sure by 28.3 points: mean confidence 95.0 %, accuracy 66.7 % on PrivateTest without" in text
    assert "without the 100 images that have a copy in training (95 % interval 61.2 to 71.8, n = 300 of 400)." in text


def test_an_unmeasured_run_and_broken_predictions_are_told(open_page, folders):
    run = make_run(folders[0], "a")
    (run.path / "predictions_test.npz").write_bytes(b"no npz")
    assert "not a readable npz" in text_of(open_page("calibration", run="a"))
    make_run(folders[0], "b", splits=())
    assert "python scripts/evaluate.py b" in text_of(open_page("calibration", run="b"))
