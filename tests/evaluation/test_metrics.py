"""Figures against scikit-learn and hand-computed values; intervals against their formulas."""

import json

import numpy as np
import pytest
from sklearn import metrics as sk

from fercore.emotions import EMOTIONS, KNOWN
from fercore.evaluation import metrics
from fercore.evaluation.intervals import wilson
from fercore.evaluation.metrics import MetricsError, report
from fercore.evaluation.tables import HEADLINE, classification_table


def one_hot(predicted, certainty=0.7):
    """Probabilities (N, 7): `certainty` for the predicted class, the rest spread evenly."""
    probabilities = np.full((len(predicted), 7), (1 - certainty) / 6)
    probabilities[np.arange(len(predicted)), predicted] = certainty
    return probabilities


@pytest.fixture(scope="module")
def many():
    """500 images with every class but disgust among the labels; fear is never predicted."""
    rng = np.random.default_rng(1)
    labels = rng.choice([0, 2, 3, 4, 5, 6], size=500)
    probabilities = rng.dirichlet(np.ones(7), size=500)
    probabilities[np.arange(500), labels] += 0.4
    probabilities[:, 2] = 0.001
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return labels, probabilities.astype(np.float32)


def make(labels, probabilities, **settings):
    return report(np.asarray(labels), probabilities, split="test", split_name="PrivateTest", **settings)


def test_points_equal_scikit_learn(many):
    labels, probabilities = many
    predicted, found = probabilities.argmax(axis=1), make(*many, resamples=20)
    codes, occurring = list(range(7)), [0, 2, 3, 4, 5, 6]
    assert found["confusion"] == sk.confusion_matrix(labels, predicted, labels=codes).tolist()
    expected = {
        "accuracy": sk.accuracy_score(labels, predicted),
        "balanced_accuracy": np.mean([np.mean(predicted[labels == c] == c) for c in set(labels.tolist())]),
        "macro_f1": sk.f1_score(labels, predicted, labels=occurring, average="macro", zero_division=0),
        "weighted_f1": sk.f1_score(labels, predicted, labels=codes, average="weighted", zero_division=0),
        "log_loss": sk.log_loss(labels, probabilities, labels=codes),
    }
    assert {key: found[key]["value"] for key in expected} == pytest.approx(expected)
    table = sk.precision_recall_fscore_support(labels, predicted, labels=codes, zero_division=0)
    for column, key in enumerate(["precision", "recall", "f1"]):
        values = [found["per_class"][EMOTIONS[code]][key]["value"] for code in occurring]
        assert values == pytest.approx(table[column][occurring])
    assert found["per_class"]["disgust"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert found["absent"] == ["disgust"]
    assert [found["per_class"][emotion]["support"] for emotion in EMOTIONS] == table[3].tolist()


def test_a_perfect_model_is_perfect_without_one_class():
    labels = np.repeat([0, 2, 3, 4, 5, 6], 10)
    found = make(labels, one_hot(labels))
    for key in ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1"):
        assert (found[key]["value"], found[key]["high"]) == (1, 1)
    assert found["macro_f1"]["low"] == found["balanced_accuracy"]["low"] == 1
    table = classification_table(found).set_index("class")
    assert table.loc["macro average", ["precision", "recall", "f1"]].tolist() == [1, 1, 1]
    assert table.loc["disgust", ["precision", "recall", "f1"]].isna().all()


def test_every_class_occurring_leaves_no_word_of_absence():
    assert "absent" not in make(range(7), one_hot(range(7)))


def test_classes_of_ones_own_in_any_order_give_equal_figures(many):
    names, order = [*"abcdefg"], np.array([3, 0, 6, 1, 5, 2, 4])
    labels, probabilities = many
    first = make(labels, probabilities, classes=names, resamples=20)
    second = make(np.argsort(order)[labels], probabilities[:, order], classes=[names[i] for i in order], resamples=20)
    for key in ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "log_loss"):
        assert second[key]["value"] == pytest.approx(first[key]["value"])
    assert second["per_class"] == first["per_class"]
    assert second["classes"] == [names[i] for i in order]


