"""How many images have a copy elsewhere."""

import pytest

from fercore.charts.audit import KINDS, PAIRS, copies_chart, copies_table
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES

COUNTS = {"train_images": 100, "val_images": 20, "test_images": 40}
COUNTS |= {"exact_test_in_train": 4, "near_test_in_train": 10, "exact_train_in_train": 2, "near_train_in_train": 2}


def test_exact_and_near_copies_add_up():
    table = copies_table(COUNTS, OFFICIAL_SPLIT_NAMES)
    assert len(table) == 2 * len(PAIRS)
    own = table[table["pair"] == "PrivateTest, copy in Training"]
    assert own[["kind", "images", "share"]].to_numpy().tolist() == [[KINDS[0], 4, 0.1], [KINDS[1], 6, 0.15]]
    assert own[["total", "with_total"]].to_numpy().tolist() == [[10, 0.25]] * 2
    own = table[table["pair"] == "Training, copy in the same split"]
    assert own["images"].tolist() == [2, 0]
    assert table[~table["pair"].isin(["PrivateTest, copy in Training", own["pair"].iloc[0]])]["images"].sum() == 0


@pytest.mark.parametrize("counts", [COUNTS, {}], ids=["some", "none"])
def test_the_chart_writes_each_total_once(counts):
    spec = copies_chart(copies_table(counts, OFFICIAL_SPLIT_NAMES), dark=True).to_dict()
    bars, text = spec["layer"]
    words = [row["words"] for row in spec["datasets"][text["data"]["name"]]]
    assert words[0] == ("10 (25.0 %)" if counts else "0 (0.0 %)")
    assert len(words) == len(PAIRS)
    assert bars["encoding"]["color"]["scale"]["domain"] == list(KINDS)
