"""Every figure of docs/robustness.md, recomputed from the counts that the shipped runs hold."""

import functools
from pathlib import Path

import pytest

from fercore.charts.robustness_words import KIND_COLUMNS, kind_rows
from fercore.charts.style import count, percent, range_words, with_range
from fercore.evaluation.intervals import wilson
from fercore.evaluation.robustness import (
    baseline_of,
    corruption_error,
    kind_table,
    mean_flips,
    read_robustness,
    robustness_file,
)
from fercore.runs import open_run

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "runs"
TEXT = (ROOT / "docs" / "robustness.md").read_text("utf-8")
WORST, ELSE = "The two worst disturbances of each run", "What else was found"
MEASURED = [path.name for path in sorted(RUNS.glob("reference-*")) if robustness_file(open_run(path), "test").is_file()]


@functools.cache
def stored(name):
    return read_robustness(open_run(RUNS / name), "test")


def rows(heading):
    """The cells of the table below a heading."""
    section = TEXT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_measured_run_is_there_and_no_other():
    assert list(dict.fromkeys(row[0].strip("`") for row in rows(WORST))) == MEASURED
    assert [row[0].strip("`") for row in rows(ELSE)] == MEASURED
    for path in RUNS.glob("reference-*"):
        assert path.name in MEASURED or f"`{path.name}`" in TEXT or "-fold" in path.name


@pytest.mark.parametrize("name", MEASURED)
def test_the_two_worst_disturbances(name):
    found = stored(name)
    clean = with_range(wilson(found.n - int(found.wrong_clean.sum()), found.n))
    expected = [
        [found.about["engine"], count(found.n), clean, *row]
        for row in kind_rows(found)[list(KIND_COLUMNS[:3])].head(2).to_numpy().tolist()
    ]
    assert [row[1:] for row in rows(WORST) if row[0] == f"`{name}`"] == expected


@pytest.mark.parametrize("row", rows(ELSE), ids=lambda row: row[0])
def test_what_else_was_found(row):
    found = stored(row[0].strip("`"))
    baseline = baseline_of(found, RUNS)
    errors = [corruption_error(found, baseline, relative=one) if baseline else None for one in (False, True)]
    flips = mean_flips(found)
    rises = [kind for kind, at in kind_table(found)[["kind", "rises"]].itertuples(index=False) if at]
    assert row[1:] == [
        *(with_range(error) if error else "not comparable" for error in errors),
        f"{percent(flips['value'])} ({range_words(flips)})",
        percent(found.counts["calibration_error"][0]),
        percent(found.counts["calibration_error"].max()),
        ", ".join(sorted(rises)) or "none",
    ]


@pytest.mark.parametrize(
    ("name", "sure"),
    [("reference-best", 500), ("reference-vit", 500), ("reference-fast", 498), ("reference-report-cnn", 168)],
)
def test_larger_networks_are_sure_of_what_they_make_of_noise(name, sure):
    found = stored(name)
    row = found.counts[(found.counts["kind"] == "noise") & (found.counts["strength"] == 5)].iloc[0]
    assert row["sure"] == sure
    assert name == "reference-report-cnn" or row["sure_right"] < 0.2 * sure
