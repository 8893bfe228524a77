"""Spans, shares and subtitles follow from a table by hand."""

import io
import json

import pandas as pd
import pytest

from fercore.emotions import EMOTIONS
from fercore.inference.batch import TAKEN, WEBCAM
from fercore.inference.timeline import (
    UNSURE,
    answers,
    classes_of,
    py_feat,
    shares,
    smoothing_of,
    spans,
    subtitles,
    to_json,
)
from tests.factories.looks import make_looks

# Person 1 is happy at two looks, then not sure, is away for a second and comes back sad; person 2 comes later.
LOOKS = make_looks(
    [
        (0.0, 1, "happy", 0.8, True),
        (0.5, 1, "happy", 0.9, True),
        (1.0, 1, "happy", 0.55, False),
        (1.0, 2, "neutral", 0.7, True),
        (1.5, 2, "neutral", 0.7, True),
        (2.5, 1, "sad", 0.6, True),
    ]
)


def test_an_answer_stands_until_the_next_look_at_this_person():
    found = answers(LOOKS, 0.5)
    assert found[["track", "time", "end"]].to_numpy().tolist() == [
        [1, 0, 0.5],
        [1, 0.5, 1],
        [1, 1, 1.5],  # the next look is 1.5 s away, three steps
        [1, 2.5, 3],
        [2, 1, 1.5],
        [2, 1.5, 2],
    ]


def test_one_missed_look_is_bridged():
    found = answers(make_looks([(time, 1, "happy", 0.8, True) for time in (0.0, 0.2, 0.6, 0.8)]), 0.2)
    assert found["end"].tolist() == [0.2, 0.6, 0.8, 1.0]


def test_where_a_video_has_fewer_frames_than_asked_for_an_answer_stands_until_the_next():
    assert answers(make_looks([(0.0, 1, "happy", 1, True), (0.4, 1, "happy", 1, True)]), 0.1)["end"].tolist() == [
        0.4,
        0.5,
    ]
    assert answers(make_looks([(3.0, 1, "happy", 1, True)]), 0.2)["end"].tolist() == [3.2]


def test_looks_with_the_same_answer_are_one_span():
    found = spans(LOOKS, 0.5)
    assert found[["track", "start", "end", "answer", "looks"]].to_numpy().tolist() == [
        [1, 0, 1, "happy", 2],
        [1, 1, 1.5, "not sure", 1],
        [1, 2.5, 3, "sad", 1],
        [2, 1, 2, "neutral", 2],
    ]
    assert found["probability"].tolist() == pytest.approx([0.85, 0.55, 0.6, 0.7])


def test_the_same_answer_after_an_absence_is_another_span():
    away = make_looks([(time, 1, "happy", 0.8, True) for time in (0.0, 0.5, 3.0, 3.5)])
    assert spans(away, 0.5)[["start", "end"]].to_numpy().tolist() == [[0, 1], [3, 4]]


def test_shares_are_of_the_seconds_in_which_a_person_was_seen():
    found = shares(LOOKS, 0.5)
    assert found[["track", "answer", "seconds", "looks", "share"]].to_numpy().tolist() == [
        [1, "happy", 1, 2, 0.5],
        [1, "not sure", 0.5, 1, 0.25],
        [1, "sad", 0.5, 1, 0.25],
        [2, "neutral", 1, 2, 1],
    ]


def test_subtitles_are_in_the_order_of_time():
    assert subtitles(LOOKS, 0.5) == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:01.000\nPerson 1: happy 85 %\n\n"
        "00:00:01.000 --> 00:00:01.500\nPerson 1: not sure\n\n"
        "00:00:01.000 --> 00:00:02.000\nPerson 2: neutral 70 %\n\n"
        "00:00:02.500 --> 00:00:03.000\nPerson 1: sad 60 %\n"
    )


def test_subtitles_after_an_hour_and_of_odd_names():
    table = make_looks([(3725.5, 1, "happy", 0.8, True)]).rename(columns={"happy": "<b>&"})
    table["label"] = "<b>&"
    assert subtitles(table, 0.5).endswith("01:02:05.500 --> 01:02:06.000\nPerson 1: &lt;b&gt;&amp; 80 %\n")


def test_averaged_answers_say_so_in_every_file():
    smoothed = LOOKS.assign(smoothing=0.5)
    assert (smoothing_of(LOOKS), smoothing_of(smoothed)) == (0, 0.5)
    assert subtitles(smoothed, 0.5).split("\n\n")[1] == (
        "NOTE Probabilities are averaged over time, time constant 0.5 s."
    )
    assert "NOTE" not in subtitles(LOOKS, 0.5)
    assert [json.loads(to_json(table, 0.5))["smoothing"] for table in (LOOKS, smoothed)] == [0, 0.5]


def test_json_has_everything_by_person():
    found = json.loads(to_json(LOOKS, 0.5))
    assert found["classes"] == list(EMOTIONS)
    assert [person["track"] for person in found["persons"]] == [1, 2]
    one = found["persons"][0]
    assert one["shares"][0] == {"answer": "happy", "seconds": 1.0, "looks": 2, "share": 0.5}
    assert one["spans"][2] == {"start": 2.5, "end": 3.0, "answer": "sad", "probability": 0.6, "looks": 1}
    assert [look["happy"] for look in one["looks"]] == [0.8, 0.9, 0.55, 0.0]
    assert one["looks"][3]["left"] == 125


def test_py_feat_names():
    found = py_feat(LOOKS)
    assert found["frame"].tolist() == [0, 1, 2, 2, 3, 4]
    assert found["happiness"].tolist() == LOOKS["happy"].tolist()
    assert found.loc[3, ["FaceRectX", "FaceRectWidth", "FaceRectHeight"]].tolist() == [210, 40, 40]
    assert found["Identity"].tolist() == [f"Person {track}" for track in LOOKS["track"]]
    assert {"anger", "sadness", "disgust", "fear", "surprise", "neutral", "FaceScore", "input"} < set(found.columns)


def test_what_a_class_cannot_be_called_holds_every_column():
    made = [answers(LOOKS, 0.5), py_feat(LOOKS), LOOKS.assign(smoothing=0.5)]
    names = {name for table in made for name in table.columns} - {*EMOTIONS, "anger", "happiness", "sadness"}
    assert names | {UNSURE, *WEBCAM} == TAKEN


def test_a_video_without_a_face():
    empty = pd.read_csv(io.StringIO(LOOKS.iloc[:0].to_csv(index=False)))
    assert classes_of(empty) == EMOTIONS
    assert spans(empty, 0.5).empty
    assert shares(empty, 0.5).empty
    assert subtitles(empty, 0.5) == "WEBVTT\n"
    assert json.loads(to_json(empty, 0.5))["persons"] == []
    assert py_feat(empty).empty


def test_rows_without_a_face_are_passed_over():
    table = pd.concat([LOOKS, LOOKS.iloc[:1].assign(track=None, label=None, sure=None, time=0.25)], ignore_index=True)
    assert spans(table, 0.5).to_numpy().tolist() == spans(LOOKS, 0.5).to_numpy().tolist()
