"""Every form with its quirks: the right classes, counts and splits, and each label on the right picture."""

import re

import numpy as np
import pyarrow
import pytest
from pyarrow.parquet import write_table

from fercore.data.choices import Choices, parse_map
from fercore.data.dataset import DataError, Dataset
from fercore.data.forms import FORMS, affectnet, expw, rafdb
from fercore.data.prepare import prepare
from fercore.data.sources import open_source
from fercore.emotions import EMOTIONS, KNOWN
from tests.factories import forms
from tests.factories.data import write_folder, write_zip


def made(tmp_path, files, *, form="", name="given", container="folder", skip_bad=False, **choices) -> Dataset:
    path = write_folder(tmp_path / name, files) if container == "folder" else write_zip(tmp_path / f"{name}.zip", files)
    return made_of(path, tmp_path, form=form, skip_bad=skip_bad, **choices)


def made_of(path, tmp_path, *, form="", skip_bad=False, **choices) -> Dataset:
    with open_source(path, Choices(**choices), form) as source:
        dataset = prepare(source, tmp_path / "out", skip_bad=skip_bad)
    seen = [forms.level_of(pixels) for pixels in dataset.images]
    assert seen == [forms.level(dataset.classes[label]) for label in dataset.labels]
    return dataset


def totals(dataset: Dataset) -> dict[str, int]:
    return dataset.info["split_sizes"]


@pytest.mark.parametrize("container", ["folder", "zip"])
def test_rafdb_by_its_list(tmp_path, container):
    dataset = made(tmp_path, forms.rafdb_list(10, rafdb.CODES), container=container)
    assert dataset.classes == EMOTIONS
    assert dataset.counts()["test"] == dict.fromkeys(EMOTIONS, 10)
    assert totals(dataset) == {"train": 63, "val": 7, "test": 70}
    assert dataset.ids[0].startswith("test_10000_aligned")
    assert "number code of RAF-DB: 1 surprise, 2 fear" in dataset.info["notes"][0]


def test_rafdb_says_which_line_and_which_picture_is_wrong(tmp_path):
    files = forms.rafdb_list(10, rafdb.CODES)
    files["basic/EmoLabel/list_patition_label.txt"] += b"\r\ntrain_99999.jpg 5\r\ntrain_10000.jpg 8\r\n"
    with pytest.raises(DataError, match=r"line 141: there is no image 'train_99999\.jpg' in aligned/"):
        made(tmp_path, files)
    dataset = made(tmp_path, files, skip_bad=True)
    assert (dataset.info["left_out"], totals(dataset)["train"]) == (2, 63)


@pytest.mark.parametrize("litter", [{}, {f"DATASET/{path}": data for path, data in forms.LITTER.items()}])
def test_rafdb_in_numbered_folders(tmp_path, litter):
    dataset = made(tmp_path, forms.numbered(10, rafdb.CODES) | litter)
    assert dataset.classes == EMOTIONS
    assert totals(dataset) == {"train": 63, "val": 7, "test": 70}
    assert dataset.info["source"]["form"] == "RAF-DB, images in numbered folders in a folder"
    assert rafdb.NOTE in dataset.info["notes"]


def test_numbered_folders_that_may_be_of_anyone_are_refused_and_settled_by_form_or_map(tmp_path):
    files = forms.numbered(10, affectnet.CODES, ("train", "val"))
    with pytest.raises(DataError, match=r"unknown class '0'.*--map 0=angry.*--classes"):
        made(tmp_path, files)
    dataset = made(tmp_path, files, form="affectnet")
    assert (dataset.classes, totals(dataset)) == (KNOWN, {"train": 80, "val": 80, "test": 0})
    renamed = parse_map(",".join(f"{code}={name}" for code, name in affectnet.CODES.items()))
    assert made(tmp_path, files, renamed=renamed).info["fingerprint"] == dataset.info["fingerprint"]


def test_affectnet_by_its_annotations(tmp_path):
    dataset = made(tmp_path, forms.affectnet(3, affectnet.CODES), size=32, channels=3)
    assert (dataset.classes, dataset.images.shape) == (KNOWN, (48, 32, 32, 3))
    assert totals(dataset) == {"train": 24, "val": 24, "test": 0}
    assert dataset.counts()["val"] == dict.fromkeys(KNOWN, 3)
    assert affectnet.NO_TEST in dataset.info["notes"]


def test_affectnet_of_seven_classes_drops_contempt_and_counts_it_in_images(tmp_path):
    dataset = made(tmp_path, forms.affectnet(3, affectnet.CODES), renamed={"contempt": "drop"})
    assert (dataset.classes, totals(dataset)) == (EMOTIONS, {"train": 21, "val": 21, "test": 0})
    assert dataset.info["dropped"] == {"contempt": 6}


