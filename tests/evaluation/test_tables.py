"""Tables of a small report whose every figure can be counted by hand."""

import json

import numpy as np
import pytest
from sklearn.metrics import classification_report

from fercore.emotions import EMOTIONS
from fercore.evaluation import tables
from fercore.evaluation.metrics import report
from fercore.evaluation.tables import ReportError

LABELS = np.array([0, 0, 0, 2, 2, 3, 3, 3, 3, 4])  # 3 angry, 2 fear, 4 happy, 1 sad
PREDICTED = np.array([0, 0, 4, 4, 4, 3, 3, 3, 0, 4])


@pytest.fixture
def small():
    stored = report(LABELS, np.eye(7)[PREDICTED] * 0.93 + 0.01, split="test", split_name="PrivateTest", resamples=10)
    return json.loads(json.dumps(stored))


def test_classification_table_is_scikit_learns(small):
    table = tables.classification_table(small).set_index("class")
    present = sorted(set(LABELS))
    names = [EMOTIONS[code] for code in present]
    settings = {"labels": present, "target_names": names, "output_dict": True, "zero_division": 0}
    expected = classification_report(LABELS, PREDICTED, **settings)
    for ours, theirs in [*((e, e) for e in names), *((f"{a} average", f"{a} avg") for a in ("macro", "weighted"))]:
        values = [expected[theirs][key] for key in ("precision", "recall", "f1-score", "support")]
        assert table.loc[ours, ["precision", "recall", "f1", "support"]].tolist() == pytest.approx(values)
    assert table.loc[["disgust", "surprise", "neutral"], ["precision", "recall", "f1"]].isna().all(axis=None)
    assert table.index[7] == "accuracy"
    assert table.loc["accuracy", ["f1", "support"]].tolist() == [0.6, 10]
    assert table.loc["accuracy", ["precision", "recall"]].isna().all()


def test_classification_table_carries_the_intervals(small):
    table = tables.classification_table(small).set_index("class")
    bounds = ["f1_low", "f1_high"]
    expected = {"happy": small["per_class"]["happy"]["f1"], "accuracy": small["accuracy"]}
    expected |= {f"{name} average": small[f"{name}_f1"] for name in ("macro", "weighted")}
    for row, estimate in expected.items():
        assert table.loc[row, bounds].tolist() == [estimate["low"], estimate["high"]]


