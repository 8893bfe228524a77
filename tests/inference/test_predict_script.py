"""scripts/predict.py as a user starts it."""

import runpy
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fercore.inference.predictor import Predictor
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
    assert header.startswith("file,time,face,left,top,right,bottom,score,angry,")
    assert row.startswith(f"{place / 'pictures' / '1.png'},,1,0.0,0.0,48.0,48.0,,")


def test_bad_files_are_named_at_the_end_and_the_exit_code_says_so(place, capsys):
    write_folder(place / "pictures", {"00.jpg": b"", "phone.heic": b"\0\0\0\x18ftypheic"})
    assert predict(place, place / "pictures", place / "absent.png", "--out", place / "faces.csv") == 1
    assert len(pd.read_csv(place / "faces.csv")) == 3
    said = capsys.readouterr().err
    assert "3 files could not be read:" in said
    for name, reason in {"00.jpg": "the file is empty", "phone.heic": "a HEIC", "absent.png": "no such"}.items():
        assert f"{name}: " in said
        assert reason in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--fps", "0"), "--fps: received 0"), (("--out", "/absent/faces.csv"), "there is no folder /absent")],
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
