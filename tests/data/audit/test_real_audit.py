"""The audit of the real FER2013: its exact copies, counted in three ways, and the ids that are shipped."""

import numpy as np
import pytest

from fercore.data.audit.findings import audit
from fercore.data.copies import SHIPPED, read_copies
from fercore.data.dataset import SPLITS

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def found(fer2013_dataset):
    return audit(fer2013_dataset)


def test_exact_copies_by_sorting_pixels(fer2013_dataset, found):
    """Without hashes and groups: the rows of pixels as bytes, sorted, and runs of equal neighbours."""
    pixels = fer2013_dataset.images.reshape(len(fer2013_dataset.ids), -1)
    rows = np.ascontiguousarray(pixels).view(np.dtype((np.void, pixels.shape[1]))).ravel()
    order = np.argsort(rows, kind="stable")
    new = np.append(True, rows[order][1:] != rows[order][:-1])
    runs = np.split(order, np.flatnonzero(new)[1:])
    groups = [run for run in runs if len(run) > 1]
    conflicts = sum(len(set(fer2013_dataset.labels[run].tolist())) > 1 for run in groups)
    splits = [fer2013_dataset.splits[run].tolist() for run in groups]
    counts = found.copies.counts
    assert (len(groups), len(rows) - len(runs), conflicts) == (1516, 1853, 57)
    assert (counts["exact_groups"], counts["exact_surplus"], counts["exact_conflicts"]) == (1516, 1853, 57)
    for split, images in (("test", 288), ("val", 280)):
        assert sum(own.count(split) for own in splits if "train" in own) == images
        assert counts[f"exact_{split}_in_train"] == images
    assert sum(own.count("test") for own in splits if "val" in own) == counts["exact_test_in_val"] == 44
    assert sum(own.count(split) for own in splits for split in SPLITS) == counts["exact_images"] == 3369


def test_blanks_by_their_levels(fer2013_dataset, found):
    images = fer2013_dataset.images
    assert (images.min(axis=(1, 2)) == images.max(axis=(1, 2))).sum() == found.copies.counts["blank"] == 12


def test_the_shipped_ids_are_those_that_the_audit_finds(found):
    assert found.copies == read_copies(SHIPPED)


def test_near_copies_are_one_photo_seen_twice(fer2013_dataset, found):
    near = found.table[found.table["finding"] == "near copies"]
    pairs = near.groupby("group").filter(lambda own: len(own) == 2).groupby("group")["id"].agg(list)
    rows = {id_: row for row, id_ in enumerate(fer2013_dataset.ids.tolist())}
    sample = [[rows[id_] for id_ in pair] for pair in pairs.iloc[:: max(1, len(pairs) // 100)]]
    # Their fine structure agrees too, which that of two faces does not: differences of neighbouring pixels correlate.
    fine = np.diff(fer2013_dataset.images[np.array(sample)].astype(float), axis=-1)
    inner = slice(4, -4)
    best = [
        max(
            np.corrcoef(one[inner, inner].ravel(), np.roll(other, (y, x), (0, 1))[inner, inner].ravel())[0, 1]
            for y in range(-3, 4)
            for x in range(-3, 4)
        )
        for one, other in fine
    ]
    assert np.mean(np.array(best) > 0.5) > 0.95
    assert found.copies.counts["near_test_in_train"] > 550
