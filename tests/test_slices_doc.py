"""Every figure of docs/slices.md, recomputed from the shipped predictions, votes, copies and measures of pictures."""

import functools
from pathlib import Path

import pytest

from fercore.charts.slices import table_rows
from fercore.evaluation.attributes import known_attributes
from fercore.evaluation.slices import slice_table, slices_of
from fercore.runs import open_run

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "slices.md").read_text("utf-8")
WEAKEST, DARK, JUDGED = "The two weakest slices of each run", "Dark pictures", "Judged by people"
COLUMNS = ["Attribute", "Slice", "Images", "Accuracy", "Others", "Others, same classes"]


@functools.cache
def figures(name):
    """The slices of a run, and their figures as people read them."""
    run = open_run(ROOT / "runs" / name)
    found = run.predictions("test")
    attributes = known_attributes(found.id, "test", run.info["dataset"]["fingerprint"])
    table = slice_table(found, slices_of(attributes), resamples=1)
    return table, table_rows(table)


def rows(heading):
    """The cells of the table below a heading."""
    section = TEXT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


RUNS = [row[0].strip("`") for row in rows(DARK)]


@pytest.mark.parametrize("name", RUNS)
def test_the_two_weakest_slices(name):
    table, words = figures(name)
    weak = table[(table["p_holm"] < 0.05) & (table["difference"] < 0)].sort_values("accuracy").index[:2]
    expected = words.loc[weak, COLUMNS].to_numpy().tolist()
    assert [row[1:] for row in rows(WEAKEST) if row[0] == f"`{name}`"] == expected


@pytest.mark.parametrize("row", rows(DARK), ids=lambda row: row[0])
def test_dark_pictures(row):
    _, words = figures(row[0].strip("`"))
    dark = words[words["Slice"] == "low (under 115)"]
    columns = ["Images", "Accuracy", "Others", "Difference, points", "p (Holm)", "Others, same classes"]
    assert dark[columns].to_numpy().tolist() == [row[1:]]


def test_the_run_that_is_judged_by_people():
    table, words = figures("reference-people")
    worse = table.index[(table["p_holm"] < 0.05) & (table["difference"] < 0)]
    shown = [*table.loc[worse].sort_values("accuracy").index, words.index[words["Slice"] == "low (under 115)"][0]]
    assert rows(JUDGED) == [["`reference-people`", *row] for row in words.loc[shown, COLUMNS].to_numpy().tolist()]
    assert len(table) == 13


def test_what_the_page_says_of_all_runs():
    weak = {}
    for name in RUNS:
        table, _ = figures(name)
        assert len(table) == 16
        weak[name] = set(table["attribute"][(table["p_holm"] < 0.05) & (table["difference"] < 0)])
    assert not set.union(*weak.values()) & {"contrast", "sharpness"}
    assert all({"agreement of people", "copy in Training"} <= found for found in weak.values())
    assert [name for name, found in weak.items() if "brightness" in found] == ["reference-report-cnn"]
    gaps = {name: figures(name)[0].iloc[-1] for name in RUNS}
    assert {row["slice"] for row in gaps.values()} == {"none"}
    assert min(gaps, key=lambda name: gaps[name]["difference"]) == "reference-report-cnn"
