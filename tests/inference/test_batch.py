import io
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from fercore.emotions import EMOTIONS
from fercore.inference.batch import AT_ONCE, COLUMNS, Found, Survey, columns, write_answers
from fercore.inference.faces import Face
from fercore.inference.predictor import Answers
from tests.factories.data import png, write_folder
from tests.factories.videos import write_timed, write_video


class Gray:
    """Answers with the gray of a face's first pixel, in hundredths, for happy; the rest is neutral."""

    classes = EMOTIONS

    def __init__(self):
        self.batches = []

    def predict(self, crops):
        self.batches.append(len(crops))
        probabilities = np.zeros((len(crops), 7), np.float32)
        probabilities[:, 3] = [crop[0, 0] / 100 for crop in crops]
        probabilities[:, 6] = 1 - probabilities[:, 3]
        return Answers(probabilities, probabilities.max(axis=1) >= 0.75)


def gray(value, shape=(48, 48)):
    """A picture of one gray, but for its lower half: what is blank has no face."""
    picture = np.full((*shape, 3), value, np.uint8)
    picture[shape[0] // 2 :] += 100
    return picture


def table(survey, files) -> pd.DataFrame:
    file = io.BytesIO()
    count = write_answers(file, survey.faces(files), Gray())
    found = pd.read_csv(io.BytesIO(file.getvalue()))
    assert tuple(found.columns) == COLUMNS
    assert (found["face"] > 0).sum() == count
    return found


def test_a_row_for_each_face(tmp_path):
    write_folder(tmp_path, {"a.png": png(gray(80)), "b.png": png(gray(30, (48, 100)))})
    found = table(Survey(None), [tmp_path / "a.png", tmp_path / "b.png"])
    assert found["file"].tolist() == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    assert found["time"].isna().all()
    assert found["score"].isna().all()
    assert found[["left", "top", "right", "bottom"]].to_numpy().tolist() == [[0, 0, 48, 48], [0, 0, 100, 48]]
    assert found[list(EMOTIONS)].to_numpy() == pytest.approx(
        np.array([[0, 0, 0, 0.8, 0, 0, 0.2], [0, 0, 0, 0.3, 0, 0, 0.7]])
    )
    assert found["label"].tolist() == ["happy", "neutral"]
    assert found["sure"].tolist() == [True, False]


def test_faces_are_numbered_within_their_picture(tmp_path):
    picture = np.concatenate([gray(10, (200, 300)), gray(20, (200, 300))], axis=1)
    write_folder(tmp_path, {name: png(picture) for name in ("a.png", "b.png")})
    faces = [Face((50, 50, 150, 150.25), 0.91237, "yunet"), Face((400, 50, 500, 150), 0.8, "yunet", 180)]
    found = table(Survey(lambda pixels: faces), [tmp_path / "a.png", tmp_path / "b.png"])
    assert found["face"].tolist() == [1, 2, 1, 2]
    assert found["happy"].tolist() == pytest.approx([0.1, 1.2] * 2)  # the second one's crop is turned
    assert found["found_by"].tolist() == ["yunet"] * 4
    assert found["rotation"].tolist() == [0, 180] * 2
    assert found["score"].tolist() == [0.9124, 0.8] * 2
    assert found["bottom"].tolist() == [150.2, 150] * 2


def test_a_bad_file_leaves_the_others_standing(tmp_path):
    files = {f"{number}.png": png(gray(number)) for number in range(10)} | {"4.png": b"no picture"}
    survey = Survey(None)
    found = table(survey, sorted(write_folder(tmp_path, files).iterdir()))
    assert found["happy"].tolist() == pytest.approx([number / 100 for number in range(10) if number != 4])
    assert list(survey.bad) == [tmp_path / "4.png"]
    assert survey.bad[tmp_path / "4.png"].startswith("not an image of a known format")
    assert (survey.pictures, survey.faceless) == (9, 0)


def test_pictures_without_a_face_are_counted(tmp_path):
    write_folder(tmp_path, {"a.png": png(gray(5, (200, 200))), "b.png": png(gray(5))})
    survey = Survey(lambda pixels: [])
    assert len(table(survey, [tmp_path / "a.png", tmp_path / "b.png"])) == 1
    assert (survey.pictures, survey.faceless) == (2, 1)


def test_a_square_in_which_no_face_is_found_is_marked_and_never_sure(tmp_path):
    write_folder(tmp_path, {"a.png": png(gray(100)), "b.png": png(gray(100, (100, 100)))})
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    found = table(Survey(lambda pixels: []), files)
    assert found["found_by"].tolist() == ["nothing"] * 2
    assert found["sure"].tolist() == [False, False]
    assert found["happy"].tolist() == [1, 1]
    found = table(Survey(None), files)
    assert found["found_by"].tolist() == ["unsearched"] * 2
    assert found["sure"].tolist() == [True, True]


def test_pictures_without_a_face_have_rows_where_they_are_wanted(tmp_path):
    blank = np.full((48, 48, 3), 7, np.uint8)
    write_folder(tmp_path, {"a.png": png(blank), "b.png": png(gray(5)), "c.png": png(np.zeros((1, 1, 3), np.uint8))})
    found = table(Survey(None, faceless=True), sorted(tmp_path.iterdir()))
    assert found["face"].tolist() == [0, 1, 0]
    assert found.loc[[0, 2]].drop(columns=["file", "face"]).isna().all(axis=None)
    assert found["happy"][1] == pytest.approx(0.05)


def test_columns_are_the_classes_of_the_model(tmp_path):
    class Eight(Gray):
        classes = (*EMOTIONS, "contempt")

        def predict(self, crops):
            return Answers(np.eye(8, dtype=np.float32)[[7] * len(crops)], np.ones(len(crops), bool))

    file = io.BytesIO()
    write_answers(file, [Found(Path("a"), None, 1, Face((0, 0, 48, 48)), gray(0)[..., 0])], Eight())
    found = pd.read_csv(io.BytesIO(file.getvalue()))
    assert tuple(found.columns) == columns(Eight.classes)
    assert found["label"].tolist() == ["contempt"]
    assert found["contempt"].tolist() == [1]


def test_frames_of_a_video_have_their_time(tmp_path):
    video = write_video(tmp_path / "a.avi", [gray(10 * number) for number in range(8)], fps=4)
    found = table(Survey(None, fps=2), [video])
    assert found["time"].tolist() == [0, 0.5, 1, 1.5]
    assert found["happy"].tolist() == pytest.approx([0, 0.2, 0.4, 0.6], abs=0.03)


def bright_squares(picture):
    """A detector of bright squares, from left to right."""
    labels, count = ndimage.label(picture.mean(axis=2) > 200)
    places = sorted((box[1].start, box[0].start, box[1].stop, box[0].stop) for box in ndimage.find_objects(labels))
    assert len(places) == count
    return [Face(tuple(map(float, place)), 0.9, "yunet") for place in places]


def scene(*squares, ground=20):
    """A picture with bright squares of 40 pixels around places (x, y)."""
    picture = np.full((240, 480, 3), ground, np.uint8)
    picture[::8, ::8] += 30  # so that it is not blank
    for x, y in squares:
        picture[y - 20 : y + 20, x - 20 : x + 20] = 255
    return picture


def test_people_of_a_video_are_followed_past_each_other_through_an_absence_and_up_to_a_cut(tmp_path):
    times = [0, 0.1, 0.3, 0.4, 0.6, 0.7, 0.9, 1.0, 1.2, 1.3]  # no constant rate
    walker = [(round(60 + 300 * time), 60) for time in times]
    other = [(round(420 - 300 * time), 130) for time in times]  # they pass each other
    third = [(440, 200) if not 0.35 < time < 0.95 else None for time in times]  # leaves, and returns
    frames = [scene(*filter(None, places)) for places in zip(walker, other, third, strict=True)]
    cut = scene((440, 200), ground=180)
    video = write_timed(tmp_path / "a.mp4", [*frames, cut, cut], [*times, 1.5, 1.6])
    survey = Survey(bright_squares, fps=10, tracks=True)
    found = [(one.time, one.face.box, one.track) for one in survey.faces([video])]
    people = {1: walker, 2: other, 3: third}
    for number, (time, *_) in enumerate(zip(times, frames, strict=True)):
        here = {track: box for moment, box, track in found if moment == pytest.approx(time, abs=2e-3)}
        assert set(here) == {track for track, places in people.items() if places[number]}
        for track, box in here.items():
            assert (box[0] + box[2]) / 2 == pytest.approx(people[track][number][0], abs=3)
    assert [(round(time, 1), track) for time, _, track in found if time > 1.4] == [(1.5, 4), (1.6, 4)]


def test_faces_that_are_followed_have_no_score_of_their_own(tmp_path):
    frames, (down, across) = [], np.mgrid[:40, :40]
    chequered = 235 + 20 * np.sign(np.sin(across / 4) * np.sin(down / 5))[..., None]  # something to hold on to
    for number in range(5):
        places = (100 + 4 * number, 60), (380, 140 + 3 * number)
        frames.append(scene(*places))
        for x, y in places:
            frames[-1][y - 20 : y + 20, x - 20 : x + 20] = chequered
    video = write_timed(tmp_path / "a.mp4", frames, [n / 10 for n in range(5)])
    looked, followed = (
        table(Survey(bright_squares, fps=10, tracks=True, look_every=every), [video]) for every in (1, 3)
    )
    assert looked["score"].tolist() == [0.9] * 10
    assert followed["score"].fillna(0).tolist() == [0.9, 0.9, 0, 0, 0, 0, 0.9, 0.9, 0, 0]
    assert set(followed["found_by"]) == {"yunet"}
    edges = ["left", "top", "right", "bottom"]
    assert np.abs(looked[edges] - followed[edges]).max().max() < 3


def test_the_table_has_tracks_only_where_they_are_wanted(tmp_path):
    video = write_video(tmp_path / "a.avi", [gray(10), gray(10)], fps=2)
    write_folder(tmp_path, {"b.png": png(gray(5)), "c.png": png(np.full((48, 48, 3), 7, np.uint8))})
    survey = Survey(None, fps=2, faceless=True, tracks=True, span=(0.3, 9))
    file = io.BytesIO()
    assert write_answers(file, survey.faces([video, tmp_path / "b.png", tmp_path / "c.png"]), Gray(), True) == 2
    found = pd.read_csv(io.BytesIO(file.getvalue()))
    assert tuple(found.columns) == columns(tracks=True)
    assert found["time"].tolist()[:1] == [0.5]
    assert found["track"].fillna(0).tolist() == [1, 0, 0]
    assert "track" not in columns()


def test_faces_are_answered_in_batches_while_they_come():
    model, seen = Gray(), []

    def faces():
        for number in range(2 * AT_ONCE + 1):
            seen.append(len(model.batches))  # batches answered when this face is asked for
            yield Found(Path("a"), None, number, Face((0, 0, 48, 48)), gray(0)[..., 0])

    assert write_answers(io.BytesIO(), faces(), model) == 2 * AT_ONCE + 1
    assert model.batches == [AT_ONCE, AT_ONCE, 1]
    assert seen == [0] * AT_ONCE + [1] * AT_ONCE + [2]


def test_memory_does_not_grow_with_the_number_of_files(tmp_path):
    (tmp_path / "a.png").write_bytes(png(gray(7, (300, 300))))

    def peak(files):
        tracemalloc.start()
        with (tmp_path / "out.csv").open("wb") as file:
            write_answers(file, Survey(None).faces([tmp_path / "a.png"] * files), Gray())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(AT_ONCE)  # what is made once
    assert peak(10 * AT_ONCE) < 1.2 * peak(2 * AT_ONCE)


def test_names_that_are_no_text_leave_as_they_came():
    name = b'caf\xe9, "old".png'
    file = io.BytesIO()
    face = Found(Path(name.decode(errors="surrogateescape")), None, 1, Face((0, 0, 48, 48)), gray(0)[..., 0])
    write_answers(file, [face], Gray())
    assert b'\r\n"caf\xe9, ""old"".png",,1,' in file.getvalue()
