"""The page of filters and activations: its answer, its grid, one channel, and what it says of what is missing."""

import base64
import io
import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from fercore.charts.features import face_layout, single_layout
from fercore.emotions import EMOTIONS
from fercore.explain.features import activations, strengths, summarize_run
from fercore.explain.selectivity import (
    answer,
    channel_table,
    layer_table,
    leaders,
    order_channels,
    preference_table,
)
from fercore.explain.summary import ChannelSummary, FeatureSummary, write_features
from fercore.models.registry import load
from tests.dashboard.conftest import words
from tests.factories.data import make_dataset, png
from tests.factories.runs import make_run


@pytest.fixture
def run(folders):
    """A CNN of two convolutions with 4 and 8 channels, one dense layer of 8 and the output; no data set, no summary."""
    return make_run(folders[0], "a", weights=True)


@pytest.fixture
def studied(folders):
    """Such a run with its data set and a summary of PublicTest."""
    dataset = make_dataset(folders[1], per_class=3)
    run = make_run(folders[0], "a", weights=True, dataset=dataset)
    return SimpleNamespace(run=run, dataset=dataset, summary=summarize_run(run, dataset, "val"))


def charts(app):
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def grid(app):
    """The grid: its picture's height and width, and its boxes."""
    (chart,) = (chart for chart in app.get("vega_lite_chart") if '"type": "image"' in chart.proto.spec)
    tables = [pa.ipc.open_stream(one.data.data).read_all().to_pylist() for one in chart.proto.datasets]
    ((picture,), boxes) = sorted(tables, key=lambda rows: "url" not in rows[0])
    image = Image.open(io.BytesIO(base64.b64decode(picture["url"].partition(",")[2])))
    return image.size[::-1], boxes


def channels(app):
    return [box["channel"] for box in grid(app)[1]]


def pictures(app):
    """Alternative texts of the pictures of a page."""
    return [picture.alt for element in app.get("image") for picture in element.proto.imgs]


def downloads(app):
    return [button.proto.label for button in app.get("download_button")]


def test_without_a_summary_it_opens_with_the_strongest_channel_and_says_what_to_run(open_page, run):
    app = open_page("features")
    maps = activations(load(run), run.average_faces(), ["convolution 1"])["convolution 1"]
    order = np.argsort(-strengths(maps).mean(axis=0))
    text = words(app)
    assert f"#### Of the 4 channels of convolution 1 in `a`, channel {order[0]} fires most on these faces." in text
    assert "python scripts/features.py a" in text
    assert channels(app) == order.tolist()
    assert app.segmented_control(key="order").options == ["Strength", "Number"]
    assert f"Channel {order[0]} of convolution 1" in text


def test_with_a_summary_it_opens_with_the_most_selective_layer(open_page, studied):
    found = answer(layer_table(studied.summary), preference_table(studied.summary))
    text = words(open_page("features"))
    assert (
        f"#### The channels of `a` are most selective in {found.layer}: from 0 (all emotions alike) to 1 (one alone) "
        f"the median of its {found.channels} active channels is {found.median:.2f} (quartiles {found.low:.2f} to "
        f"{found.high:.2f}), and {100 * found.share:.0f} % prefer {found.emotion}."
    ) in text
    assert "Over the 21 images of PublicTest." in text


def test_filters_and_seven_emotions_are_side_by_side(open_page, run):
    app = open_page("features")
    layout = face_layout(["0"] * 4, 7, with_filters=True)
    assert (layout.rows, layout.columns) == (5, 8)
    assert grid(app)[0] == (2 * layout.height, 2 * layout.width)


def test_one_emotion_shows_more_channels_at_once(open_page, run):
    app = open_page("features", layer="convolution 2", emotion="fear")
    assert grid(app)[0] == (2 * single_layout(8).height, 2 * single_layout(8).width)
    assert sorted(channels(app)) == list(range(8))