def test_affectnets_validation_set_alone_as_test(tmp_path):
    dataset = made(tmp_path, forms.affectnet(2, affectnet.CODES, ["val_set"]), as_split="test")
    assert totals(dataset) == {"train": 0, "val": 0, "test": 16}


def test_an_annotation_whose_text_is_none_is_told(tmp_path):
    files = forms.affectnet(2, affectnet.CODES)
    text = forms.npy(np.array(0x110000, "<u4")).replace(b"'<u4'", b"'<U1'")  # a number that is no character
    files["train_set/annotations/0_exp.npy"] = text
    with pytest.raises(DataError, match=r"annotations/0_exp\.npy: .*a text that cannot be encoded"):
        made(tmp_path, files)


def test_annotations_are_never_unpickled(tmp_path):
    files = forms.affectnet(2, affectnet.CODES)
    files["train_set/annotations/0_exp.npy"] = forms.npy(np.array([{}]), allow_pickle=True)
    with pytest.raises(
        DataError, match=r"train_set/images/0\.jpg: annotations/0_exp\.npy: not readable without pickle"
    ):
        made(tmp_path, files)


@pytest.mark.parametrize(
    "names", [["Anger", "Contempt", "Happy", "Neutral"], ["anger", "contempt", "happy", "neutral"]]
)
def test_affectnet_in_class_folders_of_its_usual_names(tmp_path, names):
    known = {"anger": "angry"}
    files = {
        f"{split}/{name}/{number}.PNG": forms.picture(known.get(name.lower(), name.lower()))
        for split in ("Train", "Test")
        for name in names
        for number in range(10)
    }
    dataset = made(tmp_path, files | forms.LITTER)
    assert dataset.classes == ("angry", "happy", "neutral", "contempt")
    assert totals(dataset) == {"train": 36, "val": 4, "test": 40}


@pytest.mark.slow
def test_frames_of_one_person_of_ckplus_stay_in_one_split(tmp_path):
    names = ["anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise"]
    dataset = made(tmp_path, forms.ckplus(70, names))
    assert dataset.classes == ("angry", "disgust", "fear", "happy", "sad", "surprise", "contempt")
    assert sum(totals(dataset).values()) == 70 * 9
    people = {split: set(dataset.subjects[dataset.splits == split]) for split in ("train", "val", "test")}
    assert all(people.values())
    assert sum(map(len, people.values())) == len(set.union(*people.values())) == dataset.info["subjects"] == 70
    assert set(dataset.extras) == {"subject", "sequence"}
    for split in ("val", "test"):
        assert all(dataset.counts()[split].values())


def test_a_subject_pattern_keeps_people_together_and_counts_those_it_does_not_find(tmp_path):
    files = {
        f"{name}/{person}-{shot}.png": forms.picture(name)
        for name in ("happy", "sad")
        for person in range(30)
        for shot in range(2)
    }
    dataset = made(tmp_path, files | {"happy/nobody.png": forms.picture("happy")}, subject=re.compile(r"/(\d+)-"))
    assert dataset.info["subjects"] == 30
    assert any("not known of 1 images" in note for note in dataset.info["notes"])
    people = [set(dataset.subjects[dataset.splits == split]) - {""} for split in ("train", "val", "test")]
    assert sum(map(len, people)) == 30
    with pytest.raises(DataError, match="--subject 'zzz' matches no path, such as"):
        made(tmp_path, files, subject=re.compile("zzz"))


def test_people_that_the_source_has_in_two_splits_are_told(tmp_path):
    files = {f"{split}/{name}/anna.png": forms.picture(name) for split in ("val", "test") for name in ("happy", "sad")}
    dataset = made(tmp_path, files, subject=re.compile("anna"))
    assert "1 people are in more than one split, as the source has it" in dataset.info["notes"]


