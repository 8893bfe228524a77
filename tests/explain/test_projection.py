"""Projections and their numbers on points whose neighbours are known, and the file they are kept in."""

import numpy as np
import pytest

from fercore.explain.alike import agreement, class_table, inside, picture_kept, point_table, some, strangers
from fercore.explain.projection import (
    embed,
    embedding_file,
    nearest,
    principal_components,
    read_embedding,
    write_embedding,
)
from fercore.runs import RunError, read_npz, write_npz
from tests.factories.runs import make_run

HAPPY, SAD = 3, 4


def answers(predicted):
    """Probabilities (N, 7): 0.7 for the predicted class."""
    found = np.full((len(predicted), 7), 0.05)
    found[np.arange(len(predicted)), predicted] = 0.7
    return found


@pytest.fixture(scope="module")
def two_crowds():
    """Two crowds of 11 images, far apart, in three features; each image's ten neighbours are the rest of its crowd.

    The first is happy but for its last image, which is sad; the second is all sad. All are called by their crowd. Two
    images of Training follow.
    """
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (11, 3)), rng.normal(100, 1, (11, 3)), rng.normal(0, 1, (2, 3))])
    labels = np.array([HAPPY] * 10 + [SAD] * 12 + [HAPPY, SAD])
    predicted = np.array([HAPPY] * 11 + [SAD] * 11 + [HAPPY] * 2)
    ids = np.array([f"image {number}" for number in range(24)])
    return embed(features.astype(np.float32), ids, labels, answers(predicted), size=22)


def test_neighbours_are_the_rest_of_the_crowd(two_crowds):
    happy, odd, sad = two_crowds.neighbours[0], two_crowds.neighbours[10], two_crowds.neighbours[21]
    assert happy.tolist() == [0, 0, 0, 9, 1, 0, 0]
    assert odd.tolist() == [0, 0, 0, 10, 0, 0, 0]
    assert sad.tolist() == [0, 0, 0, 0, 10, 0, 0]
    assert two_crowds.own.tolist() == [9] * 10 + [0] + [10] * 11
    assert (two_crowds.size, two_crowds.dimensions, len(two_crowds.ids)) == (22, 3, 24)


def test_agreement_is_the_mean_share_beside_what_chance_gives(two_crowds):
    found = agreement(two_crowds)
    assert found.own["value"] == pytest.approx((10 * 0.9 + 11) / 22)
    assert found.own["low"] < found.own["value"] < found.own["high"]
    # Of 22 images 10 are happy and 12 sad: an image's neighbour is one of the 21 others.
    assert found.chance == pytest.approx((10 * 9 + 12 * 11) / (22 * 21))


def test_each_emotion_has_its_share_its_chance_and_what_lies_beside_it(two_crowds):
    happy, sad = class_table(two_crowds).to_dict("records")
    assert (happy["emotion"], happy["images"], happy["other"]) == ("happy", 10, "sad")
    assert [happy["value"], happy["low"], happy["high"], happy["other_share"]] == pytest.approx([0.9, 0.9, 0.9, 0.1])
    assert happy["chance"] == pytest.approx(9 / 21)
    assert (sad["emotion"], sad["images"], sad["other"]) == ("sad", 12, "happy")
    assert [sad["value"], sad["other_share"]] == pytest.approx([11 / 12, 1 / 12])


def test_some_images_stay_where_they_are_among_the_neighbours_they_had(two_crowds):
    left = some(two_crowds, np.arange(22) % 11 != 0)
    assert left.ids.tolist() == [f"image {number}" for number in (*range(1, 11), *range(12, 24))]
    assert left.size == 20
    assert left.own.tolist() == [9] * 9 + [0] + [10] * 10
    for method, plane in two_crowds.places.items():
        np.testing.assert_array_equal(left.places[method], plane[[*range(1, 11), *range(12, 24)]])
    assert agreement(left).own["value"] == pytest.approx((9 * 0.9 + 10) / 20)
    table = point_table(left, "pca", ["Test", "Training"])
    assert table["split"].tolist() == ["Test"] * 20 + ["Training"] * 2
    assert table["true"].tolist() == ["happy"] * 9 + ["sad"] * 11 + ["happy", "sad"]


def test_both_pictures_keep_two_crowds_apart(two_crowds):
    for method, plane in two_crowds.places.items():
        assert [plane.min(axis=0).min(), plane.max(axis=0).max()] == pytest.approx([-1, 1]), method
        crowds = plane[:11], plane[11:22]
        gap = np.linalg.norm(crowds[0].mean(axis=0) - crowds[1].mean(axis=0))
        assert gap > 3 * max(np.linalg.norm(crowd - crowd.mean(axis=0), axis=1).mean() for crowd in crowds), method
        # With crowds of 11 the ten nearest are the same wherever crowds stay apart.
        assert picture_kept(two_crowds, method) == {"value": 1, "low": 1, "high": 1}


