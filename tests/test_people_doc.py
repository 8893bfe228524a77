"""Every figure of docs/people.md, recomputed from the shipped predictions and votes."""

import functools
from pathlib import Path

import numpy as np
import pytest

from fercore.charts.style import range_words, with_range
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.ferplus import votes_on
from fercore.evaluation.judged import judged as judge
from fercore.evaluation.paired import paired_difference
from fercore.evaluation.people import people_report
from fercore.runs import open_run

ROOT = Path(__file__).resolve().parents[1]
SPLITS = {name: split for split, name in OFFICIAL_SPLIT_NAMES.items()}
TEXT = (ROOT / "docs" / "people.md").read_text("utf-8")


@functools.cache
def people(name, split):
    run = open_run(ROOT / "runs" / name)
    found = run.predictions(split)
    return people_report(found, run.classes, votes_on(found.id))


def rows(heading):
    """The cells of the table below a heading."""
    section = TEXT.partition(f"## {heading}\n")[2].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def judged(row):
    return people(row[0].strip("`"), SPLITS[row[1]])


@pytest.mark.parametrize("row", rows("How often each says what most people say"), ids=" ".join)
def test_how_often_each_says_what_most_people_say(row):
    found = judged(row)
    expected = [with_range(found[key]) for key in ("model", "label", "person")]
    assert row[2:] == [f"{found['images']['verdict']:,}", *expected]


@pytest.mark.parametrize("row", rows("Where model and label differ, who is right?"), ids=" ".join)
def test_who_is_right_where_model_and_label_differ(row):
    found = judged(row)["disagreements"]
    assert row[2:] == [f"{found['n']:,}", *(with_range(found[key]) for key in ("model", "label", "neither"))]


def test_agreement_by_how_clear_the_face_is():
    found = {level["votes"]: level for level in people("reference-best", "test")["by_agreement"]}
    table = rows("The clearer the face, the closer all three")
    assert len(table) >= 7
    for agree, *cells in table:
        level = found[int(agree.split()[0])]
        assert cells == [f"{level['label']['n']:,}", *(with_range(level[key]) for key in ("model", "label", "person"))]


@pytest.mark.parametrize("row", rows("How far apart the whole distributions are"), ids=" ".join)
def test_distances(row):
    found = judged(row)["distance"]
    words = [
        f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"
        for one in (found["model"], found["person"], found["uniform"])
    ]
    assert row[2:] == words


def judged_right(name, split):
    """Image id -> whether a run says what most people say, of the images on which they agree."""
    run = open_run(ROOT / "runs" / name)
    found, _ = judge(run.predictions(split), run.classes, votes_on(run.predictions(split).id))
    return dict(zip(found.id.tolist(), (found.predicted == found.label).tolist(), strict=True))


@pytest.mark.parametrize("row", rows("Does learning votes beat learning labels?"), ids=" ".join)
def test_votes_against_labels_on_the_same_images(row):
    first, second = (judged_right(cell.strip("`"), SPLITS[row[2]]) for cell in row[:2])
    shared = sorted(first.keys() & second.keys())
    ahead = paired_difference(np.array([first[id_] for id_ in shared]), np.array([second[id_] for id_ in shared]))
    signed = f"{100 * ahead['value']:+z.1f}".replace("-", "−")
    assert row[3:] == [f"{len(shared):,}", f"{signed} ({range_words(ahead)})"]


def test_what_is_left_out():
    images = people("reference-best", "test")["images"]
    without = images["all"] - images["with_votes"]
    words = f"of PrivateTest's {images['all']:,} images {without} have no votes,\n{images['undecided']} no majority"
    assert f"{words}, and of {images['unknown']} most people could not tell" in TEXT
    assert images["no_face"] == 0


def test_every_shipped_reference_run_is_in_the_first_two_tables():
    shipped = {path.name for path in (ROOT / "runs").glob("reference-*") if "fold" not in path.name.split("-")[-1]}
    shipped = {name for name in shipped if (ROOT / "runs" / name / "predictions_test.npz").is_file()}
    assert {row[0].strip("`") for row in rows("How often each says what most people say")} >= shipped
    # The labels of the benchmark FER+ are what most people say.
    labelled = {name for name in shipped if people(name, "test")["label"]["value"] < 1}
    assert {row[0].strip("`") for row in rows("Where model and label differ, who is right?")} >= labelled