def test_expw_crops_faces_by_their_boxes_and_keeps_a_picture_in_one_split(tmp_path):
    dataset = made(tmp_path, forms.expw(140, expw.CODES), size=16)
    assert (dataset.classes, len(dataset.ids)) == (EMOTIONS, 280)
    assert set(np.unique(dataset.images)) == {forms.level(name) for name in EMOTIONS}  # nothing around the faces
    pictures = dataset.extras["picture"].to_numpy()
    found = [set(pictures[dataset.splits == split]) for split in ("train", "val", "test")]
    assert all(found)
    assert sum(map(len, found)) == 140
    assert {"p0#0", "p0#1"} <= set(dataset.ids)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("p0.jpg 0 10 5 25 30 22.5 7", "label 7 or box"),
        ("p0.jpg 0 10 25 5 30 22.5 0", r"or box \['10', '25', '5', '30'\]"),
        ("p0.jpg 0 10 5", "expected a line such as"),
        ("../../p0.jpg 0 10 5 25 30 22.5 0", "there is no picture '../../p0.jpg'"),
        ("p0.jpg 7 100 500 520 130 22.5 0", "lies outside of the picture"),
    ],
)
def test_expw_says_which_line_is_wrong(tmp_path, line, reason):
    files = forms.expw(140, expw.CODES)
    files["data/label/label.lst"] += f"\n{line}".encode()
    with pytest.raises(DataError, match=reason):
        made(tmp_path, files)


def test_class_folders_without_splits_are_cut_by_class(tmp_path):
    files = {f"{name}/{n}.png": forms.picture(name) for name in ("happy", "sad") for n in range(100)}
    dataset = made(tmp_path, files | {"angry/Thumbs.db": b"", "notes.txt": b""})
    assert dataset.classes == ("angry", "happy", "sad")  # the folder of angry is empty
    assert dataset.counts() == {
        "train": {"angry": 0, "happy": 81, "sad": 81},
        "val": {"angry": 0, "happy": 9, "sad": 9},
        "test": {"angry": 0, "happy": 10, "sad": 10},
    }
    assert dataset.split_name("test") == "test (cut from train, seed 0)"


@pytest.mark.parametrize(
    ("splits", "sizes"),
    [
        (("train", "test"), {"train": 36, "val": 4, "test": 40}),
        (("test",), {"train": 0, "val": 0, "test": 40}),
        (("train",), {"train": 36, "val": 4, "test": 0}),
        (("train", "val"), {"train": 40, "val": 40, "test": 0}),
    ],
)
def test_splits_may_be_missing(tmp_path, splits, sizes):
    names = ("happy", "sad", "fear", "angry")
    files = {f"{s}/{s}/{name}/{n}.png": forms.picture(name) for s in splits for name in names for n in range(10)}
    assert totals(made(tmp_path, files)) == sizes


def test_two_files_of_one_name_keep_their_endings(tmp_path):
    files = {f"test/{name}/a.{end}": forms.picture(name) for name in ("happy", "sad") for end in ("jpg", "PNG")}
    dataset = made(tmp_path, files)
    assert dataset.ids.tolist() == ["test/happy/a.PNG", "test/happy/a.jpg", "test/sad/a.PNG", "test/sad/a.jpg"]


def test_a_permuted_class_order_gives_the_same_data_by_name(tmp_path):
    files = {f"test/{name}/{n}.png": forms.picture(name) for name in KNOWN for n in range(2)}
    one, other = made(tmp_path, files), made(tmp_path, files, classes=KNOWN[::-1])
    assert (one.classes, other.classes) == (KNOWN, KNOWN[::-1])
    assert one.info["fingerprint"] == other.info["fingerprint"]
    named = [dict(zip(d.ids, np.array(d.classes)[d.labels], strict=True)) for d in (one, other)]
    assert named[0] == named[1]


def test_classes_of_ones_own_and_unknown_ones(tmp_path):
    files = {f"test/{name}/{n}.png": forms.picture("happy") for name in ("Happy", "Bored") for n in range(3)}
    with pytest.raises(DataError, match=r"unknown class 'Bored'.*--map bored=angry or --map bored=drop.*--classes a,b"):
        made(tmp_path, files)
    dropped = made(tmp_path, files, renamed={"bored": "drop"})
    assert (dropped.classes, dropped.info["dropped"], len(dropped.ids)) == (EMOTIONS, {"Bored": 3}, 3)
    left = made(tmp_path, files, skip_bad=True)
    assert (left.info["left_out"], len(left.info["bad"]), len(left.ids)) == (3, 1, 3)
    with open_source(tmp_path / "given", Choices(classes=("bored", "happy"))) as source:
        own = prepare(source, tmp_path / "own")
    assert (own.classes, own.labels.tolist()) == (("bored", "happy"), [0, 0, 0, 1, 1, 1])


def test_a_map_of_a_class_that_is_not_there_is_told(tmp_path):
    files = {f"test/{name}/1.png": forms.picture(name) for name in ("happy", "sad")}
    notes = made(tmp_path, files, renamed={"contemtp": "drop"}).info["notes"]
    assert "--map contemtp: the source has no class of this name" in notes