def test_the_seed_decides_everything():
    features = np.random.default_rng(1).normal(size=(30, 5)).astype(np.float32)
    first, second = (embed(features, np.arange(30).astype(str), np.arange(30) % 7, answers([0] * 30), 30) for _ in "ab")
    assert all(np.array_equal(first.places[method], second.places[method]) for method in first.places)


def test_components_are_sorted_by_their_share_of_the_variance():
    # Variances 4, 1 and 0 along the axes: shares 0.8, 0.2 and 0.
    features = np.array([[2, 0, 5], [-2, 0, 5], [0, 1, 5], [0, -1, 5]], dtype=np.float32)
    components, shares = principal_components(features)
    assert shares == pytest.approx([0.8, 0.2, 0], abs=1e-6)
    assert np.abs(components[:, :2]) == pytest.approx(np.abs(features[:, :2]), abs=1e-6)


def test_features_that_do_not_vary_explain_nothing():
    components, shares = principal_components(np.ones((20, 3), np.float32))
    assert components.tolist() == [[0, 0, 0]] * 20
    assert shares.tolist() == [0, 0, 0]


def test_nearest_leaves_out_the_point_itself_even_where_two_are_equal():
    points = np.array([[number, 0.0] for number in range(12)] + [[0.0, 0.0]])
    assert sorted(nearest(points)[0]) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 12]


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (np.zeros((19, 3)), "received 19 images with 3 features each, expected at least 20"),
        (np.zeros((30, 1)), "received 30 images with 1 features each"),
        (np.full((30, 3), np.nan), "not finite numbers"),
    ],
)
def test_what_cannot_be_projected_is_said(features, words):
    n = len(features)
    with pytest.raises(RunError, match=words):
        embed(features.astype(np.float32), np.arange(n).astype(str), np.zeros(n, int), answers([0] * n), n)


def test_points_have_what_the_page_tells(two_crowds):
    points = point_table(two_crowds, "tsne", ["PrivateTest", "Training"])
    odd, background = points.iloc[10], points.iloc[22]
    assert (odd["id"], odd["true"], odd["pred"], odd["right"], odd["own"]) == ("image 10", "sad", "happy", False, 0)
    assert odd["probability"] == pytest.approx(0.7)
    assert (background["split"], background["own"] is not None) == ("Training", True)
    assert points["own"].isna().sum() == 2
    assert len(point_table(two_crowds, "pca", ["PrivateTest", "Training"], training=False)) == 22


def test_a_box_holds_what_lies_in_it(two_crowds):
    points = point_table(two_crowds, "pca", ["PrivateTest", "Training"])
    first = points.iloc[3]
    box = {"x": [first["x"], first["x"]], "y": [1, -1]}
    assert inside(points, box)["id"].tolist() == ["image 3"]


def test_strangers_have_no_neighbour_of_their_label(two_crowds):
    points = point_table(two_crowds, "tsne", ["PrivateTest", "Training"])
    assert strangers(points)["id"].tolist() == ["image 10"]


def test_an_embedding_reads_back_as_it_was_stored(tmp_path, two_crowds):
    run = make_run(tmp_path)
    write_embedding(run, "test", two_crowds)
    found = read_embedding(run, "test")
    for name in ("ids", "labels", "predicted", "neighbours", "own"):
        assert np.array_equal(getattr(found, name), getattr(two_crowds, name)), name
    assert found.confidence == pytest.approx(two_crowds.confidence, abs=1e-3)
    for method in two_crowds.places:
        assert found.places[method] == pytest.approx(two_crowds.places[method], abs=1e-3)
        assert np.array_equal(found.kept[method], two_crowds.kept[method])
    assert (found.dimensions, found.explained.tolist()) == (3, pytest.approx(two_crowds.explained))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": np.full(24, 7)}, "labels"),
        ({"ids": np.arange(24)}, "ids"),
        ({"places_tsne": np.full((24, 2), np.nan, np.float16)}, "places_tsne"),
        ({"neighbours": np.zeros((22, 7), np.uint8)}, "10 neighbours of each"),
        ({"neighbours": np.uint8(3)}, "neighbours"),
        ({"kept_pca": np.full(22, 11)}, "kept_pca"),
        ({"dimensions": np.array([3])}, "dimensions"),
        ({"confidence": np.zeros(3, np.float16)}, "confidence"),
    ],
)
def test_damaged_files_are_refused(tmp_path, two_crowds, change, words):
    run = make_run(tmp_path)
    write_embedding(run, "test", two_crowds)
    path = embedding_file(run, "test")
    write_npz(path, **{**read_npz(path), **change})
    with pytest.raises(RunError, match=words):
        read_embedding(run, "test")


def test_a_missing_embedding_says_what_to_run(tmp_path):
    with pytest.raises(RunError, match=r"python scripts/embedding.py toy --split val"):
        read_embedding(make_run(tmp_path), "val")
