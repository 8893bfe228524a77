"""Selectivity by hand, and the tables made of it."""

import numpy as np
import pytest

from fercore.emotions import EMOTIONS
from fercore.explain.selectivity import (
    Answer,
    answer,
    channel_table,
    layer_table,
    leaders,
    order_channels,
    preference_table,
    selectivity,
)
from fercore.explain.summary import TOP, ChannelSummary, FeatureSummary

ONLY_HAPPY = [0, 0, 0, 6, 0, 0, 0]
MOSTLY_SAD = [1, 1, 1, 1, 3, 1, 1]
EQUAL = [2] * 7
SILENT = [0] * 7


def channels(*means, rare=()):
    """Channels with these means; those that never fire, and the `rare`, fire on fewer than TOP images."""
    seldom = [not any(own) or number in rare for number, own in enumerate(means)]
    top = np.where(seldom, -1, 0)[:, None].repeat(TOP, axis=1)
    return ChannelSummary(np.array(means, np.float32), top, np.zeros((len(means), TOP), np.float32))


def summary(**layers):
    return FeatureSummary(np.ones(7, int), np.array([], str), np.array([], int), layers)


def test_selectivity_by_hand():
    index = selectivity(np.array([ONLY_HAPPY, MOSTLY_SAD, EQUAL, SILENT]))
    assert index[0].tolist() == [-1, -1, -1, 1, -1, -1, -1]
    # Sad: (3 - 1) / (3 + 1). Another: (1 - 8 / 6) / (1 + 8 / 6).
    np.testing.assert_allclose(index[1], [-1 / 7, -1 / 7, -1 / 7, -1 / 7, 0.5, -1 / 7, -1 / 7])
    assert (index[2:] == 0).all()


def test_emotions_without_images_are_left_out():
    index = selectivity(np.array([[3, 1, *[np.nan] * 5], [3, np.nan, *[np.nan] * 5]]))
    np.testing.assert_allclose(index[0], [0.5, -0.5, *[np.nan] * 5])
    assert np.isnan(index[1]).all()


def test_a_channel_prefers_the_emotion_of_its_highest_mean():
    table = channel_table(channels(ONLY_HAPPY, MOSTLY_SAD, SILENT))
    assert table["emotion"].fillna("none").tolist() == ["happy", "sad", "none"]
    assert table["selectivity"].tolist() == [1, 0.5, 0]
    np.testing.assert_allclose(table["strength"], [6 / 7, 9 / 7, 0])
    assert table["strength_sad"].tolist() == [0, 3, 0]
    assert table["selectivity_happy"].tolist() == pytest.approx([1, -1 / 7, 0])


@pytest.mark.parametrize(
    ("order", "emotion", "expected"),
    [
        ("number", None, [0, 1, 2, 3]),
        ("selectivity", None, [1, 2, 0, 3]),
        ("strength", None, [0, 2, 1, 3]),  # 2, 9 / 7, 6 / 7, 0
        ("selectivity", "sad", [2, 0, 1, 3]),  # 0.5, 0, -1, and what never fires
        ("strength", "happy", [1, 0, 2, 3]),
    ],
)
def test_orders(order, emotion, expected):
    table = channel_table(channels(EQUAL, ONLY_HAPPY, MOSTLY_SAD, SILENT))
    assert order_channels(table, order, emotion).tolist() == expected


def test_an_unknown_order_is_refused():
    with pytest.raises(ValueError, match="received order 'size', expected one of selectivity, strength, number"):
        order_channels(channel_table(channels(EQUAL)), "size")


def test_quartiles_leave_rare_channels_out():
    table = layer_table(summary(a=channels(ONLY_HAPPY, MOSTLY_SAD, EQUAL, SILENT), b=channels(SILENT)))
    assert table["layer"].tolist() == ["a", "b"]
    assert table[["channels", "rare"]].to_numpy().tolist() == [[4, 1], [1, 1]]
    assert table.loc[0, ["low", "median", "high"]].tolist() == [0.25, 0.5, 0.75]
    assert table.loc[1, ["low", "median", "high"]].isna().all()


def test_a_channel_that_fires_on_a_few_images_only_prefers_nothing():
    found = channels(ONLY_HAPPY, MOSTLY_SAD, rare=[0])
    table = channel_table(found)
    assert table["emotion"].fillna("none").tolist() == ["none", "sad"]
    assert order_channels(table, "selectivity").tolist() == [1, 0]
    assert layer_table(summary(a=found))[["rare", "median"]].to_numpy().tolist() == [[1, 0.5]]
    assert set(leaders(table)["channel"]) == {1}
    found.top[1, TOP - 1] = -1  # one image less
    assert channel_table(found)["emotion"].isna().all()


def test_preferences_are_counted_among_channels_that_fire():
    table = preference_table(summary(a=channels(ONLY_HAPPY, ONLY_HAPPY, MOSTLY_SAD, SILENT)))
    assert table["emotion"].tolist() == list(EMOTIONS)
    assert table["channels"].tolist() == [0, 0, 0, 2, 1, 0, 0]
    assert table["share"].tolist() == pytest.approx([0, 0, 0, 2 / 3, 1 / 3, 0, 0])


def test_the_answer_is_the_most_selective_hidden_layer():
    layers = {"dense 1": channels(MOSTLY_SAD, MOSTLY_SAD, SILENT), "output": channels(ONLY_HAPPY), "x": channels(EQUAL)}
    assert answered(**layers) == Answer("dense 1", 0.5, 0.5, 0.5, "sad", 1.0, 2)
    assert answered(a=channels(SILENT), output=channels(ONLY_HAPPY)) is None


def answered(**layers):
    found = summary(**layers)
    return answer(layer_table(found), preference_table(found))


def test_leaders_of_each_emotion():
    table = leaders(channel_table(channels(EQUAL, ONLY_HAPPY, MOSTLY_SAD, SILENT)), count=2)
    happy = table[table["emotion"] == "happy"]
    assert happy[happy["by"] == "selectivity"]["channel"].tolist() == [1, 0]
    assert happy[happy["by"] == "strength"][["rank", "value"]].to_numpy().tolist() == [[1, 6], [2, 2]]
    assert len(table) == 7 * 2 * 2
