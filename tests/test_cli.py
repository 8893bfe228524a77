"""What holds for every script, and what they share."""

import argparse
import re
import runpy
from pathlib import Path

import pytest

from fercore.cli import add_runs, with_run_names
from fercore.runs import RunError
from fercore.training.config import load_recipe

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_help_opens_with_a_sentence_and_an_example(name, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))  # as Python does for the script that it starts
    main = runpy.run_path(str(SCRIPTS / f"{name}.py"))["main"]
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    sentence, examples, *_ = capsys.readouterr().out.split("\n\n")
    assert stopped.value.code == 0
    assert re.fullmatch(r"[A-Z][^.]*\.", sentence)
    assert examples.startswith(f"python scripts/{name}.py")


def test_there_are_scripts():
    assert {"train", "predict", "benchmark"} < set(NAMES)


def test_a_setting_says_where_runs_are(monkeypatch):
    def default() -> Path:
        parser = argparse.ArgumentParser()
        add_runs(parser)
        return parser.parse_args([]).runs

    monkeypatch.delenv("FERCORE_RUNS", raising=False)
    assert default() == Path("runs")
    monkeypatch.setenv("FERCORE_RUNS", "/elsewhere")
    assert default() == Path("/elsewhere")


def test_a_teacher_may_be_given_by_path(tmp_path):
    config = load_recipe("vit-compact").override(teacher=f"{tmp_path}/runs/mine/")
    assert with_run_names(config, tmp_path / "runs").training.teacher == "mine"
    with pytest.raises(RunError, match="expected a run in"):
        with_run_names(config, tmp_path)
    assert with_run_names(load_recipe("report-cnn"), tmp_path).training.teacher == ""
