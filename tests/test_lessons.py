"""docs/lessons: each notebook runs from top to bottom, without FER2013 and with it, and holds no outputs."""

import ast
import json
import os
from pathlib import Path

import pytest

import fercore

LESSONS = sorted((Path(__file__).resolve().parents[1] / "docs" / "lessons").glob("*.ipynb"))


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text("utf-8"))["cells"]


def run(path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, object]:
    """Execute a notebook's code as Jupyter does, showing what each cell ends with; returns its names."""
    monkeypatch.chdir(path.parent)
    monkeypatch.setenv("FERCORE_DATA", str(data))
    monkeypatch.setenv("FERCORE_RUNS", str(path.parents[2] / "runs"))
    monkeypatch.setattr("tempfile.tempdir", os.fspath(folder))  # what a lesson writes goes with the test's own files
    names: dict[str, object] = {}
    for number, cell in enumerate(cells(path), 1):
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        if isinstance(tree.body[-1], ast.Expr):  # what Jupyter would show
            tree.body[-1] = ast.Assign([ast.Name("shown", ast.Store())], tree.body[-1].value)
        exec(compile(ast.fix_missing_locations(tree), f"{path.name}, cell {number}", "exec"), names)
        shown = names.pop("shown", None)
        # A chart is checked when it is drawn.
        shown._repr_mimebundle_(None, None) if hasattr(shown, "_repr_mimebundle_") else repr(shown)
    return names


@pytest.mark.parametrize(
    "path", [LESSONS[0], pytest.param(LESSONS[2], marks=pytest.mark.slow)], ids=lambda path: path.stem
)
def test_a_lesson_runs_without_fer2013(path, tmp_path, monkeypatch):
    run(path, tmp_path / "absent", monkeypatch, tmp_path)


@pytest.mark.slow
def test_the_lesson_that_trains_draws_faces_without_fer2013_and_learns_them(tmp_path, monkeypatch):
    comparison = run(LESSONS[1], tmp_path / "absent", monkeypatch, tmp_path)["comparison"]
    assert isinstance(comparison, fercore.Comparison)
    assert comparison.n == 280
    assert comparison.accuracies[0]["low"] > 2 / 7  # far from guessing among seven


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("path", LESSONS[1:], ids=lambda path: path.stem)  # the first asks for no pictures
def test_a_lesson_runs_with_fer2013(path, tmp_path, monkeypatch, fer2013_dataset):
    names = run(path, fer2013_dataset.path, monkeypatch, tmp_path)
    assert names["dataset"].info["fingerprint"] == fer2013_dataset.info["fingerprint"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_is_stored_without_outputs(path):
    for cell in cells(path):
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
        assert "attachments" not in cell


def test_there_are_three():
    assert [path.stem[0] for path in LESSONS] == ["1", "2", "3"]
