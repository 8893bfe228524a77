"""Grids of channels and charts of selectivity: the right colours, boxes that fit their tiles, the right figures."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fercore.charts.features import (
    CHANNEL,
    clickable,
    face_grid,
    face_layout,
    filter_tiles,
    fired_grid,
    kernel_grid,
    layer_preferences,
    layer_selectivity,
    map_tiles,
    row_cells,
    single_cells,
    single_grid,
    single_layout,
    strength_bars,
)
from fercore.charts.grids import png
from fercore.emotions import EMOTIONS

PALE, BLUE, ORANGE = [0xF1, 0xF5, 0xFA], [0x0B, 0x3F, 0x7A], [0xB3, 0x58, 0x06]


def test_filters_share_one_scale():
    tiles = filter_tiles(np.array([[[4.0, -4.0]], [[2.0, 0.0]]]))
    assert tiles[0].tolist() == [[BLUE, ORANGE]]
    assert tiles[1].tolist() == [[[0x7F, 0xB2, 0xDC], [0xF5] * 3]]  # half way to blue, and the middle


def test_norms_go_from_the_least_to_the_most():
    assert filter_tiles(np.array([[[3.0, 5.0]], [[4.0, 3.0]]]))[:, 0, :].tolist()[0] == [PALE, BLUE]
    assert filter_tiles(np.full((1, 1, 1), 3.0)).tolist() == [[[PALE]]]


def test_each_channel_s_maps_share_one_scale_over_the_faces():
    maps = np.array([[[[1.0]], [[0.0]]], [[[2.0]], [[0.0]]]])  # two faces, two channels, of which one never fires
    assert map_tiles(maps)[:, :, 0, 0].tolist() == [[[0x7F, 0xB2, 0xDC], PALE], [BLUE, PALE]]
    signed = map_tiles(np.array([[[[1.0]]], [[[-2.0]]]]))
    assert signed[1, 0, 0, 0].tolist() == ORANGE


def at(picture, layout, number):
    """Colour in the middle of a tile."""
    x, y = layout.corner(number)
    return picture[2 * y + layout.tile, 2 * x + layout.tile].tolist()


def test_a_grid_of_faces_has_a_row_for_each_channel():
    faces = np.array([[[10]], [[20]]], np.uint8)
    maps = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1, 1).repeat(3, axis=-1)
    kernels = np.array([100, 101, 102], np.uint8).reshape(3, 1, 1, 1).repeat(3, axis=-1)
    labels, names = ["7", "8", "9"], ["angry", "fear"]
    layout = face_layout(labels, 2, with_filters=True)
    picture = face_grid(faces, maps, kernels, labels, names)
    shown = [at(picture, layout, number)[0] for number in range(12)]
    assert shown == [255, 10, 20, 100, 0, 3, 101, 1, 4, 102, 2, 5]
    without = face_grid(faces, maps, None, labels, names)
    shown = [at(without, face_layout(labels, 2, with_filters=False), number)[0] for number in range(8)]
    assert shown == [10, 20, 0, 3, 1, 4, 2, 5]


def test_boxes_surround_the_tiles_they_stand_for():
    layout = single_layout(9)
    cells = single_cells(range(20, 29), layout)
    assert cells[CHANNEL].tolist() == list(range(20, 29))
    for number, cell in enumerate(cells.itertuples()):
        x, y = layout.corner(number)
        assert 0 <= cell.x < x < x + layout.tile < cell.x2 <= layout.width
        assert 0 <= cell.y < y < y + layout.tile + layout.below <= cell.y2 + 1 <= layout.height
    layout = face_layout(["1", "2"], 3, with_filters=True)
    cells = row_cells([1, 2], layout)
    assert cells[CHANNEL].tolist() == [1, 2]
    assert cells["y"].tolist() == [layout.corner(4)[1] - 2, layout.corner(8)[1] - 2]
    assert cells["y2"].iloc[0] <= cells["y"].iloc[1]
    assert (cells["x2"] <= layout.width).all()


@pytest.mark.parametrize("known", [True, False])
def test_a_click_selects_a_channel_of_the_picture(known):
    layout, tiles = single_layout(2), np.zeros((2, 1, 1, 3), np.uint8)
    picture = single_grid(tiles, ["4", "9"])
    cells = single_cells([4, 9], layout).assign(label=["4", "9"], shown=[False, True])
    if known:
        cells = cells.assign(emotion=["fear", "happy"], selectivity=["0.10", "0.90"])
    spec = clickable(png(picture), layout, cells).to_dict()
    image, boxes = spec["layer"]
    (data,) = (rows for rows in spec["datasets"].values() if "url" in rows[0])
    sent = base64.b64decode(data[0]["url"].removeprefix("data:image/png;base64,"))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(sent))), picture)
    shown = f"(width > {spec['width'] - 4} ? {spec['width']} : width)"  # shrunk in a narrow window
    ranges = {"expr": shown}, {"expr": f"{shown} * {spec['height'] / spec['width']}"}
    assert (image["mark"]["width"], image["mark"]["height"]) == ranges
    assert [boxes["encoding"][axis]["scale"]["range"][1] for axis in "xy"] == list(ranges)
    assert boxes["encoding"]["x"]["scale"]["domain"] == [0, spec["width"]]
    assert boxes["encoding"]["y"]["scale"]["domain"] == [0, spec["height"]]
    assert [tip["title"] for tip in boxes["encoding"]["tooltip"]] == ["Channel", "Prefers", "Selectivity"][
        : 1 + 2 * known
    ]
    (selection,) = spec["params"]
    assert (selection["name"], selection["select"]["fields"]) == ("channel", ["channel"])


def test_heat_is_on_one_scale_for_all_faces():
    faces = np.full((2, 4, 4), 100, np.uint8)
    picture = fired_grid(faces, np.array([[[2.0]], [[0.0]]]), ["a", "b"])
    first, second = picture[104, 2 * 3 + 104], picture[104, 2 * (3 + 110) + 104]
    assert second.tolist() == [100] * 3
    assert first.tolist() == [round(0.3 * 100 + 0.7 * value) for value in (0xFC, 0xFD, 0xBF)]
    # Held down is not fired.
    assert (fired_grid(faces[:1], np.array([[[-3.0]]]), ["a"])[104, 110] == 100).all()


def test_a_single_kernel_is_large_and_has_no_number():
    assert kernel_grid(np.ones((1, 3, 3)), [0]).shape == (220, 220, 3)
    several = kernel_grid(np.ones((8, 3, 3)), range(8))
    assert several.shape == (2 * single_layout(8).height, 2 * single_layout(8).width, 3)


def values(chart):
    """The rows of a chart's only table."""
    (rows,) = chart.to_dict()["datasets"].values()
    return pd.DataFrame(rows)