def test_layers_without_filters_offer_none(open_page, run):
    app = open_page("features", layer="dense 1")
    assert [control.key for control in app.segmented_control] == ["order", "faces"]
    assert "sees the whole face" in words(app)
    layout = face_layout(["0"] * 8, 7, with_filters=False)
    assert grid(app)[0] == (2 * layout.height, 2 * layout.width)


def test_the_output_s_channels_are_called_by_their_classes(open_page, run):
    app = open_page("features", layer="output", order="Number")
    assert [box["label"] for box in grid(app)[1]] == list(EMOTIONS)
    assert "Class angry of output" in words(app)


@pytest.mark.slow
def test_channels_are_ordered_for_the_chosen_emotion(open_page, studied):
    table = channel_table(studied.summary.layers["convolution 2"])
    for order, label in {"selectivity": "Selectivity", "strength": "Strength", "number": "Number"}.items():
        app = open_page("features", layer="convolution 2", emotion="sad", order=label)
        assert channels(app) == order_channels(table, order, "sad").tolist()


@pytest.mark.slow
def test_a_typed_channel_is_enlarged(open_page, studied):
    app = open_page("features", layer="convolution 2")
    app = app.number_input(key="channel").set_value(6).run()
    row = channel_table(studied.summary.layers["convolution 2"]).iloc[6]
    text = words(app)
    assert "Channel 6 of convolution 2" in text
    assert f"It prefers **{row['emotion']}**: its selectivity index is {row['selectivity']:.2f} on PublicTest." in text
    assert [box["channel"] for box in grid(app)[1] if box["shown"]] == [6]
    assert [name for name in pictures(app) if "channel 6" in name] == [
        "Heat where channel 6 fires on each face",
        "Kernels of channel 6",
        "Images that drive channel 6 most",
    ]


def test_another_layer_starts_with_its_own_first_channel(open_page, studied):
    app = open_page("features", layer="convolution 2", channel="7")
    assert "Channel 7 of convolution 2" in words(app)
    app = app.selectbox(key="layer").set_value("convolution 1").run()
    assert app.number_input(key="channel").value is None
    assert f"Channel {channels(app)[0]} of convolution 1" in words(app)


def test_a_channel_that_the_layer_has_not_is_forgotten(open_page, run):
    app = open_page("features", layer="convolution 1", channel="7")
    assert not app.exception
    assert f"Channel {channels(app)[0]} of convolution 1" in words(app)


def test_filters_of_a_deeper_layer_are_norms_or_kernels_for_one_input(open_page, run):
    app = open_page("features", layer="convolution 2", show="Filters")
    assert "the more a place weighs" in words(app)
    app = app.number_input(key="input").set_value(2).run()
    assert "Filters: blue is positive, orange negative" in words(app)
    assert app.number_input(key="input").max == 3


def test_every_picture_and_table_can_be_downloaded(open_page, studied):
    assert downloads(open_page("features")) == [
        "Download the grid",
        *["Download"] * 3,
        "Download all channels of this layer",
    ]


def test_the_leading_channels_of_each_emotion_are_listed(open_page, studied):
    first = leaders(channel_table(studied.summary.layers["convolution 1"])).iloc[0]
    table = open_page("features").dataframe[-1].value
    assert table.index.tolist() == list(EMOTIONS)
    assert table.iloc[0, 0].startswith(f"{first['channel']} ({first['value']:.2f})")


def test_without_pictures_the_images_are_named(open_page, folders, studied):
    for file in studied.dataset.path.iterdir():
        file.unlink()
    app = open_page("features", order="Number")
    own = studied.summary.layers["convolution 1"]
    ids = studied.summary.ids[own.top[0][own.top[0] >= 0]]
    (table,) = (frame.value for frame in app.dataframe if "Image" in frame.value)
    assert table["Image"].tolist() == ids.tolist()
    assert "scripts/prepare_data.py" in words(app)


def test_another_data_set_s_pictures_are_not_shown(open_page, folders, studied):
    make_dataset(folders[1], per_class=4, seed=1)
    app = open_page("features")
    assert "The data set here is not the one that this run saw" in words(app)
    assert not any(name.startswith("Images that drive") for name in pictures(app))


