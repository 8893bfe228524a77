"""README and docs: figures are what shipped predictions say, links lead somewhere, commands and their flags exist."""

import contextlib
import io
import re
import runpy
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fercore.charts.style import range_words, with_range
from fercore.data.copies import with_copy_in_training
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.evaluation.intervals import wilson
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


README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    path.relative_to(ROOT): path.read_text("utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
}
REFERENCE = re.findall(r"^\| `(reference-\S+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", README, re.MULTILINE)
LINKS = [(page, link) for page, text in PAGES.items() for link in re.findall(r"\]\(([^)\s]+)\)", text)]
COMMANDS = sorted(
    {
        (page, line.partition("#")[0].strip())
        for page, text in PAGES.items()
        for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
        if "scripts/" in line
    }
)


def figure(name, split, clean):
    """Accuracy of a run in the README's form, from its stored predictions."""
    run, ids, hits = right(name, split, "none")
    if clean:
        hits = hits[~with_copy_in_training(run.info["dataset"]["fingerprint"], split, ids)]
    found = wilson(int(hits.sum()), len(hits))
    return f"{100 * found['value']:.1f} ({range_words(found)})"


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: row[0])
def test_a_reference_run_has_the_accuracy_that_the_readme_says(row):
    name, *figures = row
    assert figures == [figure(name, "val", False), figure(name, "test", False), figure(name, "test", True)]


def test_all_reference_runs_are_in_the_readme():
    # Asked of git: a reference run may just be training here.
    found = subprocess.run(["git", "ls-files", "runs/*/run.json"], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = {Path(line).parent.name for line in found.stdout.splitlines()}
    expected = {name for name in tracked if name.startswith("reference-") and "-fold" not in name}
    of_other_labels = {"reference-people", "reference-people-fast"}  # in sentences of their own
    assert {name for name, *_ in REFERENCE} == expected - of_other_labels


def test_the_sentence_on_the_model_of_people_says_what_is_stored():
    names = ("people", "people-fast", "best")
    own, fast, best = (open_run(ROOT / "runs" / f"reference-{name}").metrics("test")["people"] for name in names)
    interval = range_words(own["model"])
    assert f"says so on {with_range(fast['model'])}." in README.replace("\n", " ")
    assert f"**{100 * own['model']['value']:.1f} %** of PrivateTest ({interval})" in README.replace("\n", " ")
    assert f"`reference-best`, taught by labels, {100 * best['model']['value']:.1f} %" in README.replace("\n", " ")


def test_the_readme_fits_on_a_screen_or_two():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize(("page", "link"), LINKS, ids=lambda value: str(value))
def test_a_link_leads_somewhere(page, link):
    if link.startswith("https://"):
        return
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_six_pictures_of_pages_are_shown_and_small():
    shown = re.findall(r"!\[[^\]]+\]\((docs/images/[^)]+)\)", README)
    assert len(shown) == 6
    assert sorted(shown) == sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "images").iterdir())
    for name in shown:
        assert (ROOT / name).stat().st_size < 150_000, name
        with Image.open(ROOT / name) as picture:
            assert picture.width >= 1000, name


@pytest.mark.parametrize("script", sorted({re.search(r"scripts/(\w+)\.py", line)[1] for _, line in COMMANDS}))
def test_commands_name_flags_that_the_script_has(script, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    main = runpy.run_path(str(ROOT / "scripts" / f"{script}.py"))["main"]
    for _, line in COMMANDS:
        if f"scripts/{script}.py" not in line:
            continue
        arguments = line.partition(f"scripts/{script}.py")[2]
        recipe = re.findall(r"--recipe \S+", arguments)
        with contextlib.redirect_stdout(io.StringIO()) as said, pytest.raises(SystemExit):
            main([*" ".join(recipe).split(), "--help"])
        flags = set(re.findall(r"--[a-z][a-z-]+", said.getvalue()))
        assert set(re.findall(r"--[a-z][a-z-]+", arguments)) <= flags, line


def test_the_figures_of_people_are_those_measured():
    people = open_run(ROOT / "runs" / "reference-best").metrics("test")["people"]
    label, person = (people[who] for who in ("label", "person"))
    for page in ("README.md", "docs/data.md"):
        assert f"{100 * label['value']:.1f} % ({range_words(label)})" in PAGES[Path(page)]
    assert f"on the {label['n']:,} images of PrivateTest" in PAGES[Path("docs/data.md")]
    assert f"{100 * person['value']:.1f} % ({range_words(person)})" in PAGES[Path("docs/data.md")]
