"""Answers opened from the files that the product writes, and what is said of others."""

import io
from pathlib import Path

import numpy as np
import pytest

from fercore.emotions import EMOTIONS
from fercore.inference.batch import TAKEN, WEBCAM, Found, write_answers
from fercore.inference.faces import Face
from fercore.inference.predictor import Answers
from fercore.inference.saved import UnreadableAnswers, read_saved
from fercore.inference.timeline import classes_of, smoothing_of, spans
from tests.factories.looks import make_looks

LOOKS = make_looks([(0.0, 1, "happy", 0.8, True), (0.5, 1, "happy", 0.8, False), (1.0, 2, "sad", 0.6, True)])


def csv(table=LOOKS, **changes):
    return table.assign(**changes).to_csv(index=False).encode()


def test_a_table_of_a_video_opens_as_it_was():
    saved = read_saved(csv())
    assert (list(saved.tables), saved.step, saved.looks, saved.webcam) == ([""], 0.5, 3, False)
    assert spans(saved.tables[""], 0.5).equals(spans(LOOKS, 0.5))


def test_smoothed_answers_say_so_still():
    assert smoothing_of(read_saved(csv(smoothing=0.5)).tables[""]) == 0.5


def test_pictures_beside_a_video_are_passed_over():
    assert len(read_saved(csv(file=["a.png", "talk.mp4", "talk.mp4"], track=[None, 1, 2])).tables[""]) == 2


def test_the_webcam_has_a_table_for_each_run():
    rows = [
        f"0.0,a,1,90.1,8.1,happy,True,{','.join(['0.4'] * 7)}",
        f"0.0,b,1,90.1,9.1,sad,False,{','.join(['0.4'] * 7)}",
        "0.5,a,0,90.1,,,,,,,,,,",
        f"1.0,a,2,90.1,8.1,happy,True,{','.join(['0.4'] * 7)}",
    ]
    saved = read_saved("\n".join([",".join([*WEBCAM, *EMOTIONS]), *rows]).encode())
    assert (saved.step, saved.looks, saved.webcam) == (1.0, 2, True)
    assert {run: table["time"].tolist() for run, table in saved.tables.items()} == {"a": [0, 1], "b": [0]}
    assert saved.tables["b"]["sure"].tolist() == [False]


class Odd:
    """Knows a class for every column that there is, each time the next one."""

    classes = tuple(sorted(TAKEN))

    def predict(self, crops):
        return Answers(np.eye(len(TAKEN), dtype=np.float32)[: len(crops)], np.ones(len(crops), bool))


def test_classes_called_as_columns_are_told_apart_from_them():
    face, crop = Face((1.0, 2.0, 30.0, 31.0), 0.9, "yunet"), np.zeros((48, 48), np.uint8)
    looks = [Found(Path("talk.mp4"), time, 1, face, crop, 1) for time in (0.0, 0.5)]
    file = io.BytesIO()
    write_answers(file, looks, Odd(), tracks=True)
    table = read_saved(file.getvalue()).tables[""]
    own = [f"{name} (class)" for name in Odd.classes]
    assert list(classes_of(table)) == own
    assert table[own].to_numpy().tolist() == np.eye(len(own))[:2].tolist()
    assert table["label"].tolist() == own[:2]
    assert table[["time", "track", "left", "score"]].to_numpy().tolist() == [[0.0, 1, 1.0, 0.9], [0.5, 1, 1.0, 0.9]]
    assert spans(table, 0.5)[["start", "end", "answer"]].to_numpy().tolist() == [[0, 0.5, own[0]], [0.5, 1, own[1]]]


CLASHING = LOOKS.rename(columns={"sad": "probability"})
WEBCAMS = f"{','.join(WEBCAM)},time\n0,a,1,1,1,time,True,0.5\n".encode()
REFUSED = {
    "empty": (b"", "not a table of comma-separated values"),
    "bytes": (bytes(range(256)) * 9, "expected what scripts/predict.py --tracks writes"),
    "another table": (b"a,b\n1,2\n", "other columns than those of answers"),
    "no tracks": (csv(LOOKS.drop(columns="track")), "without the column track: write it with --tracks"),
    "no faces": (csv(LOOKS[:0]), "no answer for a face"),
    "several videos": (csv(file=["a.mp4", "a.mp4", "b.mp4"]), "answers for 2 videos"),
    "words for figures": (csv(happy=["0.8", "x", "0.8"]), "row 2 of its faces"),
    "more than all": (csv(happy=[0.8, 0.8, 1.8]), "row 3 of its faces"),
    "no class": (csv(label="bored"), "row 1 of its faces"),
    "no time": (csv(time=[0.0, None, 1.0]), "row 2 of its faces"),
    "an age": (csv(time=[0.0, 0.5, 1e308]), "row 3 of its faces"),
    "a class called as a column": (csv(CLASHING), "a class is called 'probability'"),
    "the same of the webcam": (WEBCAMS, "a class is called 'time'"),
    "half a track": (csv(track=[1, 1.5, 2]), "tracks that are no whole numbers"),
    "a track beyond integers": (csv(track=[1, 1e308, 2]), "tracks that are no whole numbers"),
    "hundreds of digits": (csv(time=["0.0", "9" * 400, "1.0"]), "row 2 of its faces"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_of_answers_is_told(name):
    data, reason = REFUSED[name]
    with pytest.raises(UnreadableAnswers, match=reason):
        read_saved(data)


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr("fercore.inference.saved.MOST_ROWS", 2)
    with pytest.raises(UnreadableAnswers, match="more than 2 rows"):
        read_saved(csv())
