"""Class counts."""

import pytest

from fercore.charts.dataset import counts_table, distribution_chart, imbalance
from fercore.emotions import EMOTIONS

NAMES = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
# Training of FER2013; the other splits are made up.
TRAINING = dict(zip(EMOTIONS, (3995, 436, 4097, 7215, 4830, 3171, 4965), strict=True))
COUNTS = {"train": TRAINING, "val": dict.fromkeys(EMOTIONS, 2), "test": dict.fromkeys(EMOTIONS, 0)}


def test_counts_and_shares():
    table = counts_table(COUNTS, NAMES)
    assert list(dict.fromkeys(table["split"])) == ["Training", "PublicTest", "PrivateTest"]
    assert table["emotion"].tolist() == list(EMOTIONS) * 3
    happy = table[table["emotion"] == "happy"]
    assert happy["images"].tolist() == [7215, 2, 0]
    assert happy["share"].tolist() == pytest.approx([7215 / 28709, 1 / 7, 0])


def test_imbalance_of_fer2013():
    uneven = imbalance(counts_table(COUNTS, NAMES), "Training")
    assert uneven[:4] == ("happy", 7215, "disgust", 436)
    assert round(uneven.ratio, 1) == 16.5


def test_imbalance_without_any_image_of_a_class():
    assert imbalance(counts_table(COUNTS, NAMES), "PrivateTest").ratio == float("inf")


@pytest.mark.parametrize(
    ("counts", "names", "expected"),
    [
        (None, NAMES, "counts or the names"),
        ({**COUNTS, "val": {"angry": 1}}, NAMES, "'val': expected a name and a count"),
        ({**COUNTS, "val": dict.fromkeys(EMOTIONS, 1.5)}, NAMES, "'val': received"),
        ({**COUNTS, "val": dict.fromkeys(EMOTIONS, True)}, NAMES, "'val': received"),
        ({**COUNTS, "val": dict.fromkeys(EMOTIONS, -1)}, NAMES, "'val': received"),
        (COUNTS, {"train": "Training", "val": 3, "test": "x"}, "'val': expected a name"),
    ],
)
def test_counts_of_strangers_are_refused_in_words(counts, names, expected):
    with pytest.raises(ValueError, match=expected):
        counts_table(counts, names)


@pytest.mark.parametrize(("shares", "field"), [(True, "share"), (False, "images")])
def test_the_chart_draws_what_is_asked_in_class_order(shares, field):
    spec = distribution_chart(counts_table(COUNTS, NAMES), shares).to_dict()
    assert spec["encoding"]["y"]["field"] == field
    assert spec["encoding"]["x"]["sort"] == list(EMOTIONS)
    assert spec["encoding"]["xOffset"]["sort"] == list(NAMES.values())
    assert {tip["title"] for tip in spec["encoding"]["tooltip"]} == {"Emotion", "Split", "Images", "Share"}