def test_eight_classes():
    labels = np.arange(8)
    found = make(labels, np.eye(8) * 0.92 + 0.01, classes=KNOWN)
    assert list(found["per_class"]) == found["classes"] == list(KNOWN)
    with pytest.raises(MetricsError, match=r"labels: received 0 to 7, expected 0 to 6"):
        make(labels, np.eye(8) * 0.92 + 0.01)


def test_hand_computed_figures():
    # angry: 2 of 3 right, one taken for sad; happy: 1 of 1; sad: 0 of 1, taken for angry
    found = make([0, 0, 0, 3, 4], one_hot([0, 0, 4, 3, 0]))
    assert found["accuracy"]["value"] == 3 / 5
    assert found["balanced_accuracy"]["value"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert found["macro_f1"]["value"] == pytest.approx((2 / 3 + 1) / 3)  # the mean over the classes that occur
    assert found["weighted_f1"]["value"] == pytest.approx((3 * 2 / 3 + 1) / 5)
    # right: -log 0.7; wrong: -log 0.05, as 0.3 is shared by six classes
    assert found["log_loss"]["value"] == pytest.approx(-(3 * np.log(0.7) + 2 * np.log(0.05)) / 5, rel=1e-6)
    assert found["per_class"]["sad"]["f1"]["value"] == 0
    assert found["confusion"][0] == [2, 0, 0, 0, 1, 0, 0]


def test_f1_interval_is_wilsons_carried_over():
    confusion = np.zeros((7, 7), dtype=int)
    confusion[2, 2], confusion[2, 4], confusion[0, 2] = 30, 15, 5
    overlap = wilson(30, 50)
    found = metrics.class_figures(confusion, 2)["f1"]
    assert found["value"] == pytest.approx(2 * 30 / (2 * 30 + 15 + 5))
    assert found["low"] == pytest.approx(2 * overlap["low"] / (1 + overlap["low"]))
    assert found["high"] == pytest.approx(2 * overlap["high"] / (1 + overlap["high"]))


@pytest.mark.slow
def test_bootstrap_of_counts_agrees_with_resampling_images(many):
    labels, probabilities = many
    predicted, found, rng = probabilities.argmax(axis=1), make(*many), np.random.default_rng(7)
    samples = []
    for _ in range(1000):
        rows = rng.integers(0, len(labels), len(labels))
        samples.append(sk.f1_score(labels[rows], predicted[rows], average="weighted", zero_division=0))
    expected = np.quantile(samples, [0.025, 0.975])
    assert [found["weighted_f1"]["low"], found["weighted_f1"]["high"]] == pytest.approx(expected, abs=0.005)


def test_bootstrap_interval_of_the_log_loss_is_near_the_normal_one(many):
    labels, probabilities = many
    losses = -np.log(probabilities[np.arange(len(labels)), labels])
    half = 1.96 * losses.std() / np.sqrt(len(losses))
    found = make(*many)["log_loss"]
    assert found["low"] == pytest.approx(losses.mean() - half, abs=0.15 * half)
    assert found["high"] == pytest.approx(losses.mean() + half, abs=0.15 * half)


def test_same_seed_same_report_and_other_seed_other_intervals(many):
    first = make(*many, resamples=50)
    assert first == make(*many, resamples=50)
    second = make(*many, resamples=50, seed=1)
    assert second["macro_f1"]["value"] == first["macro_f1"]["value"]
    assert second["macro_f1"]["low"] != first["macro_f1"]["low"]


def test_a_higher_level_gives_wider_intervals(many):
    narrow, wide = make(*many, level=0.8), make(*many, level=0.99)
    for key in HEADLINE:
        assert wide[key]["low"] < narrow[key]["low"] < narrow[key]["high"] < wide[key]["high"]


def test_certain_and_wrong_costs_a_finite_loss():
    found = make([0], one_hot([1], certainty=1.0))
    assert found["log_loss"]["value"] == pytest.approx(-np.log(np.finfo(np.float32).eps))
    json.dumps(found, allow_nan=False)


def test_the_report_is_the_same_after_storing_as_float32(many):
    rng = np.random.default_rng(2)
    labels, probabilities = rng.integers(0, 7, 40), rng.dirichlet(np.ones(7), 40)
    assert make(labels, probabilities) == make(labels, probabilities.astype(np.float32))


def test_report_names_its_methods(many):
    found = make(*many, level=0.9, resamples=30, seed=5)["interval"]
    assert found["level"] == 0.9
    assert found["accuracy"] == found["per_class_recall"] == "Wilson score"
    assert found["others"] == "percentile bootstrap over images, 30 resamples, seed 5"


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([], np.zeros((0, 7)), "at least one image"),
        ([0.0], one_hot([0]), "expected integers"),
        ([7], one_hot([0]), "received 7 to 7, expected 0 to 6"),
        ([0, 1], one_hot([0]), r"expected floats of shape \(2, 7\)"),
        ([0], one_hot([0])[:, :6], r"received float64 \(1, 6\)"),
        ([0, 1], np.array([[1.0] + [0] * 6, [3.0, -2.0] + [0] * 5]), "row 1 is .* not logits"),
        ([0], one_hot([0]) * 2, "sum to 1"),
        ([0], np.full((1, 7), np.nan), "row 0"),
    ],
)
def test_unusable_predictions_are_refused(labels, probabilities, message):
    with pytest.raises(MetricsError, match=message):
        make(np.array(labels, dtype=None if labels else int), probabilities)


