"""A video of which everything is known, from its file to the table: who is where, shows what, and when.

Red squares of 40 pixels are the people, and how bright they are is their expression. Three cross, a cut follows, then
one is away for a second, comes back, leaves for more than two and comes back again. Frames come at no constant rate.
"""

import io
from itertools import accumulate, cycle, takewhile

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from fercore.emotions import EMOTIONS
from fercore.inference.batch import Survey, write_answers
from fercore.inference.faces import Face
from fercore.inference.predictor import Answers
from fercore.inference.timeline import spans
from tests.factories.videos import turn_on_screen, write_timed

FPS, CUT, END = 5, 4.0, 10.6
TIMES = [t / 100 for t in takewhile(lambda t: t < 100 * END, accumulate(cycle([8, 13, 5, 15]), initial=0))]
BRIGHT = {"happy": 230, "neutral": 150}


def people(time):
    """Name, middle and expression of everybody who is seen at a time."""
    if time < CUT:
        yield "Ann", 60 + 90 * time, 50, "happy"
        yield "Bob", 420 - 90 * time, 110, "happy" if time < 2 else "neutral"
        yield "Cem", 60 + 60 * time, 170, "neutral"
    elif time < 5 or 6 <= time < 7:
        yield "Dee", 240, 120, "neutral" if time < 5 else "happy"
    elif time >= 9.5:
        yield "Dee again", 240, 120, "happy"


def picture(time):
    frame = np.full((240, 480, 3), 20 if time < CUT else 130, np.uint8)
    frame[::8, ::8] += 30  # so that it is not blank
    for _, x, y, shows in people(time):
        frame[y - 20 : y + 20, round(x) - 20 : round(x) + 20] = (BRIGHT[shows], 10, 10)
    return frame


def red_squares(pixels):
    """A detector of them."""
    labels, _ = ndimage.label(pixels[..., 0].astype(int) - pixels[..., 2] > 80)
    places = [(box[1].start, box[0].start, box[1].stop, box[0].stop) for box in ndimage.find_objects(labels)]
    return [Face(tuple(map(float, place)), 0.9, "yunet") for place in places if place[2] - place[0] > 20]


class ByBrightness:
    """A model that is right about expressions."""

    classes = EMOTIONS

    def predict(self, crops):
        shown = ["happy" if crop[20:28, 20:28].mean() > 60 else "neutral" for crop in crops]
        rows = np.eye(7, dtype=np.float32)[[EMOTIONS.index(name) for name in shown]]
        return Answers(rows, np.ones(len(rows), bool))


def table_of(clip):
    file, survey = io.BytesIO(), Survey(red_squares, FPS, tracks=True)
    write_answers(file, survey.faces([clip]), ByBrightness(), tracks=True)
    assert not survey.bad
    return pd.read_csv(io.BytesIO(file.getvalue()))


def looks():
    """The first frame of every fifth of a second."""
    first = {}
    for time in TIMES:
        first.setdefault(int(time * FPS + 1e-9), time)
    return list(first.values())


@pytest.fixture(scope="module", params=["mp4", "mkv", "webm"])
def clip(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("truth") / f"clip.{request.param}"
    return write_timed(path, [picture(time) for time in TIMES], TIMES, sound=(0, 2))


@pytest.mark.rest_slow
def test_everybody_is_found_followed_and_read_at_the_right_times(clip):
    table = table_of(clip)
    seen = [(time, *person) for time in looks() for person in people(time)]
    assert table["time"].tolist() == pytest.approx([time for time, *_ in seen], abs=2e-3)
    assert table["label"].tolist() == [shows for *_, shows in seen]
    middles = (table[["left", "top"]].to_numpy() + table[["right", "bottom"]].to_numpy()) / 2
    assert np.abs(middles - [(x, y) for _, _, x, y, _ in seen]).max() < 6  # coded squares fray
    # Each keeps a number, no two share one, and who was away for 2.5 s has a new one.
    numbers = {name: number for number, name in enumerate(["Ann", "Bob", "Cem", "Dee", "Dee again"], 1)}
    assert table["track"].tolist() == [numbers[name] for _, name, *_ in seen]


@pytest.mark.rest_slow
def test_spans_begin_and_end_with_what_is_seen(clip):
    found = spans(table_of(clip), 1 / FPS)
    told = [(span.track, span.answer, round(span.start, 2), round(span.end, 2)) for span in found.itertuples()]
    # From the first look that sees it to the next one, or to a fifth of a second after the last.
    assert told == [
        (1, "happy", 0.0, 4.1),
        (2, "happy", 0.0, 2.05),
        (2, "neutral", 2.05, 4.1),
        (3, "neutral", 0.0, 4.1),
        (4, "neutral", 4.1, 5.12),
        (4, "happy", 6.0, 7.02),
        (5, "happy", 9.64, 10.66),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_clip_that_was_filmed_sideways_tells_the_same(tmp_path, degrees):
    path = write_timed(tmp_path / "clip.mp4", [picture(time) for time in TIMES], TIMES)

    def told(table):
        return {tuple(own[["time", "label"]].itertuples(index=False, name=None)) for _, own in table.groupby("track")}

    upright = told(table_of(path))
    turned = table_of(turn_on_screen(path, degrees))
    assert told(turned) == upright
    assert len(upright) == 5
    assert (turned["bottom"].max() > 240) == (degrees != 180)
