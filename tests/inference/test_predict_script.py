"""scripts/predict.py as a user starts it."""

import os
import runpy
import shutil
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from fercore.inference.predictor import Predictor
from tests.factories.clips import write_clip
from tests.factories.data import png, write_folder
from tests.factories.runs import make_run
from tests.inference.conftest import PORTRAIT

ROOT = Path(__file__).resolve().parents[2]
FACES = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)


@pytest.fixture
def place(tmp_path):
    make_run(tmp_path / "runs", "toy", weights=True, n=700, accuracy=0.9)
    write_folder(tmp_path / "pictures", {f"{number}.png": png(face) for number, face in enumerate(FACES)})
    return tmp_path


def predict(place, *arguments) -> int:
    """The script in this process; its exit code."""
    command = ["toy", *arguments, "--runs", place / "runs"]
    try:
        runpy.run_path(str(ROOT / "scripts" / "predict.py"))["main"](list(map(str, command)))
    except SystemExit as stop:
        return stop.code
    return 0


@pytest.mark.slow
def test_a_table_of_all_faces_is_written(place, capsys):
    shutil.copy(PORTRAIT, place / "pictures" / "portrait.jpg")
    assert predict(place, place / "pictures", "--out", place / "faces.csv") == 0
    found = pd.read_csv(place / "faces.csv")
    assert [Path(name).name for name in found["file"]] == ["0.png", "1.png", "2.png", "portrait.jpg"]
    expected = Predictor.from_run(place / "runs" / "toy").predict(FACES)
    assert found["happy"][:3].tolist() == pytest.approx(expected.probabilities[:, 3], abs=1e-6)
    assert 170 < found["left"][3] < 206 < 249 < found["right"][3] < 290
    said = capsys.readouterr()
    assert "Pictures: 4, of them without a face: 0. Faces: 4." in said.err
    assert "Sure means a probability of at least" in said.err
    assert said.out == ""


def test_without_a_file_the_table_goes_to_stdout(place, capfdbinary):
    assert predict(place, place / "pictures" / "1.png", "--tta", "flip", "--no-detect") == 0
    header, row = capfdbinary.readouterr().out.decode().splitlines()
    assert header.startswith("file,time,face,left,top,right,bottom,score,found_by,rotation,angry,")
    assert row.startswith(f"{place / 'pictures' / '1.png'},,1,0.0,0.0,48.0,48.0,,unsearched,0.0,")


def test_bad_files_are_named_at_the_end_and_the_exit_code_says_so(place, capsys):
    write_folder(place / "pictures", {"00.jpg": b"", "phone.heic": b"\0\0\0\x18ftypheic"})
    assert predict(place, place / "pictures", place / "absent.png", "--out", place / "faces.csv") == 1
    assert len(pd.read_csv(place / "faces.csv")) == 3
    said = capsys.readouterr().err
    assert "3 files could not be read:" in said
    for name, reason in {"00.jpg": "the file is empty", "phone.heic": "(HEIF, AVIF)", "absent.png": "no such"}.items():
        assert f"{name}: " in said
        assert reason in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--fps", "0"), "--fps: received 0"),
        (("--out", "/absent/faces.csv"), "there is no folder /absent"),
        (("--look-every", "0"), "--look-every: received 0, expected 1 to 30 frames"),
        (("--look-every", "2", "--no-detect"), "leave out --no-detect, or this"),
        (("--smooth", "0.5"), "give --tracks as well"),
        (("--smooth", "-1", "--tracks"), "--smooth: received -1, expected 0 to 10 seconds"),
        (("--min-score", "90"), "--min-score: received 90, expected 0 to 1"),
        (("--detector", "/absent.onnx"), "there is no file /absent.onnx"),
    ],
)
def test_settings_are_checked_before_anything_is_read(place, capsys, arguments, message):
    assert predict(place, place / "pictures", *arguments) == 2
    assert message in capsys.readouterr().err