@pytest.mark.parametrize(("settings", "name"), [({"level": 95}, "level"), ({"resamples": 0}, "resamples")])
def test_unusable_settings_are_refused(settings, name):
    with pytest.raises(MetricsError, match=f"{name}: received {next(iter(settings.values()))}"):
        make([0], one_hot([0]), **settings)


def test_losses_are_clipped_on_both_sides_as_scikit_learn_clips_float32():
    eps = np.finfo(np.float32).eps
    certain = np.eye(7)[[0, 0]]
    assert metrics.log_losses(np.array([0, 1]), certain).tolist() == pytest.approx(
        [-np.log(1 - eps), -np.log(eps)], rel=1e-9
    )


def test_rows_sum_to_1_within_a_thousandth():
    probabilities = np.full((1, 7), 1 / 7)
    metrics.check_predictions(np.array([0]), probabilities * 1.0009)
    for factor in (1.002, 0.998):
        with pytest.raises(MetricsError, match="that sum to 1"):
            metrics.check_predictions(np.array([0]), probabilities * factor)


def test_losses_are_resampled_as_often_as_asked_in_chunks_of_any_size(many, monkeypatch):
    whole = make(*many, resamples=12)["log_loss"]
    monkeypatch.setattr(metrics, "_CHUNK", 5 * len(many[0]))
    assert make(*many, resamples=12)["log_loss"] == whole


def test_the_drop_of_a_macro_f1_is_of_draws_of_both_sets():
    # Home: all right, whatever is drawn. Away: an image of each of two classes, both taken for the first. Drawn are, of
    # four equally likely pairs, twice the first (F1 1), twice the second (0), or one of each (2/3 and 0, mean 1/3).
    home, away = np.diag([5, 5]), np.array([[1, 0], [1, 0]])
    found = metrics.average_drop(home, away)
    assert found == pytest.approx({"value": 2 / 3, "low": 0, "high": 1})
    assert metrics.average_drop(home, away, level=0.4) == pytest.approx(dict.fromkeys(("value", "low", "high"), 2 / 3))
    assert metrics.average_drop(away, home)["value"] == pytest.approx(-2 / 3)


def test_the_drop_of_a_macro_f1_spreads_as_two_independent_samples_do(many):
    labels, probabilities = many
    given = {
        name: np.array(report(labels[own], probabilities[own], split="test", split_name="t")["confusion"])
        for name, own in (("home", slice(0, 250)), ("away", slice(250, None)))
    }
    found = metrics.average_drop(given["home"], given["away"], resamples=4000)
    spread = [
        metrics.averages(metrics.resampled(own, np.random.default_rng(7), 4000))["macro_f1"].std()
        for own in given.values()
    ]
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * np.hypot(*spread), rel=0.06)
    assert found == metrics.average_drop(given["home"], given["away"], resamples=4000)
