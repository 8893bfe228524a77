"""prepare_data.py --find-faces, and what it is made of."""

import json

import numpy as np
import pytest
from PIL import Image

from fercore.data.dataset import open_dataset
from fercore.data.decode import read_photo
from fercore.inference.faces import Face, crop_face
from fercore.inference.looking import look
from fercore.inference.portraits import largest_face
from scripts.prepare_data import main
from tests.factories.data import make_records, png, write_csv, write_folder

NOISE = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
WIDE = ("angry", "happy")


@pytest.fixture
def portraits(tmp_path, portrait):
    """Photos of one face each, larger and smaller, in folders of classes."""
    files = {}
    for split in ("train", "val", "test"):
        for number, name in enumerate(WIDE):
            side = 400 + 100 * number
            files[f"{split}/{name}/{side}.png"] = png(np.asarray(Image.fromarray(portrait).resize((side, side))))
    return write_folder(tmp_path / "portraits", files)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mtcnn", pytest.param("yunet", marks=pytest.mark.detector)])
def test_faces_of_portraits_are_cropped_as_predict_crops_them(portraits, tmp_path, name, request):
    detector = request.getfixturevalue(name)
    file = "mtcnn" if name == "mtcnn" else str(request.getfixturevalue("yunet_file"))
    out = tmp_path / "out"
    assert main([str(portraits), "--out", str(out), "--find-faces", "--detector", file]) == 0
    dataset = open_dataset(out)
    photo = read_photo((portraits / "test/angry/400.png").read_bytes()).pixels
    row = dataset.ids.tolist().index("test/angry/400")
    assert np.array_equal(dataset.images[row], look(photo, detector).crops[0])
    assert json.loads((out / "dataset.json").read_text())["source"]["options"]["find_faces"] == name


@pytest.mark.slow
def test_a_picture_without_a_face_is_a_bad_one(portraits, tmp_path, capsys):
    write_folder(portraits, {"train/angry/wall.png": png(NOISE)})
    assert main([str(portraits), "--out", str(tmp_path / "out"), "--find-faces"]) == 2
    assert "train/angry/wall.png: no face is found in it; mend or remove it" in capsys.readouterr().err
    assert main([str(portraits), "--out", str(tmp_path / "out"), "--find-faces", "--skip-bad"]) == 0
    assert len(open_dataset(tmp_path / "out").ids) == 6


def test_a_table_has_no_faces_to_find(tmp_path, capsys):
    table = write_csv(tmp_path / "fer2013.csv", make_records(per_class=1))
    assert main([str(table), "--out", str(tmp_path / "out"), "--find-faces"]) == 2
    assert "--find-faces: fer2013.csv is a table" in capsys.readouterr().err


def test_a_detector_that_is_absent_is_told(portraits, tmp_path, capsys):
    assert main([str(portraits), "--out", str(tmp_path / "out"), "--find-faces", "--detector", "/absent"]) == 2
    assert "there is no file /absent" in capsys.readouterr().err


def test_of_several_faces_the_largest_is_taken_in_size_and_colour_as_asked():
    small, large = Face((0, 0, 50, 50), 0.99, "mtcnn"), Face((100, 100, 200, 210), 0.95, "mtcnn")
    told = []
    crop = largest_face(lambda picture: [small, large])(png(NOISE), 64, 3, told.append)
    assert np.array_equal(crop, crop_face(NOISE, large, 64, 3))
    assert crop.shape == (64, 64, 3)
    assert told == ["the largest of 2 faces is taken"]


def test_a_square_in_which_no_face_is_found_is_no_portrait():
    assert largest_face(lambda picture: [])(png(NOISE[:48, :48]), 48, 1, print) is None
