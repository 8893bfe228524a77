"""Boxes and answers drawn onto frames of the video. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from fercore.charts.style import percent, rgb
from views.webcam.worker import Model, Reading

BOX = (255, 214, 0)  # yellow: seen against skin, hair and most rooms
INK = (255, 255, 255)  # of text, whose ground is darkened
FONT, SCALE = cv2.FONT_HERSHEY_DUPLEX, 0.55  # for a video 640 pixels wide
LINE, SQUARE = 24, 10  # pixels from one line of text to the next, and of a square of colour, at that width
WIDTH = 640


class Mark(NamedTuple):
    """A face as it is drawn.

    Attributes
    ----------
    box
        left, top, right, bottom in pixels.
    lines
        Text beside it, and each text's colour, "#RRGGBB".
    """

    box: tuple[float, float, float, float]
    lines: tuple[tuple[str, str], ...]


def marks(reading: Reading, probabilities: np.ndarray, models: Sequence[Model]) -> list[Mark]:
    """The faces of a reading, each with what every model that answered says of it.

    Parameters
    ----------
    reading
        Whose faces.
    probabilities
        float (models, faces, classes), smoothed or not, NaN of a model that failed and of what a model does not know.
    models
        Whose labels and colours.
    """
    return [
        Mark(
            face.box,
            tuple(_line(model, own[number], reading.classes) for model, own in zip(models, probabilities, strict=True)),
        )
        for number, face in enumerate(reading.faces)
    ]


def _line(model: Model, own: np.ndarray, classes: Sequence[str]) -> tuple[str, str]:
    if np.isnan(own).all():
        return f"{model.label} no answer", model.color
    best = int(np.nanargmax(own))
    return f"{model.label} {classes[best]} {percent(float(own[best]), 0)}", model.color


def draw(picture: np.ndarray, marks: Sequence[Mark], mirror: bool = False) -> np.ndarray:
    """The picture with marked faces.

    Parameters
    ----------
    picture
        uint8 (H, W, 3), RGB; it is left as it is.
    marks
        The largest face first: its box is drawn thicker.
    mirror
        Turn left and right, boxes with it, but not the text.

    Returns
    -------
    np.ndarray
        uint8 (H, W, 3).
    """
    shown = cv2.flip(picture, 1) if mirror else picture.copy()
    width = picture.shape[1]
    for number, one in reversed(list(enumerate(marks))):  # the largest last, on top
        left, top, right, bottom = (round(edge) for edge in one.box)
        if mirror:
            left, right = width - right, width - left
        thick = round((3 if number == 0 else 1) * max(width / WIDTH, 1))
        cv2.rectangle(shown, (left, top), (right - 1, bottom - 1), BOX, thick)
        _write(shown, (left, top), one.lines)
    return shown


def _write(picture: np.ndarray, corner: tuple[int, int], lines: Sequence[tuple[str, str]]) -> None:
    """Lines of text above a box's corner, or below it where there is no room; before each a square of its colour."""
    if not lines:
        return
    size = max(picture.shape[1] / WIDTH, 0.75)
    step, square = round(LINE * size), round(SQUARE * size)
    widest = max(cv2.getTextSize(text, FONT, SCALE * size, 1)[0][0] for text, _ in lines) + 3 * square
    x, y = _place(picture, corner, widest, step * len(lines))
    ground = picture[y : y + step * len(lines), x : x + widest]
    ground[:] = ground // 4
    for number, (text, color) in enumerate(lines):
        middle = y + step * number + step // 2
        low, high = (x + square // 2, middle - square // 2), (x + square * 3 // 2, middle + square // 2)
        cv2.rectangle(picture, low, high, [round(255 * part) for part in rgb(color)], cv2.FILLED)
        cv2.putText(picture, text, (x + 2 * square, high[1]), FONT, SCALE * size, INK, 1, cv2.LINE_AA)


def _place(picture: np.ndarray, corner: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    """Left and top of a text, within the picture."""
    (left, top), (rows, columns) = corner, picture.shape[:2]
    y = top - height - 2
    return min(max(left, 0), max(columns - width, 0)), y if y >= 0 else min(max(top, 0), max(rows - height, 0))
