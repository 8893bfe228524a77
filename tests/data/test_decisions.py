"""Decisions on single images: kept in a CSV, applied to the train split alone."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from fercore.data.dataset import DataError
from fercore.data.decisions import LEFT_OUT, Decision, apply_decisions, read_decisions, write_decisions
from fercore.emotions import EMOTIONS
from fercore.fields import ConfigError
from tests.factories.data import make_dataset

SOME = {
    "train/sad/0": Decision("drop"),
    "train/fear/0": Decision("relabel", "surprise"),
    "train/happy/0": Decision("keep"),
    "test/sad/0": Decision("drop"),
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("data") / "d", per_class=2)


@pytest.fixture
def file(tmp_path):
    write_decisions(tmp_path / "decisions.csv", SOME)
    return str(tmp_path / "decisions.csv")


def test_decisions_survive_their_file(tmp_path):
    odd = SOME | {'a, "b"': Decision("keep")}
    write_decisions(tmp_path / "d.csv", odd)
    assert read_decisions(tmp_path / "d.csv") == odd
    assert (tmp_path / "d.csv").read_text().splitlines()[:2] == ["id,decision,label", '"a, ""b""",keep,']


def test_no_file_means_no_decisions(tmp_path):
    assert read_decisions(tmp_path / "gone.csv") == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,drop", "line 3: received 2 fields"),
        ("a,burn,", "line 3: received the decision 'burn', expected one of keep, drop, relabel"),
        ("a,relabel,", "line 3: a new label belongs to relabel"),
        ("a,drop,sad", "line 3: a new label belongs to relabel"),
        ("a,relabel,\x07", r"line 3: received the label '\\x07', expected the name of a class"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, message):
    (tmp_path / "d.csv").write_text(f"id,decision,label\nb,keep,\n{line}\n")
    with pytest.raises(DataError, match=message):
        read_decisions(tmp_path / "d.csv")


def test_a_label_that_is_no_class_of_the_data_set_is_refused(dataset, tmp_path):
    write_decisions(tmp_path / "d.csv", {"train/sad/0": Decision("relabel", "contempt")})
    with pytest.raises(ConfigError, match=r"--relabel .*unknown emotion 'contempt'; expected one of angry"):
        apply_decisions(dataset, "", str(tmp_path / "d.csv"))


def test_labels_are_those_of_the_data_set_whatever_its_classes(dataset, tmp_path):
    info = dataset.info | {"classes": ["Bored", "sad", "b", "c", "d", "e", "f"]}
    own = replace(dataset, info=info)
    write_decisions(
        tmp_path / "d.csv",
        {"train/sad/0": Decision("relabel", "Bored"), "train/fear/0": Decision("relabel", "sadness")},
    )
    decided = apply_decisions(own, "", str(tmp_path / "d.csv"))[0]
    rows = [dataset.ids.tolist().index(id_) for id_ in ("train/sad/0", "train/fear/0")]
    assert decided.labels[rows].tolist() == [0, 1]


def test_a_file_without_our_header_is_refused(tmp_path):
    (tmp_path / "d.csv").write_text("image;what\n")
    with pytest.raises(DataError, match=r"line 1: received \['image;what'\], expected id,decision,label"):
        read_decisions(tmp_path / "d.csv")


def test_training_alone_is_affected(dataset, file):
    decided, record = apply_decisions(dataset, file, file)
    changed = [id_ for id_, old, new in zip(dataset.ids, dataset.splits, decided.splits, strict=True) if old != new]
    assert changed == ["train/sad/0"]
    row = dataset.ids.tolist().index("train/sad/0")
    assert decided.splits[row] == LEFT_OUT
    relabelled = (dataset.labels != decided.labels).nonzero()[0]
    assert dataset.ids[relabelled].tolist() == ["train/fear/0"]
    assert decided.labels[relabelled].tolist() == [EMOTIONS.index("surprise")]
    applied = b"train/fear/0\trelabel\tsurprise\ntrain/sad/0\tdrop\t\n"
    assert record == {"excluded": 1, "relabelled": 1, "sha256": hashlib.sha256(applied).hexdigest()}
    assert len(decided.indices("train")) == len(dataset.indices("train")) - 1
    assert dataset.splits[row] == "train"  # the data set itself is as it was


def test_each_flag_does_its_own(dataset, file):
    assert apply_decisions(dataset, "", "") == (dataset, None)
    excluded, relabelled = apply_decisions(dataset, file, "")[1], apply_decisions(dataset, "", file)[1]
    assert (excluded["excluded"], excluded["relabelled"]) == (1, 0)
    assert (relabelled["excluded"], relabelled["relabelled"]) == (0, 1)
    assert excluded["sha256"] != relabelled["sha256"]


def test_the_hash_does_not_depend_on_the_order(dataset, file, tmp_path):
    lines = Path(file).read_text().splitlines()
    (tmp_path / "turned.csv").write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    turned = str(tmp_path / "turned.csv")
    assert apply_decisions(dataset, turned, turned)[1] == apply_decisions(dataset, file, file)[1]


def test_an_image_that_is_dropped_is_not_relabelled(dataset, file, tmp_path):
    write_decisions(tmp_path / "other.csv", {"train/fear/0": Decision("drop")})
    record = apply_decisions(dataset, str(tmp_path / "other.csv"), file)[1]
    assert (record["excluded"], record["relabelled"]) == (1, 0)


def test_what_cannot_be_applied_names_the_flag(dataset, tmp_path):
    with pytest.raises(ConfigError, match=r"--exclude: there is no file gone\.csv"):
        apply_decisions(dataset, "gone.csv", "")
    write_decisions(tmp_path / "d.csv", {"row_7": Decision("keep"), "train/sad/0": Decision("keep")})
    with pytest.raises(ConfigError, match=r"--relabel .*holds no image 'row_7' \(1 of 2 ids are unknown\)"):
        apply_decisions(dataset, "", str(tmp_path / "d.csv"))
    train = dataset.ids[dataset.indices("train")].tolist()
    write_decisions(tmp_path / "all.csv", dict.fromkeys(train, Decision("drop")))
    with pytest.raises(ConfigError, match="it drops every training image"):
        apply_decisions(dataset, str(tmp_path / "all.csv"), "")
