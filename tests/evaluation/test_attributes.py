"""Groups of images: cut at rounded edges that their names tell, and every image in one of them."""

import numpy as np
import pytest

from fercore.data.fer2013_ids import known
from fercore.evaluation.attributes import (
    PARTS,
    agreement,
    copy_status,
    cut,
    known_attributes,
    named,
    of_images,
    pair,
    parts_of,
    slice_name,
    slice_names,
)
from tests.factories.data import make_dataset
from tests.factories.votes import counted


def groups(attribute):
    return [attribute.values[place] if place >= 0 else None for place in attribute.place]


def test_a_measure_is_cut_at_edges_that_the_names_tell():
    found = cut("size", np.arange(1.0, 10.0), 3, "pixels")
    assert found.edges == (3.67, 6.33)
    assert found.values == ("low (under 3.67)", "middle (3.67 to 6.33)", "high (6.33 and more)")
    assert found.place.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found.about == "pixels"


def test_of_some_images_the_groups_keep_their_edges():
    found = of_images(cut("contrast", np.arange(1.0, 10.0), 3), np.array([True] * 2 + [False] * 5 + [True] * 2))
    assert groups(found) == ["low (under 3.67)"] * 2 + ["high (6.33 and more)"] * 2
    assert [slice_name(found, value) for value in found.values] == ["contrast: low of 3", "contrast: high of 3"]


def test_what_lies_at_a_rounded_edge_is_in_the_group_that_begins_there():
    found = cut("size", np.array([1.0, 2.0, 2.0, 3.0]), 3)
    assert found.edges == (2.0,)  # both quantiles
    assert groups(found) == ["under 2", "2 and more", "2 and more", "2 and more"]


def test_groups_have_names_that_do_not_change_with_the_images():
    found = cut("contrast", np.arange(1.0, 10.0), 3)
    assert [slice_name(found, value) for value in found.values] == [f"contrast: {word} of 3" for word in PARTS[3]]
    lowest = cut("contrast", np.arange(10.0), 5)
    assert slice_name(lowest, lowest.values[0]) == "contrast: lowest of 5"
    assert slice_name(cut("size", np.arange(9.0)), "low (under 3.67)") is None  # no measure of ours
    alike = cut("contrast", np.array([1.0, 2.0, 2.0, 3.0]))
    assert [slice_name(alike, value) for value in alike.values] == [None, None]
    copies = copy_status(np.array([True, False]), np.array([True, False]))
    assert slice_name(copies, copies.values[0]) == "copy in Training: the same picture"
    assert len(set(slice_names())) == len(slice_names()) == 3 * (3 + 5) + 4 + 3
    names = ("contrast: lowest of 5", "contrast: low of 3", "copy in Training: none")
    assert [parts_of(name) for name in names] == [5, 3, 3]


def test_five_parts_and_unknown_numbers():
    found = cut("size", np.array([*range(10), np.nan]), 5)
    assert [value.split(" ")[0] for value in found.values] == ["lowest", "low", "middle", "high", "highest"]
    assert np.bincount(found.place[:-1]).tolist() == [2, 2, 2, 2, 2]
    assert found.place[-1] == -1
    assert cut("size", np.full(3, np.nan)).values == ()
    with pytest.raises(ValueError, match="received 4, expected one of 3, 5"):
        cut("size", np.arange(9.0), 4)


def test_names():
    found = named("glasses", ["yes", "", "no", "yes"])
    assert found.values == ("no", "yes")
    assert found.place.tolist() == [1, -1, 0, 1]


def test_agreement_of_people():
    votes = counted({"happy": 10}, {"happy": 9, "sad": 1}, {"sad": 6, "fear": 4}, {"sad": 5, "fear": 5}, {}, {"sad": 3})
    clear, *others = "10 of 10", "8 or 9 of 10", "6 or 7 of 10", "5 of 10 or fewer", None
    assert groups(agreement(votes)) == [clear, *others, clear]


def test_copies():
    found = copy_status(np.array([True, False, False]), np.array([True, True, False]))
    assert groups(found) == ["the same picture", "nearly the same or mirrored", "none"]


def test_a_pair_has_a_group_for_what_occurs_together():
    found = pair(named("a", ["x", "x", "y", ""]), named("b", ["1", "2", "1", "1"]))
    assert found.name == "a and b"
    assert groups(found) == ["x, 1", "x, 2", "y, 1", None]


def test_of_images_of_fer2013_everything_is_known_without_the_data_set():
    table = known()
    ids = table.ids[table.split == 2]
    found = known_attributes(ids, "test", "any")
    assert [one.name for one in found] == [
        "brightness",
        "contrast",
        "sharpness",
        "agreement of people",
        "copy in Training",
    ]
    assert sum((found[-1].place != 2).tolist()) == 580  # see README: images of PrivateTest with a copy in Training
    assert [len(one.values) for one in known_attributes(ids, "test", "any", parts=5)] == [5, 5, 5, 4, 3]


def test_of_other_images_their_data_set_tells_how_they_look(tmp_path):
    dataset = make_dataset(tmp_path / "data", per_class=3)
    ids = dataset.ids[dataset.indices("test")]
    assert known_attributes(ids, "test", "other") == []
    assert [one.name for one in known_attributes(ids, "test", "other", dataset=dataset)] == [
        "brightness",
        "contrast",
        "sharpness",
    ]
