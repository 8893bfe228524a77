"""What holds for every script, and what they share."""

import argparse
import re
import runpy
from pathlib import Path

import pytest

from fercore.cli import add_roots, with_run_names
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


@pytest.mark.parametrize(
    ("option", "setting", "usual"), [("runs", "FERCORE_RUNS", "runs"), ("data", "FERCORE_DATA", "data/fer2013")]
)
def test_settings_say_where_runs_and_data_are(monkeypatch, option, setting, usual):
    def default() -> Path:
        parser = argparse.ArgumentParser()
        add_roots(parser)
        return getattr(parser.parse_args([]), option)

    monkeypatch.delenv(setting, raising=False)
    assert default() == Path(usual)
    monkeypatch.setenv(setting, "/elsewhere")
    assert default() == Path("/elsewhere")


@pytest.mark.parametrize("setting", ["teacher", "init_from"])
def test_a_run_to_build_on_may_be_given_by_path(tmp_path, setting):
    config = load_recipe("vit-compact").override(**{setting: f"{tmp_path}/runs/mine/"})
    assert getattr(with_run_names(config, tmp_path / "runs").training, setting) == "mine"
    with pytest.raises(RunError, match="expected a run in"):
        with_run_names(config, tmp_path)
    assert with_run_names(load_recipe("report-cnn"), tmp_path).training.teacher == ""