def test_a_channel_that_never_fires_prefers_nothing(open_page, run):
    silent = ChannelSummary(np.zeros((4, 7), np.float32), np.full((4, 8), -1), np.zeros((4, 8), np.float32))
    summary = FeatureSummary(np.ones(7, int), np.array([], str), np.array([], int), {"convolution 1": silent})
    write_features(run, "val", summary)
    text = words(open_page("features"))
    assert "#### No hidden channel of `a` fires on 8 images or more." in text
    assert "It fires on fewer than 8 images of PublicTest, too few to say what it prefers." in text


def test_a_summary_of_other_weights_is_refused_in_words(open_page, studied, folders):
    cut = {
        name: ChannelSummary(c.means[:3], c.top[:3], c.top_strengths[:3]) for name, c in studied.summary.layers.items()
    }
    write_features(
        studied.run, "val", FeatureSummary(studied.summary.counts, studied.summary.ids, studied.summary.labels, cut)
    )
    text = words(open_page("features")).replace("\\", "")
    assert "have 3 channels in convolution 1, the model has 4" in text


def test_runs_with_nothing_to_show_are_not_offered(open_page, folders, run):
    make_run(folders[0], "bare", accuracy=0.9)
    assert open_page("features").selectbox(key="run_widget").options == ["a"]
    app = open_page("features", run="bare")
    assert app.selectbox(key="run_widget").value == "a"
    assert app.warning[0].value == "There is no run `bare` to show here; shown is `a`."


def test_without_any_weights_it_says_what_to_train(open_page, folders):
    make_run(folders[0], "bare")
    text = words(open_page("features"))
    assert "`bare` has no weights here, so nothing can be computed with it. No run here has them; train one:" in text


def test_a_summary_is_worth_showing_without_weights(open_page, studied):
    (studied.run.path / "model.safetensors").unlink()
    app = open_page("features")
    text = words(app)
    layer = answer(layer_table(studied.summary), preference_table(studied.summary)).layer
    assert f"The channels of `a` are most selective in {layer}" in text
    assert "No run here has them; train one:" in text
    assert [spec["title"]["text"] if isinstance(spec["title"], dict) else spec["title"] for spec in charts(app)] == [
        "How selective its channels are",
        "Which emotion they prefer",
    ]


def test_uploads_are_looked_at_whatever_their_names(open_page, run):
    app = open_page("features", faces="Upload", layer="convolution 2", order="Number")
    faces = np.random.default_rng(0).integers(0, 256, (2, 48, 48), np.uint8)
    files = [(name, png(face), "image/png") for name, face in zip(["a\nb*c.png", "long name.png"], faces, strict=True)]
    app = app.file_uploader(key="uploaded_faces").set_value(files).run()
    layout = face_layout(["0"] * 8, 2, with_filters=True)
    assert grid(app)[0] == (2 * layout.height, 2 * layout.width)
    maps = activations(load(run), faces, ["convolution 2"])["convolution 2"]
    strongest = int(strengths(maps).mean(axis=0).argmax())
    assert f"channel {strongest} fires most on these faces" in words(app)


def test_no_face_no_grid(open_page, run):
    app = open_page("features", faces="Upload")
    assert "Choose a picture. Its faces are found" in words(app)
    assert not app.get("vega_lite_chart")


@pytest.mark.parametrize(
    ("clicked", "expected"),
    [([{"channel": 3}], 3), ([], 5), ([{"channel": "3"}], 5), ([{"channel": -1}], 5), ([{}], 5)],
)
def test_a_click_chooses_a_channel_and_nothing_else_does(folders, monkeypatch, clicked, expected):
    import streamlit as st

    from views.features.channel_grid import pick

    state = {"grid": SimpleNamespace(selection={"channel": clicked}), "channel": 5}
    monkeypatch.setattr(st, "session_state", state)
    pick("grid")
    assert state["channel"] == expected