def test_bars_of_strength_leave_out_emotions_without_images():
    data = values(strength_bars([1, 2, 3, np.nan, 5, 6, 7]))
    assert data["emotion"].tolist() == [emotion for emotion in EMOTIONS if emotion != "happy"]
    assert data["strength"].tolist() == [1, 2, 3, 5, 6, 7]


def test_layers_keep_their_order_and_one_whose_channels_are_rare_has_no_median():
    table = pd.DataFrame(
        {"layer": ["b", "a", "c"], "channels": 1000, "rare": [1, 1000, 2]}
        | {"low": [0.1, np.nan, 0.2], "median": [0.25, np.nan, 0.3], "high": [0.5, np.nan, 0.4]}
    )
    chart = layer_selectivity(table)
    assert chart.to_dict()["layer"][0]["encoding"]["y"]["sort"] == ["b", "a", "c"]
    data = values(chart)
    assert data["layer"].tolist() == ["b", "c"]
    assert data["words"].tolist() == ["0.25 (0.10 to 0.50)", "0.30 (0.20 to 0.40)"]
    assert data[["number", "rarely"]].to_numpy().tolist() == [["1,000", "1"], ["1,000", "2"]]


def test_preferences_are_stacked_in_the_order_of_the_emotions():
    table = pd.DataFrame({"layer": "a", "emotion": EMOTIONS, "channels": [1, 0, 0, 3, 0, 0, 0]})
    data = values(layer_preferences(table.assign(share=table["channels"] / 4)))
    assert data["rank"].tolist() == list(range(7))
    assert data["words"].tolist()[:4] == ["1 (25 %)", "0 (0 %)", "0 (0 %)", "3 (75 %)"]
