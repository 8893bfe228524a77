"""scripts/prepare_data.py as users meet it: what it prints, its exit codes, and what it leaves on disk."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import kagglehub
import numpy as np
import pytest

from fercore.data import listing
from fercore.data.dataset import open_dataset
from scripts.prepare_data import main
from tests.factories.data import make_dataset, make_records, png, tree_files, write_csv, write_folder, write_zip

SCRIPT = Path(__file__).parents[2] / "scripts" / "prepare_data.py"
RECORDS = make_records(per_class=2)
FILES = tree_files(RECORDS, official=True)


def content(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def earlier(tmp_path):
    """An earlier data set, with what is beside it and in it."""
    out = make_dataset(tmp_path / "data" / "out", per_class=1, seed=9).path
    return out, content(out)


def assert_untouched(earlier):
    out, before = earlier
    assert content(out) == before
    assert sorted(entry.name for entry in out.parent.iterdir()) == [".tmp-out.lock", "out"]


def csv_row(to, row):
    path = write_csv(to / "fer2013.csv", RECORDS)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:5], row, *lines[5:]]) + "\n")
    return path


def cut(path):
    path.write_bytes(path.read_bytes()[:-1000])
    return path


PIXELS = " ".join(["0"] * 2303)
BAD = {
    "missing path": (lambda to: to / "gone.zip", "there is no file or folder"),
    "truncated zip": (lambda to: cut(write_zip(to / "a.zip", FILES)), "a.zip: not a whole zip file"),
    "hostile zip": (lambda to: write_zip(to / "a.zip", {"../x.png": b""}), "member '../x.png' points outside"),
    "wrong column": (
        lambda to: write_csv(to / "fer2013.csv", RECORDS, ("emotion", "pixels")),
        "fer2013.csv: received the columns emotion, pixels; expected emotion, pixels and Usage",
    ),
    "2,303 pixels": (lambda to: csv_row(to, f"0,{PIXELS},Training"), "fer2013.csv row 5 (line 6): 2,303 pixels"),
    "pixel 256": (lambda to: csv_row(to, f"0,256 {PIXELS},Training"), "fer2013.csv row 5 (line 6): pixel '256'"),
    "pixel x": (lambda to: csv_row(to, f"0,x {PIXELS},Training"), "fer2013.csv row 5 (line 6): pixel 'x'"),
    "label 7": (lambda to: csv_row(to, f"7,0 {PIXELS},Training"), "fer2013.csv row 5 (line 6): emotion '7'"),
    "unknown usage": (lambda to: csv_row(to, f"0,0 {PIXELS},Dev"), "fer2013.csv row 5 (line 6): Usage 'Dev'"),
    "unknown folder": (
        lambda to: write_folder(to / "faces", FILES | {"train/bored/1.png": b""}),
        "faces: unknown folder 'train/bored'",
    ),
    "unreadable image": (
        lambda to: write_zip(to / "a.zip", FILES | {"train/sad/Training_x.png": b"text"}),
        "a.zip: train/sad/Training_x.png: not an image of a known format",
    ),
    "empty": (lambda to: write_csv(to / "fer2013.csv", []), "fer2013.csv: no usable image in it"),
    "no PublicTest": (
        lambda to: write_csv(to / "fer2013.csv", [record for record in RECORDS if record.split != "val"]),
        "fer2013.csv: no usable image for PublicTest (val)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_message_and_exit_code_2(tmp_path, capfd, earlier, case):
    make, message = BAD[case]
    assert main([str(make(tmp_path)), "--out", str(earlier[0])]) == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    [line] = [line for line in printed.err.splitlines() if not line.startswith("\r") and line]
    assert line.startswith("prepare_data: ")
    assert message in line
    assert_untouched(earlier)


def test_a_data_set_is_announced_with_its_counts_fingerprint_and_the_next_command(tmp_path, capsys):
    out = tmp_path / "out"
    assert main([str(write_zip(tmp_path / "archive.zip", FILES)), "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"{out}: 42 images from archive.zip" in lines
    assert "PrivateTest [test]" in [line.split("  ")[0] for line in lines]
    assert [line.split()[-1] for line in lines if line.startswith(("Training", "Public", "Private"))] == ["14"] * 3
    assert lines[-2] == f"Fingerprint {open_dataset(out).info['fingerprint']}"
    assert lines[-1] == f"Next: python scripts/train.py --recipe report-cnn --data {out}"


def test_a_cut_validation_split_is_announced(tmp_path, capsys):
    records = [record for record in make_records(per_class=10) if record.split != "val"]
    path = write_folder(tmp_path / "faces", tree_files(records, official=False))
    assert main([str(path), "--out", str(tmp_path / "out"), "--seed", "3"]) == 0
    assert "validation (cut from train, seed 3) [val]" in capsys.readouterr().out


def test_skip_bad_counts_the_images_of_an_unknown_class_folder(tmp_path, capsys):
    lost = {f"train/smirk/{number}.png": png(np.zeros((48, 48), np.uint8)) for number in range(12)}
    path = write_folder(tmp_path / "faces", FILES | lost)
    assert main([str(path), "--out", str(tmp_path / "out"), "--skip-bad"]) == 0
    assert "Left out: 12" in capsys.readouterr().out.splitlines()


def test_skip_bad_lists_the_first_twenty_and_keeps_all_in_dataset_json(tmp_path, capsys):
    bad = {f"train/sad/Training_bad{number:02}.png": b"" for number in range(25)}
    path, out = write_folder(tmp_path / "faces", FILES | bad), tmp_path / "out"
    assert main([str(path), "--out", str(out), "--skip-bad"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Left out: 25" in lines
    assert sum("Training_bad" in line for line in lines) == 20
    assert f"  ... and 5 more, listed in {out}/dataset.json" in lines
    listed = json.loads((out / "dataset.json").read_text())["bad"]
    assert [line.split(": ")[1] for line in listed] == list(bad)


def test_mixed_sizes_and_colours_become_48x48_grey(tmp_path):
    shapes = [(96, 96), (48, 48, 3), (64, 80, 4)]
    files = {
        f"{split}/happy/{number}.png": png(np.full(shape, 255, dtype=np.uint8))
        for split in ("train", "validation", "test")
        for number, shape in enumerate(shapes)
    }
    assert main([str(write_folder(tmp_path / "faces", files)), "--out", str(tmp_path / "out")]) == 0
    dataset = open_dataset(tmp_path / "out")
    assert dataset.images.shape == (9, 48, 48)
    assert np.unique(dataset.images).tolist() == [255]
    assert dataset.labels.tolist() == [3] * 9


def test_kaggle_prepares_what_kagglehub_returns(tmp_path, monkeypatch):
    folder = write_folder(tmp_path / "versions" / "1", FILES)
    monkeypatch.setattr(kagglehub, "dataset_download", lambda handle: str(folder))
    assert main(["--kaggle", "--out", str(tmp_path / "out")]) == 0
    assert open_dataset(tmp_path / "out").info["source"]["name"] == "msambare/fer2013"


@pytest.mark.parametrize("arguments", [[], ["archive.zip", "--kaggle"]])
def test_source_or_kaggle_one_of_them(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "give either SOURCE or --kaggle" in capsys.readouterr().err


def test_ctrl_c_ends_with_130_and_leaves_the_earlier_data_set(tmp_path, monkeypatch, capfd, earlier):
    decode, calls = listing.decode_face, []

    def interrupted(data, *arguments, **named):
        calls.append(data)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return decode(data, *arguments, **named)

    monkeypatch.setattr(listing, "decode_face", interrupted)
    assert main([str(write_zip(tmp_path / "archive.zip", FILES)), "--out", str(earlier[0])]) == 130
    assert "prepare_data: interrupted" in capfd.readouterr().err
    assert_untouched(earlier)


@pytest.mark.slow
def test_a_full_disk_ends_with_2_and_leaves_the_earlier_data_set(tmp_path, earlier):
    path = write_zip(tmp_path / "archive.zip", FILES)

    def limit_file_size():  # writing on fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    command = [sys.executable, str(SCRIPT), str(path), "--out", str(earlier[0])]
    ended = subprocess.run(command, preexec_fn=limit_file_size, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 2
    assert f"prepare_data: cannot write the data set in {earlier[0]}: [Errno 27] File too large" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert_untouched(earlier)


def test_labels_of_most_people_make_a_data_set_of_their_own(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Most people say neutral, angry and neutral of the first three; on the last nobody voted.
    names = ("train/fear/Training_49732659", "test/angry/PublicTest_10813312", "test/angry/PrivateTest_1054527")
    names += ("test/angry/PrivateTest_26784100",)
    files = {f"{name}.png": png(record.pixels) for name, record in zip(names, RECORDS, strict=False)}
    assert main([str(write_zip(tmp_path / "archive.zip", files)), "--labels", "ferplus"]) == 0
    found = open_dataset("data/ferplus")
    assert (found.name, sorted(found.ids.tolist())) == ("ferplus", sorted(names[:3]))
    assert found.votes.shape == (3, 8)
    printed = capsys.readouterr().out
    assert "Note: Labels are what most people say (FER+): 3 of 4 images" in printed
    assert "Licence: Images: as FER2013. Votes: FER+, copyright Microsoft Corporation, MIT licence" in printed
    assert "python scripts/train.py --recipe people --data data/ferplus" in printed


def test_labels_of_most_people_need_fer2013(tmp_path, capsys):
    archive = write_zip(tmp_path / "archive.zip", FILES)
    assert main([str(archive), "--labels", "ferplus", "--out", str(tmp_path / "out")]) == 2
    assert "the votes of FER+ are on images of FER2013" in capsys.readouterr().err


def test_a_name_makes_a_data_set_of_its_own_in_any_size_and_colour(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = {
        f"{split}/{name}/{number}.png": png(np.full((20, 20, 3), (200, 100, 50), dtype=np.uint8))
        for split in ("train", "test")
        for name in ("anger", "contempt", "bored")
        for number in range(10)
    }
    path = str(write_folder(tmp_path / "faces", files))
    assert main([path, "--name", "mine"]) == 2
    assert "--map bored=angry or --map bored=drop, or name all classes with --classes" in capsys.readouterr().err
    assert main([path, "--name", "mine", "--size", "64", "--color", "--map", "bored=drop"]) == 0
    printed = capsys.readouterr().out
    dataset = open_dataset("data/mine")
    assert (dataset.name, dataset.classes, dataset.images.shape) == ("mine", ("angry", "contempt"), (40, 64, 64, 3))
    assert np.unique(dataset.images.reshape(-1, 3), axis=0).tolist() == [[200, 100, 50]]
    assert "data/mine: 40 images from faces\nimages in a folder; stored as 64x64 colour" in printed
    assert "Left out as chosen: 20 of bored" in printed
    assert printed.endswith("Next: python scripts/train.py --recipe report-cnn --data data/mine\n")


def test_a_test_set_says_that_it_cannot_be_trained_on(tmp_path, capsys):
    path = write_csv(tmp_path / "fer2013.csv", RECORDS)
    assert main([str(path), "--out", str(tmp_path / "out"), "--as", "test", "--map", "disgust=drop"]) == 0
    printed = capsys.readouterr().out
    assert "test (all images) [test]" in printed
    assert "Note: --as test: all images are test images, whatever the source says" in printed
    assert "Note: no train and no val split: what needs it will say so" in printed
    assert "Left out as chosen: 6 of disgust" in printed
    assert f"Next: python scripts/evaluate.py RUN --data {tmp_path / 'out'}" in printed
    assert open_dataset(tmp_path / "out").classes == ("angry", "fear", "happy", "sad", "surprise", "neutral")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--map", "anger"], "--map: received 'anger', expected pairs"),
        (["--map", "anger=cross"], "--map anger=cross: expected drop or one of angry"),
        (["--classes", "happy"], "--classes: received 1 entries"),
        (["--size", "4"], "--size: received 4, expected 8 to 1024 pixels"),
        (["--subject", "("], "--subject: '(' is no regular expression"),
    ],
)
def test_a_wrong_flag_is_one_message(tmp_path, capsys, flags, message):
    assert main([str(tmp_path), "--out", str(tmp_path / "out"), *flags]) == 2
    assert message in capsys.readouterr().err