def test_an_earlier_table_outlives_a_failure(place, capsys):
    (place / "faces.csv").write_text("precious")
    weights = place / "runs" / "toy" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    assert predict(place, place / "pictures", "--out", place / "faces.csv") == 2
    assert "cannot be loaded" in capsys.readouterr().err
    assert (place / "faces.csv").read_text() == "precious"


@pytest.mark.parametrize("content", [b"no picture", b"", None])
def test_nothing_readable_replaces_no_earlier_table(place, capsys, content):
    (place / "faces.csv").write_text("precious")
    if content is not None:
        (place / "broken.png").write_bytes(content)
    assert predict(place, place / "broken.png", "--out", place / "faces.csv") == 1
    assert (place / "faces.csv").read_text() == "precious"
    assert "Nothing could be read, so nothing is stored in" in capsys.readouterr().err
    assert [path.name for path in place.iterdir() if path.name.startswith(".tmp-")] == []


def test_a_folder_without_a_picture_replaces_no_earlier_table(place, capsys):
    (place / "faces.csv").write_text("precious")
    write_folder(place / "texts", {"notes.txt": b"a shopping list"})
    assert predict(place, place / "texts", "--out", place / "faces.csv") == 1
    assert (place / "faces.csv").read_text() == "precious"
    assert "notes.txt: neither a picture nor a video" in capsys.readouterr().err


def test_pictures_without_a_face_do_replace_it(place):
    (place / "blank.png").write_bytes(png(np.full((100, 100), 9, np.uint8)))
    assert predict(place, place / "blank.png", "--out", place / "faces.csv", "--faceless") == 0
    assert pd.read_csv(place / "faces.csv")["face"].tolist() == [0]


def test_blank_pictures_and_noise_are_never_a_sure_answer(place, capsys):
    rng = np.random.default_rng(0)
    files = {f"noise{side}.png": png(rng.integers(0, 256, (side, side), dtype=np.uint8)) for side in (65, 100, 128)}
    files |= {"blank.png": png(np.zeros((100, 100), np.uint8)), "pixel.png": png(np.zeros((1, 1), np.uint8))}
    write_folder(place / "odd", files)
    assert predict(place, place / "odd", "--out", place / "faces.csv") == 0
    found = pd.read_csv(place / "faces.csv")
    assert sorted(Path(name).name for name in found["file"]) == ["noise100.png", "noise128.png", "noise65.png"]
    assert set(found["found_by"]) == {"nothing"}
    assert not found["sure"].any()
    assert "Pictures: 5, of them without a face: 2. Faces: 3." in capsys.readouterr().err


def test_what_a_folder_holds_beside_pictures_is_counted_and_named(place, capsys):
    write_folder(place / "pictures", {"scan": png(FACES[0]), "notes.txt": b"", "old.jfif": b""})
    (place / "pictures" / "more").symlink_to(place)
    assert predict(place, place / "pictures", "--out", place / "faces.csv") == 1  # old.jfif is empty
    said = capsys.readouterr().err
    assert "2 files and folders were left out:" in said
    assert "notes.txt: neither a picture nor a video" in said
    assert "more: a link to a folder, which is not followed" in said
    assert "old.jfif: the file is empty" in said
    assert Path(pd.read_csv(place / "faces.csv")["file"].iloc[-1]).name == "scan"


def test_a_folder_that_cannot_be_opened_is_named_and_the_exit_code_says_so(place, capsys, monkeypatch):
    write_folder(place / "pictures", {"locked/a.png": png(FACES[0])})
    list_folder = os.scandir

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert predict(place, place / "pictures", "--out", place / "faces.csv") == 1
    assert len(pd.read_csv(place / "faces.csv")) == 3
    assert "locked: Permission denied" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.detector
def test_the_table_names_the_detector(place, yunet_file):
    for detector, name in {yunet_file: "yunet", "mtcnn": "mtcnn"}.items():
        assert predict(place, PORTRAIT, "--detector", detector, "--out", place / "faces.csv") == 0
        assert pd.read_csv(place / "faces.csv")["found_by"].tolist() == [name]
    assert predict(place, PORTRAIT, "--min-score", "1", "--out", place / "faces.csv") == 0
    assert pd.read_csv(place / "faces.csv").empty


