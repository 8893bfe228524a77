"""Every figure of docs/what-helped.md, recomputed from the shipped predictions."""

import re
from pathlib import Path

import numpy as np
import pytest

from fercore.charts.style import range_words
from fercore.data.copies import with_copy_in_training
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.evaluation.paired import paired_difference
from fercore.runs import open_run

ROOT = Path(__file__).resolve().parents[1]
SPLITS = {name: split for split, name in OFFICIAL_SPLIT_NAMES.items()}
ROW = re.compile(
    r"\| (?P<what>[^|]+) \| `(?P<first>\S+)`(?P<flip> \(flip\))? \| `(?P<second>\S+)` \| "
    r"(?P<split>\w+)(?P<clean> without copies)? \| (?P<figure>[^|]+) \|"
)
TABLES = [
    line
    for line in (ROOT / "docs" / "what-helped.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| What was varied"))
]


def right(name, split, tta):
    """Which images of a split a run answered rightly, bool (N,), and their ids."""
    run = open_run(ROOT / "runs" / name)
    found = run.predictions(split, tta)
    return run, found.id, found.predicted == found.label


@pytest.mark.parametrize("line", TABLES)
def test_a_row_is_what_the_runs_say(line):
    row = ROW.fullmatch(line)
    assert row, f"not of the form of the others: {line}"
    split = SPLITS[row["split"]]
    run, ids, first = right(row["first"], split, "flip" if row["flip"] else "none")
    _, others, second = right(row["second"], split, "none")
    assert np.array_equal(ids, others)
    if row["clean"]:
        kept = ~with_copy_in_training(run.info["dataset"]["fingerprint"], split, ids)
        first, second = first[kept], second[kept]
    found = paired_difference(first, second)
    signed = f"{100 * found['value']:+z.1f}".replace("-", "−")
    assert row["figure"] == f"{signed} ({range_words(found)})"


def test_the_tables_are_found():
    assert len(TABLES) >= 18
