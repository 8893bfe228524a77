"""The picture of an embedding: what colours its points, what stands at the pointer, and the figures of each emotion."""

import base64
import io

import altair as alt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fercore.charts.embedding import BOX, COLOURS, class_agreement, scatter, scatter_rows, thumbnails
from fercore.charts.live import ROWS
from fercore.charts.style import RIGHT, WRONG
from fercore.emotions import COLORS, EMOTIONS

SPLITS = ("PrivateTest", "Training")


@pytest.fixture
def points():
    """Two images of the split and one of Training, as `alike.point_table` gives them."""
    return pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "x": [0.0, 0.5, -1.0],
            "y": [1.0, 0.0, 0.0],
            "true": ["happy", "sad", "sad"],
            "pred": ["happy", "fear", "sad"],
            "right": [True, False, True],
            "probability": [0.9, 0.456, 0.5],
            "split": ["PrivateTest", "PrivateTest", "Training"],
            "own": pd.array([7, 0, None], dtype="Int64"),
        }
    )


def test_rows_say_in_words_what_stands_at_the_pointer(points):
    rows = scatter_rows(points)
    assert rows["right"].tolist() == ["right", "wrong", "right"]
    assert rows["confidence"].tolist() == ["90 %", "46 %", "50 %"]
    assert rows["alike"].tolist() == ["7 of 10", "0 of 10", ""]
    assert rows["own"].tolist()[:2] == [7, 0]
    assert np.isnan(rows["own"][2])


@pytest.mark.parametrize(
    ("colour", "domain", "range_"),
    [
        ("true", list(EMOTIONS), [COLORS[emotion] for emotion in EMOTIONS]),
        ("pred", list(EMOTIONS), [COLORS[emotion] for emotion in EMOTIONS]),
        ("right", ["right", "wrong"], [RIGHT, WRONG]),
        ("split", list(SPLITS), None),
    ],
)
def test_groups_have_a_colour_and_a_shape_each(colour, domain, range_):
    encoding = scatter(colour, SPLITS).to_dict()["encoding"]
    color, shape = encoding["color"], encoding["shape"]
    assert (color["field"], color["scale"]["domain"]) == (colour, domain)
    assert range_ in (None, color["scale"]["range"])
    assert len(set(color["scale"]["range"])) == len(set(shape["scale"]["range"])) == len(domain)


@pytest.mark.parametrize(("colour", "top"), [("probability", 1), ("own", 10)])
def test_quantities_have_a_scale_from_nothing_to_all(colour, top):
    encoding = scatter(colour, SPLITS).to_dict()["encoding"]
    assert [encoding["color"]["scale"]["domain"][end] for end in (0, -1)] == [0, top]
    assert "shape" not in encoding


@pytest.mark.parametrize("colour", COLOURS)
def test_dragging_selects_a_box_whatever_the_colour(colour):
    chart = scatter(colour, SPLITS).to_dict()
    assert BOX in [parameter["name"] for parameter in chart["params"]]
    assert chart["data"] == {"name": ROWS}


def test_only_pictured_rows_show_a_picture():
    def fields(pictured):
        return [tooltip["field"] for tooltip in scatter("true", SPLITS, pictured).to_dict()["encoding"]["tooltip"]]

    assert fields(True) == [*fields(False), "image"]


def test_thumbnails_are_the_faces_enlarged():
    faces = np.stack([np.full((48, 48), 30, np.uint8), np.kron([[0, 255]], np.ones((48, 24))).astype(np.uint8)])
    found = thumbnails(faces)
    assert all(uri.startswith("data:image/webp;base64,") for uri in found)
    pictures = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("L")) for uri in found
    ]
    assert [picture.shape for picture in pictures] == [(96, 96)] * 2
    assert pictures[0] == pytest.approx(np.full((96, 96), 30), abs=3)
    assert (pictures[1][:, :40].mean() < 10, pictures[1][:, 56:].mean() > 245) == (True, True)


def test_each_emotion_has_a_bar_a_whisker_and_a_tick_for_chance():
    table = pd.DataFrame(
        [{"emotion": "sad", "images": 1200, "value": 0.4, "low": 0.35, "high": 0.45, "chance": 0.18}]
    ).assign(other="neutral", other_share=0.2)
    chart = class_agreement(table)
    assert isinstance(chart, alt.LayerChart)
    assert [layer["mark"]["type"] for layer in chart.to_dict()["layer"]] == ["bar", "rule", "tick"]
    (row,) = chart.to_dict()["datasets"].popitem()[1]
    assert (row["words"], row["of_chance"], row["others"], row["images"]) == (
        "40.0 % (35.0 to 45.0)",
        "18.0 %",
        "neutral (20 %)",
        "1,200",
    )
