"""scripts/audit.py as a user starts it: what it prints and what it leaves."""

import runpy
from pathlib import Path

import pytest

from fercore.data.audit.files import read_audit
from fercore.data.copies import with_copy_in_training
from fercore.data.dataset import AUDIT, DECISIONS
from fercore.data.decisions import Decision, write_decisions
from fercore.data.prepare import prepare
from fercore.data.sources import open_source
from tests.data.test_ferplus import write_votes
from tests.factories.data import make_dataset, make_records, write_csv
from tests.factories.planted import make_planted_dataset
from tests.factories.studies import make_cross_validation

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "audit.py"


def run_script(*arguments) -> None:
    runpy.run_path(str(SCRIPT))["main"]([str(argument) for argument in arguments])


def test_counts_are_printed_and_files_written(tmp_path, capsys):
    dataset = make_planted_dataset(tmp_path / "data")
    run = make_cross_validation(tmp_path / "runs", "folds", (0.5, 0.6), dataset=dataset)
    make_cross_validation(tmp_path / "runs", "others", (0.5, 0.6))  # of other data
    run_script("--data", tmp_path / "data", "--runs", tmp_path / "runs")
    rows = [line.rsplit(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    printed = {" ".join(words).strip(): (exact, near) for *words, exact, near in rows}
    assert printed["groups of copies"] == ("2", "4")
    assert printed["surplus images"] == ("2", "4")
    assert printed["groups with conflicting labels"] == ("1", "1")
    assert printed["PrivateTest images with a copy in Training"] == ("1", "2")
    assert printed["PublicTest images with a copy in Training"] == ("0", "1")
    found = read_audit(tmp_path / "data" / AUDIT)
    suspected = found.table[found.table["finding"] == "suspected label"]
    assert suspected["id"].isin(run.predictions("train").id).all()
    assert len(suspected) > 0
    ids = dataset.ids[dataset.indices("test")]
    local = tmp_path / "data" / AUDIT / "copies.json"
    assert ids[with_copy_in_training(dataset.info["fingerprint"], "test", ids, local=local)].tolist() == [
        "test/exact",
        "test/near",
    ]


def test_another_folder_and_ferplus_votes(tmp_path, capsys):
    with open_source(write_csv(tmp_path / "fer2013.csv", make_records(per_class=1))) as source:
        dataset = prepare(source, tmp_path / "data")
    votes = write_votes(tmp_path / "votes.csv", dataset)
    run_script("--data", tmp_path / "data", "--runs", tmp_path / "runs", "--out", tmp_path / "out", "--ferplus", votes)
    assert "18 labels that are not what most people said (FER+)" in capsys.readouterr().out
    table = read_audit(tmp_path / "out").table
    doubted = table[table["finding"] == "FER+ votes"]
    assert set(doubted["suggested"]) == {"neutral"}
    assert "neutral" not in set(doubted["label"])
    assert not (tmp_path / "data" / AUDIT).exists()


def test_without_a_data_set_it_says_what_to_run(tmp_path, capsys):
    with pytest.raises(SystemExit):
        run_script("--data", tmp_path / "gone")
    assert "python scripts/prepare_data.py" in capsys.readouterr().err


def test_preparing_again_keeps_decisions_and_drops_the_audit(tmp_path):
    dataset = make_dataset(tmp_path / "data", per_class=1)
    run_script("--data", tmp_path / "data", "--runs", tmp_path / "runs")
    decisions = {"train/sad/0": Decision("drop")}
    write_decisions(dataset.path / DECISIONS, decisions)
    make_dataset(tmp_path / "data", per_class=2)
    assert sorted(file.name for file in dataset.path.iterdir()) == [
        "dataset.json",
        DECISIONS,
        "images.npy",
        "index.csv",
    ]
    assert "train/sad/0,drop," in (dataset.path / DECISIONS).read_text()
