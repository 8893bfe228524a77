import numpy as np
import pytest
from PIL import Image

from fercore.fields import ConfigError
from fercore.inference.detector_file import VARIABLE
from fercore.inference.detectors import Detector, Found, Mtcnn, YuNet, open_detector
from fercore.inference.faces import Face

PICTURE = np.zeros((600, 800, 3), np.uint8)


class Planted(Detector):
    """Finds what it is given, in pixels of the reduced picture."""

    name, min_score = "planted", 0.5

    def __init__(self, found, longest=400, smallest=0.1, **settings):
        super().__init__(longest, smallest, **settings)
        self.found, self.seen = found, []

    def _find(self, picture):
        self.seen.append(picture.shape)
        return [Found(*one) for one in self.found]


def test_boxes_come_back_in_pixels_of_the_picture_and_within_it():
    find = Planted([(10, 20, 50, 60, 0.9), (-5, 250, 60, 70, 1.2), (400, 0, 50, 50, 0.9)])
    assert find(PICTURE) == [
        Face((20, 40, 120, 160), 0.9, "planted"),
        Face((0, 500, 110, 600), 1.0, "planted"),  # cut to the picture; the third lies outside it
    ]
    assert find.seen == [(300, 400, 3)]


def test_faces_of_a_lower_score_are_left_out():
    found = [(0, 0, 50, 50, score) for score in (0.49, 0.5, 0.7)]
    assert [face.score for face in Planted(found)(PICTURE)] == [0.5, 0.7]
    assert [face.score for face in Planted(found, min_score=0.6)(PICTURE)] == [0.7]
    assert len(Planted(found, min_score=0.0)(PICTURE)) == 3


@pytest.mark.parametrize(("shape", "count"), [((600, 800), 1), ((300, 400), 2), ((100, 300), 2)])
def test_the_smallest_face_follows_the_size_of_the_picture(shape, count):
    found = [(0, 0, 39, 30, 0.9), (100, 0, 20, 40, 0.9)]  # of a tenth of 400 pixels only one has a side
    find = Planted(found, smallest=0.1, longest=800)
    assert len(find(np.zeros((*shape, 3), np.uint8))) == (0 if shape == (600, 800) else count - (shape == (300, 400)))


@pytest.mark.parametrize(
    ("eyes", "tilt"),
    [
        (((10, 20), (40, 20)), 0),
        (((10, 20), (40, 27)), 0),  # 13 degrees, less than what counts
        (((10, 20), (40, 29)), 16.7),
        (((10, 20), (40, 50)), 45),
        (((40, 50), (10, 20)), 45),  # whichever is named first
        (((10, 50), (40, 20)), -45),
        (None, 0),
    ],
)
def test_a_head_leans_as_its_eyes_do(eyes, tilt):
    assert Planted([(0, 0, 50, 50, 0.9, eyes)])(PICTURE)[0].tilt == pytest.approx(tilt, abs=0.01)


@pytest.mark.parametrize("angle", [-35, 35])
def test_a_head_that_leans_is_seen_to_lean(portrait, mtcnn, angle):
    leaning = np.asarray(Image.fromarray(portrait).rotate(-angle, Image.Resampling.BICUBIC, center=(228, 110)))
    (face,) = mtcnn(leaning)
    assert face.tilt == pytest.approx(angle, abs=8)


def test_mtcnn_takes_the_place_of_yunet_where_its_file_is_not_known(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert isinstance(open_detector(), Mtcnn)
    assert isinstance(open_detector(video=True, min_score=0.3), Mtcnn)


@pytest.mark.detector
def test_yunet_is_taken_where_its_file_is_known(monkeypatch, yunet_file):
    assert isinstance(open_detector(yunet_file), YuNet)
    monkeypatch.setenv(VARIABLE, str(yunet_file))
    assert isinstance(open_detector(), YuNet)
    assert isinstance(open_detector("mtcnn"), Mtcnn)
    assert open_detector(min_score=0.31).min_score == 0.31


@pytest.mark.detector
def test_yunet_gives_faces_of_a_low_score_where_they_are_asked_for(portrait, yunet_file):
    lying = np.ascontiguousarray(np.rot90(portrait))
    (score,) = [face.score for face in open_detector(yunet_file)(lying)]
    assert open_detector(yunet_file, min_score=score + 0.01)(lying) == []
    assert len(open_detector(yunet_file, min_score=score - 0.01)(lying)) == 1


@pytest.mark.detector
@pytest.mark.parametrize("size", [(640, 480), (301, 418), (97, 64)])
def test_both_engines_of_yunet_find_the_same(portrait, yunet_file, monkeypatch, size):
    picture = np.asarray(Image.fromarray(portrait).resize(size))
    found = YuNet(yunet_file, min_score=0.3)(picture)
    monkeypatch.setattr("fercore.inference.detectors.opens", lambda content: False)
    expected = YuNet(yunet_file, min_score=0.3)(picture)
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        assert one.box == pytest.approx(other.box, abs=1e-3)
        assert (one.score, one.tilt) == pytest.approx((other.score, other.tilt), abs=1e-4)


def test_a_file_that_is_no_detector_is_refused(tmp_path):
    (tmp_path / "notes.onnx").write_text("a shopping list")
    with pytest.raises(ConfigError, match=r"notes\.onnx: OpenCV cannot find faces with it"):
        open_detector(tmp_path / "notes.onnx")


@pytest.mark.parametrize("score", [-0.1, 1.1])
def test_scores_are_shares(score):
    with pytest.raises(ConfigError, match="--min-score: received"):
        open_detector("mtcnn", min_score=score)
