"""Temperature and threshold against values worked out by hand."""

import math

import numpy as np
import pytest

from fercore.evaluation.confidence import Confidence, fit_temperature, fit_threshold, run_confidence, scale
from fercore.runs import Predictions, update_run, write_predictions
from tests.factories.answers import answers
from tests.factories.runs import make_run


def test_scaling_divides_logits():
    logits = np.array([[2.0, 1, 0, 0, 0, 0, -1]])
    softmax = np.exp(logits) / np.exp(logits).sum()
    half = np.exp(logits / 2) / np.exp(logits / 2).sum()
    assert scale(softmax, 2) == pytest.approx(half, abs=1e-7)
    assert scale(softmax, 1) == pytest.approx(softmax, abs=1e-7)


def test_certainty_stays_certain():
    assert scale(np.eye(7, dtype=np.float32), 1.5) == pytest.approx(np.eye(7), abs=1e-20)


def test_the_temperature_makes_confidence_what_is_right():
    # Three of four are right at 0.95; the log loss is smallest where the confidence is 0.75. There the odds of class 0
    # against each other class are 0.75 / (0.25 / 6) = 18, now 0.95 / (0.05 / 6) = 114: 114 to the power of 1 / T is 18.
    probabilities = answers([0.95, 0.95, 0.95, 0.95])
    temperature = fit_temperature(np.array([0, 0, 0, 1]), probabilities)
    assert temperature == pytest.approx(math.log(114) / math.log(18), rel=1e-4)
    assert scale(probabilities, temperature)[:, 0] == pytest.approx(0.75, abs=1e-5)


def test_a_model_that_is_not_sure_enough_is_sharpened():
    # 0.4 / 0.1 = 4 to the power of 1 / T is 18.
    temperature = fit_temperature(np.array([0, 0, 0, 1]), answers([0.4, 0.4, 0.4, 0.4]))
    assert temperature == pytest.approx(math.log(4) / math.log(18), rel=1e-4)


def test_always_right_and_always_wrong_end_at_the_limits():
    assert fit_temperature(np.array([0, 0]), answers([0.2, 0.16])) == pytest.approx(0.05, rel=1e-3)
    assert fit_temperature(np.array([1, 1]), answers([0.9, 0.8])) == pytest.approx(20, rel=1e-3)


LABELS = np.array([0, 0, 1, 0, 1, 0])  # right, right, wrong, right, wrong, right
CONFIDENT = answers([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])  # right so far: 1, 1, 2/3, 3/4, 3/5, 4/6


@pytest.mark.parametrize(
    ("right", "expected"),
    [(0.8, (0.8, 1, 2 / 6)), (0.75, (0.6, 0.75, 4 / 6)), (0.65, (0.4, 4 / 6, 1))],
)
def test_the_threshold_gives_as_many_answers_as_are_right_enough(right, expected):
    for order in (slice(None), slice(None, None, -1)):
        assert fit_threshold(LABELS[order], CONFIDENT[order], right, fewest=1) == pytest.approx(expected)


def test_equal_confidences_are_given_together_or_not_at_all():
    # Two right ones and a wrong one at 0.7: the right ones alone would do, but nothing tells them apart.
    probabilities = answers([0.9, 0.7, 0.7, 0.7])
    assert fit_threshold(np.array([0, 0, 0, 1]), probabilities, 0.8, fewest=1) == pytest.approx((0.9, 1, 1 / 4))


def test_a_few_lucky_answers_choose_no_threshold():
    assert fit_threshold(LABELS, CONFIDENT, 0.8, fewest=3) is None
    assert fit_threshold(LABELS, CONFIDENT, 0.7, fewest=3) == pytest.approx((0.6, 0.75, 4 / 6))


def test_from_the_threshold_on_an_answer_is_sure():
    scaled = answers([0.5, 0.6, 0.7])
    assert Confidence(threshold=0.6).sure(scaled).tolist() == [False, True, True]
    assert Confidence(threshold=math.inf).sure(scaled).tolist() == [False, False, False]
    assert Confidence().sure(scaled).tolist() == [True, True, True]
    assert Confidence(threshold=0.6).sure(scaled[:0]).tolist() == []


def test_a_run_is_read_by_its_validation_split(tmp_path):
    # 100 images at 0.9, of which 90 are right, and 100 at 0.5, of which 40 are: together 65 %.
    labels = np.repeat([0, 1, 0, 1], [90, 10, 40, 60])
    probabilities = answers([0.9] * 100 + [0.5] * 100).astype(np.float32)
    run = make_run(tmp_path)
    write_predictions(run, "val", "none", Predictions(labels.astype(np.str_), labels, probabilities))
    found = run_confidence(run)
    assert found.temperature == fit_temperature(labels, probabilities)
    assert found.threshold == pytest.approx(scale(probabilities, found.temperature)[0, 0])
    assert (found.right, found.given) == pytest.approx((0.9, 0.5))
    assert found.sure(found.scale(probabilities)).tolist() == [True] * 100 + [False] * 100


def test_a_model_never_right_enough_is_never_sure(tmp_path):
    found = run_confidence(make_run(tmp_path, n=700, accuracy=0.2))
    assert found.threshold == math.inf
    assert (found.right, found.given) == (None, 0)


@pytest.mark.parametrize("splits", [["train", "val"], "unknown"])
def test_a_run_that_may_have_learned_from_it_is_not_read_by_it(tmp_path, splits):
    run = update_run(make_run(tmp_path), trained_on={"splits": splits})
    assert run_confidence(run) is None


def test_a_run_without_predictions_has_none(tmp_path):
    assert run_confidence(make_run(tmp_path, splits=("test",))) is None


def test_what_sure_means_is_said():
    assert Confidence(1.2, 0.615, 0.8002, 0.567).words() == (
        "Sure means a probability of at least 62 %: on PublicTest 80 % of such answers were right, "
        "and 57 % of the images got one."
    )
    never = Confidence(1.2, math.inf, None, 0, "val").words()
    assert never == "This model is never sure: at no confidence were 80 % of its answers on val right."


def test_the_split_is_called_as_the_run_s_data_set_calls_it(tmp_path):
    run = make_run(tmp_path)
    assert "on PublicTest" in run_confidence(run).words()
    names = {"train": "train", "val": "validation", "test": "test"}
    run = update_run(run, dataset=run.info["dataset"] | {"split_names": names})
    assert "on validation" in run_confidence(run).words()


def test_an_answer_just_below_the_threshold_by_rounding_alone_is_sure():
    probabilities = np.array([[0.7 - 1e-7, 0.3 + 1e-7], [0.7 - 1e-5, 0.3 + 1e-5]])
    assert Confidence(threshold=0.7).sure(probabilities).tolist() == [True, False]