def test_averages_have_the_intervals_of_the_same_resamples():
    settings = {"split": "test", "split_name": "PrivateTest", "resamples": 1000}
    every = report(np.arange(70) % 7, np.eye(7)[np.arange(70) // 3 % 7] * 0.93 + 0.01, **settings)
    table = tables.classification_table(every).set_index("class")
    figures = {key: list(every[key].values()) for key in ("balanced_accuracy", "accuracy")}
    recall = table[["recall", "recall_low", "recall_high"]]
    assert recall.loc["macro average"].tolist() == pytest.approx(
        figures["balanced_accuracy"]
    )  # the same, by definition
    assert recall.loc["weighted average"].tolist() == figures["accuracy"]
    low, value, high = table.loc["macro average", ["precision_low", "precision", "precision_high"]]
    assert low < value < high
    always = report(np.zeros(9, int), np.eye(7)[np.zeros(9, int)] * 0.93 + 0.01, **settings)
    sure = tables.classification_table(always).set_index("class").loc["macro average"]
    assert sure[["precision_low", "precision", "precision_high"]].tolist() == [1, 1, 1]


def test_confusion_table_shares(small):
    table = tables.confusion_table(small).set_index(["true", "pred"])
    assert len(table) == 49
    assert table.loc[("angry", "sad")].tolist() == pytest.approx([1, 1 / 3, 1 / 4])
    assert table.loc[("fear", "sad")].tolist() == pytest.approx([2, 1, 2 / 4])
    assert table.loc[("disgust", "angry")].tolist() == pytest.approx([0, np.nan, 0], nan_ok=True)  # none is disgust
    assert table.loc[("angry", "disgust")].tolist() == pytest.approx([0, 0, np.nan], nan_ok=True)  # nor taken for it


def test_confused_pairs_are_wrong_and_ordered(small):
    pairs = tables.confused_pairs(small)
    assert list(zip(pairs["true"], pairs["pred"], pairs["count"], strict=True)) == [
        ("fear", "sad", 2),
        ("angry", "sad", 1),  # one of 3 angry ones, before one of 4 happy ones
        ("happy", "angry", 1),
    ]
    assert len(tables.confused_pairs(small, top=1)) == 1


def test_weakest_class_and_what_it_is_taken_for(small):
    assert tables.weakest_class(small) == ("fear", 0, "sad", 1)


def test_the_weakest_class_of_a_perfect_model_is_taken_for_nothing():
    perfect = report(LABELS, np.eye(7)[LABELS], split="test", split_name="PrivateTest", resamples=10)
    assert tables.weakest_class(perfect) == ("angry", 1, None, 0)


def test_class_table_carries_the_intervals(small):
    table = tables.class_table(small)
    assert len(table) == 21
    row = table[(table["emotion"] == "happy") & (table["figure"] == "recall")].iloc[0]
    assert row["value"] == 3 / 4
    assert [row["low"], row["high"]] == [small["per_class"]["happy"]["recall"][key] for key in ("low", "high")]
    assert row["support"] == 4


def test_prediction_table_names_classes():
    probabilities = np.full((2, 7), 0.05, dtype=np.float32)
    probabilities[[0, 1], [2, 6]] = 0.7
    table = tables.prediction_table(np.array(["x", "y"]), np.array([2, 4]), probabilities)
    assert table[["id", "true", "pred", "right"]].values.tolist() == [
        ["x", "fear", "fear", True],
        ["y", "sad", "neutral", False],
    ]
    assert table["probability"].tolist() == pytest.approx([0.7, 0.7])
    assert table.loc[1, list(EMOTIONS)].tolist() == pytest.approx(probabilities[1].tolist())


def test_no_class_takes_the_column_of_something_else():
    answers = np.array([[0.75, 0.25], [0.5, 0.5]], dtype=np.float32)
    table = tables.prediction_table(np.array(["x", "y"]), np.array([0, 1]), answers, ("right", "outcome"))
    assert table.columns.tolist() == ["id", "true", "pred", "right", "probability", "right (class)", "outcome (class)"]
    assert table.values.tolist() == [
        ["x", "right", "right", True, 0.75, 0.75, 0.25],
        ["y", "outcome", "right", False, 0.5, 0.5, 0.5],
    ]


def test_averages_say_over_which_classes_they_go(small):
    assert tables.averaged_words(small) == "the 4 of 7 classes that occur"
    every = report(np.arange(7), np.eye(7) * 0.93 + 0.01, split="test", split_name="PrivateTest", resamples=10)
    assert tables.averaged_words(every) == "the 7 classes"


def test_check_report_passes_a_report_through_json(small):
    assert tables.check_report(small) is small


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("macro_f1"), "macro_f1 is None"),
        (lambda r: r["accuracy"].update(low=float("nan")), "accuracy is .* from 0 to 1;"),
        (lambda r: r["accuracy"].update(value=10**400), "accuracy"),
        (lambda r: r["interval"].update(level="95 %"), "interval level is '95 %'"),
        (lambda r: r["per_class"].pop("sad"), "per_class sad is None"),
        (lambda r: r["per_class"]["sad"].update(support="9"), "per_class sad support"),
        (lambda r: r["confusion"][0].pop(), "confusion"),
        (lambda r: r["confusion"][0].__setitem__(0, -1), "confusion"),
        (lambda r: r.update(n=99), "confusion .* sum to n"),
        (lambda r: r.update(classes=["angry", "angry"]), "classes"),
        (lambda r: r.update(classes=[*EMOTIONS, "contempt"]), "per_class contempt is None"),
        (lambda r: r.pop("absent"), "absent is None, expected the classes without images"),
        (lambda r: r["per_class"]["disgust"].update(recall=r["accuracy"]), "per_class disgust recall is .* none"),
        (lambda r: r.update(split_name=["x"]), "split_name"),
    ],
)
def test_check_report_names_what_is_wrong(small, change, message):
    change(small)
    with pytest.raises(ReportError, match=message):
        tables.check_report(small)
