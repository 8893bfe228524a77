"""scripts/slices.py: what it prints and writes, and that the run stays as it was."""

import pandas as pd
import pytest

from scripts.slices import main
from tests.factories.runs import make_run
from tests.factories.votes import make_judged_run


def contents(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def run(tmp_path):
    return make_judged_run(tmp_path / "runs")


def started(tmp_path, *arguments):
    main([*arguments, "--runs", str(tmp_path / "runs"), "--data", str(tmp_path / "none")])


def test_it_prints_a_sentence_and_a_row_for_each_slice(tmp_path, run, capsys):
    before = contents(run.path)
    started(tmp_path, "judged", "--out", str(tmp_path / "table.csv"))
    said = capsys.readouterr().out
    assert said.startswith("judged ")
    assert "on PrivateTest (n = 140)" in said
    table = pd.read_csv(tmp_path / "table.csv")
    assert list(dict.fromkeys(table["attribute"])) == ["brightness", "contrast", "sharpness", "agreement of people"]
    assert table.groupby("attribute")["n"].sum()["contrast"] == 140
    assert contents(run.path) == before


def test_slices_of_one_s_own_pairs_and_a_search(tmp_path, run, capsys):
    ids = run.predictions("test").id
    lines = [f"{id_},apparent age,{'old' if i % 2 else 'young'}" for i, id_ in enumerate(ids)]
    (tmp_path / "own.csv").write_text("\n".join(["id,name,value", *lines]))
    started(tmp_path, "judged", "--slices", str(tmp_path / "own.csv"), "--pairs", "--search")
    said = capsys.readouterr().out
    assert "brightness and apparent age" in said
    assert "searched on one half of the images" in said or "large enough to search" in said
    assert "Note: apparent age may tell groups of people apart." in said


def test_where_nothing_is_known_it_says_what_to_do(tmp_path, capsys):
    make_run(tmp_path / "runs", "a")
    with pytest.raises(SystemExit):
        started(tmp_path, "a")
    assert "name their data set with --data, or slices of your own with --slices" in capsys.readouterr().err