def test_parquet_with_names_in_its_schema(tmp_path):
    names = ["sad", "happy", "neutral"]
    forms.parquet(tmp_path / "hub" / "data" / "train-00000-of-00002.parquet", names, [0, 1, 2] * 10)
    forms.parquet(tmp_path / "hub" / "data" / "train-00001-of-00002.parquet", names, [0, 1, 2] * 10)
    forms.parquet(tmp_path / "hub" / "data" / "test-00000-of-00001.parquet", names, [2, 2, 0])
    dataset = made_of(tmp_path / "hub", tmp_path, size=24, channels=3)
    assert dataset.classes == ("happy", "sad", "neutral")
    assert totals(dataset) == {"train": 54, "val": 6, "test": 3}
    assert dataset.counts()["test"] == {"happy": 0, "sad": 1, "neutral": 2}
    assert dataset.images.shape == (63, 24, 24, 3)
    assert dataset.ids[0] == "data/test-00000-of-00001/1"


def test_parquet_whose_codes_nobody_names_is_settled_by_map(tmp_path):
    forms.parquet(tmp_path / "hub" / "test.parquet", ["sad", "happy"], [0, 1, 1], schema=False)
    with pytest.raises(DataError, match=r"test\.parquet: 1 images: unknown class '0'.*--map 0=angry"):
        made_of(tmp_path / "hub", tmp_path)
    dataset = made_of(tmp_path / "hub", tmp_path, renamed={"0": "sad", "1": "happy"})
    assert dataset.counts()["test"] == {"happy": 2, "sad": 1}


def test_a_parquet_file_whose_texts_are_none_is_refused(tmp_path):
    labels = pyarrow.array([b"happy", b"\xff\xfe"]).view(pyarrow.string())  # as other bytes in a file come out
    write_table(pyarrow.table({"image": [b"", b""], "label": labels}), tmp_path / "train.parquet")
    with pytest.raises(DataError, match=r"train\.parquet: cannot be read to its end .*; download it again"):
        made_of(tmp_path / "train.parquet", tmp_path)


def test_a_damaged_parquet_file_is_refused(tmp_path):
    write_folder(tmp_path / "hub", {"data/train.parquet": b"PAR1 nothing"})
    with pytest.raises(DataError, match=r"data/train\.parquet: not a parquet file"):
        made_of(tmp_path / "hub", tmp_path)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_imagefolder_with_metadata(tmp_path, kind):
    rows = [(f"p{number}.png", name) for number, name in enumerate(["happy", "sad", "fear"])]
    files = {f"{split}/{file}": forms.picture(name) for split in ("train", "test") for file, name in rows}
    if kind == "csv":
        text = "\ufefffile_name,label,age\r\n" + "\r\n".join(f"{file},{name},30" for file, name in rows)
        files |= {f"{split}/metadata.csv": text.encode() for split in ("train", "test")}
    else:
        lines = [
            f'{{"file_name": "{split}/{file}", "label": "{name}", "age": 30}}'
            for split in ("train", "test")
            for file, name in rows
        ]
        files["metadata.jsonl"] = "\n".join(lines).encode()
    with open_source(write_folder(tmp_path / "given", files)) as source:
        assert source.cut == ("val",)
        assert source.form.startswith(f"pictures with metadata.{kind}")
    dataset = made_of(tmp_path / "given", tmp_path, as_split="test")
    assert (dataset.classes, dataset.extras["age"].tolist()) == (("fear", "happy", "sad"), ["30"] * 6)


def test_metadata_that_names_files_elsewhere_or_nothing_is_bad(tmp_path):
    files = {
        "metadata.csv": b"file_name,label\n../secret.png,happy\n,sad\na.png,happy\n",
        "a.png": forms.picture("happy"),
    }
    write_folder(tmp_path, {"secret.png": forms.picture("happy")})
    dataset = made(tmp_path, files, skip_bad=True, as_split="test")
    assert [bad.split(": ", 1)[1] for bad in dataset.info["bad"]] == [
        "metadata.csv line 2: there is no picture '../secret.png'",
        "metadata.csv line 3: expected a file_name and a label (label, labels, emotion, expression, class)",
    ]
    assert dataset.ids.tolist() == ["a"]


def test_a_forced_form_that_does_not_fit_says_what_it_looks_for(tmp_path):
    write_folder(tmp_path / "faces", {"test/happy/1.png": forms.picture("happy")})
    with pytest.raises(DataError, match=r"found .*; expected ExpW: label\.lst beside the pictures"):
        made_of(tmp_path / "faces", tmp_path, form="expw")
    assert len(FORMS) == 7
