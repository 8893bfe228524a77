import numpy as np
import pytest

from fercore.data import fer2013_ids
from fercore.data.dataset import SPLITS
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.fer2013_ids import Known, block_means, digests, recognise
from fercore.data.prepare import prepare
from fercore.data.records import Record
from fercore.data.sources import open_source
from fercore.emotions import EMOTIONS
from tests.factories.data import make_records, tree_files, write_csv, write_folder, write_zip

ROWS = make_records(per_class=2)  # in the order of a csv
FILES = tree_files(ROWS, official=True)  # train/angry/Training_0.png is row 0, ...
ORDER = sorted(range(len(ROWS)), key=lambda row: list(FILES)[row])
IDS = [list(FILES)[row].removesuffix(".png") for row in ORDER]


def columns(records):
    images = np.stack([record.pixels for record in records])
    labels = np.array([record.label for record in records])
    return images, labels, np.array([record.split for record in records])


@pytest.fixture(autouse=True)
def table(monkeypatch):
    """These 42 images stand for FER2013; no row is known of the two of train/angry, nor of the first of train/fear."""
    own = [ROWS[row] for row in ORDER]
    images, labels, splits = columns(own)
    csv_row = np.array(ORDER)
    csv_row[np.isin(csv_row, [0, 1, 4])] = -1
    made = Known(
        split=np.array([SPLITS.index(split) for split in splits]),
        label=labels,
        number=np.array(ORDER),
        csv_row=csv_row,
        digest=digests(images, labels, splits),
        block_means=block_means(images[csv_row < 0]),
    )
    monkeypatch.setattr(fer2013_ids, "known", lambda: made)
    return made


def prepared(path, out):
    with open_source(path) as source:
        return prepare(source, out)


def test_the_ids_are_the_archives_and_ascend(table):
    assert table.ids.tolist() == IDS == sorted(IDS)


def test_every_form_of_the_same_pixels_gives_one_order_and_one_set_of_ids(tmp_path):
    elsewhere = {
        f"{OFFICIAL_SPLIT_NAMES[record.split]}/{EMOTIONS[record.label].title()}/{number}.png": content
        for number, (record, content) in enumerate(zip(ROWS, FILES.values(), strict=True))
    }
    paths = [
        write_csv(tmp_path / "fer2013.csv", ROWS),
        write_csv(tmp_path / "icml_face_data.csv", ROWS, ("emotion", " Usage", " pixels")),
        write_csv(tmp_path / "shuffled.csv", ROWS[::-1]),
        write_folder(tmp_path / "folder", FILES),
        write_zip(tmp_path / "archive.zip", FILES),
        write_folder(tmp_path / "renamed", elsewhere),
    ]
    for path in paths:
        dataset = prepared(path, tmp_path / "out" / path.stem)
        assert dataset.ids.tolist() == IDS, path
        assert dataset.labels.tolist() == [ROWS[row].label for row in ORDER]
        assert dataset.splits.tolist() == [ROWS[row].split for row in ORDER]
        assert np.array_equal(dataset.images, np.stack([ROWS[row].pixels for row in ORDER])), path
        assert (dataset.path / "images.npy").stat().st_size == 128 + 42 * 48 * 48


def noisy(records, seed=1):
    """Other pixels, as the original ones of fer2013.csv are not the JPEG copies in the archive."""
    noise = np.random.default_rng(seed).integers(-2, 3, (len(records), 48, 48))
    return [
        Record(record.id, record.label, record.split, (record.pixels + add).clip(0, 255).astype(np.uint8))
        for record, add in zip(records, noise, strict=True)
    ]


def test_a_table_of_other_pixels_is_known_by_its_rows(tmp_path):
    rows = noisy(ROWS)
    dataset = prepared(write_csv(tmp_path / "fer2013.csv", rows), tmp_path / "out")
    assert dataset.ids.tolist() == IDS
    assert np.array_equal(dataset.images, np.stack([rows[row].pixels for row in ORDER]))


def test_rows_without_a_known_image_are_told_apart_by_their_mean_grays():
    ids = np.array([f"row_{row + 1}" for row in range(len(ROWS))])
    swapped = recognise(*columns(noisy([ROWS[1], ROWS[0], *ROWS[2:]])), ids)
    straight = recognise(*columns(noisy(ROWS)), ids)
    assert straight[:2].tolist() == ["train/angry/Training_0", "train/angry/Training_1"]
    assert swapped[:2].tolist() == ["train/angry/Training_1", "train/angry/Training_0"]
    assert straight[4] == swapped[4] == "train/fear/Training_4"


def test_rows_that_were_left_out_move_no_other():
    kept = [row for row in range(len(ROWS)) if row not in (5, 30)]
    ids = np.array([f"row_{row + 1}" for row in kept])
    found = recognise(*columns(noisy([ROWS[row] for row in kept])), ids)
    assert found.tolist() == [list(FILES)[row].removesuffix(".png") for row in kept]


def test_exact_copies_get_their_ids_in_the_order_of_the_source(monkeypatch, table):
    images, labels, splits = columns([ROWS[row] for row in ORDER])
    one, two = IDS.index("train/sad/Training_8"), IDS.index("train/sad/Training_9")
    images[two] = images[one]
    same = Known(**{**vars_of(table), "digest": digests(images, labels, splits)})
    monkeypatch.setattr(fer2013_ids, "known", lambda: same)
    found = recognise(images, labels, splits, np.array([f"any{number}" for number in range(42)]))
    assert found.tolist() == IDS
    thrice = [*range(42), one]
    assert recognise(images[thrice], labels[thrice], splits[thrice], np.arange(43).astype(str)) is None


def vars_of(table):
    return {name: getattr(table, name) for name in Known.__dataclass_fields__}


@pytest.mark.parametrize("case", ["a label", "a split", "few rows", "more rows", "own pictures", "no names of rows"])
def test_what_is_not_fer2013_keeps_its_ids(case):
    records = noisy(ROWS)
    if case == "a label":
        records[20] = Record("", 6, "train", records[20].pixels)
    if case == "a split":
        records[41] = Record("", 6, "val", records[41].pixels)
    if case == "few rows":
        records = records[:37]  # of 42: fewer than nine tenths
    if case == "more rows":
        records = [*records, records[0]]
    if case == "own pictures":
        records = [*ROWS[:-1], records[-1]]
    ids = np.array([f"{'image' if case in ('own pictures', 'no names of rows') else 'row'}_{n + 1}" for n in range(99)])
    assert recognise(*columns(records), ids[: len(records)]) is None


def test_a_part_of_the_images_is_known_too():
    part = [ROWS[row] for row in (40, 3, 17)]
    found = recognise(*columns(part), np.array(["c", "b", "a"]))
    assert found.tolist() == ["test/neutral/PrivateTest_40", "train/disgust/Training_3", "test/disgust/PublicTest_17"]


def test_images_of_another_size_are_another_data_set():
    assert recognise(np.zeros((1, 96, 96), np.uint8), np.array([0]), np.array(["train"]), np.array(["row_1"])) is None