def test_tracks_subtitles_and_an_annotated_video(place, capsys):
    names = {"--out": "faces.csv", "--subtitles": "talk.vtt", "--annotate": "said.mp4"}
    files = [part for flag, name in names.items() for part in (flag, place / name)]
    assert predict(place, write_clip(place / "talk.mp4"), "--no-detect", "--fps", "5", "--tracks", *files) == 0
    found = pd.read_csv(place / "faces.csv")
    assert found["track"].tolist() == [1, 1, 1, 2, 2, 2]  # a cut
    assert found["time"].tolist() == [0, 0.3, 0.6, 1, 1.3, 1.6]
    cues = (place / "talk.vtt").read_text().split("\n\n")
    assert cues[0] == "WEBVTT"
    assert cues[1].startswith("00:00:00.000 --> 00:00:00.800\nPerson 1: ")
    with av.open(str(place / "said.mp4")) as file:
        assert [frame.time for frame in file.decode(video=0)] == pytest.approx([0, 0.3, 0.6, 1, 1.3, 1.6], abs=1e-3)
        assert file.streams.audio
    assert f"Stored in {place / 'said.mp4'}." in capsys.readouterr().err


def test_smoothed_answers_say_so(place):
    files = ("--out", place / "faces.csv", "--subtitles", place / "talk.vtt")
    clip = write_clip(place / "talk.mp4")
    assert predict(place, clip, "--no-detect", "--fps", "5", "--tracks", "--smooth", "0.5", *files) == 0
    found = pd.read_csv(place / "faces.csv")
    assert found.columns[-1] == "smoothing"
    assert set(found["smoothing"]) == {0.5}
    cues = (place / "talk.vtt").read_text().split("\n\n")
    assert cues[1] == "NOTE Probabilities are averaged over time, time constant 0.5 s."


def test_a_part_of_a_video(place):
    arguments = ("--no-detect", "--fps", "5", "--start", "0.5", "--end", "1.4", "--out", place / "faces.csv")
    assert predict(place, write_clip(place / "talk.mp4"), *arguments) == 0
    found = pd.read_csv(place / "faces.csv")
    assert found["time"].tolist() == [0.6, 1, 1.3]
    assert "track" not in found.columns


def test_a_part_that_a_video_does_not_have_is_told(place, capsys):
    assert (
        predict(place, write_clip(place / "talk.mp4"), "--no-detect", "--start", "5", "--out", place / "faces.csv") == 1
    )
    assert "no frame between second 5 and its end" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pictures", "--tracks", "--out", "a.csv", "--subtitles", "a.vtt"), "expected one video"),
        (("talk.mp4", "talk.mp4", "--tracks", "--out", "a.csv", "--annotate", "a.mp4"), "received 2 paths"),
        (("talk.mp4", "--out", "a.csv", "--annotate", "a.mp4"), "give --tracks and --out"),
        (("talk.mp4", "--tracks", "--annotate", "a.mp4"), "give --tracks and --out"),
        (("talk.mp4", "--tracks", "--out", "a.csv", "--annotate", "talk.mp4"), "names of their own"),
        (("talk.mp4", "--tracks", "--out", "a.csv", "--annotate", "no/a.mp4"), "--annotate: there is no folder no"),
        (("talk.mp4", "--start", "3", "--end", "2"), "the start before the end"),
        (("talk.mp4", "--start", "nan"), "the start before the end"),
    ],
)
def test_what_a_video_needs_is_checked_first(place, capsys, monkeypatch, arguments, message):
    before = write_clip(place / "talk.mp4").read_bytes()
    monkeypatch.chdir(place)
    assert predict(place, *arguments) == 2
    assert message in capsys.readouterr().err
    assert (place / "talk.mp4").read_bytes() == before
    assert not (place / "a.csv").exists()
