import io
import zipfile

import numpy as np
import pytest

from fercore.data import tables
from fercore.data.dataset import DataError
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.records import BadRecord
from fercore.data.tables import open_table
from tests.factories.data import make_records, write_csv

GOOD_PIXELS = " ".join(["7"] * 2304)


def refuse(error: BadRecord) -> None:
    raise error


def read(path, on_bad=refuse):
    return list(open_table(path, path.name, "csv").read(on_bad))


@pytest.mark.parametrize("columns", [("emotion", "pixels", "Usage"), ("emotion", " Usage", " pixels")])
def test_rows_come_in_order_with_label_split_and_pixels(tmp_path, columns):
    records = make_records(per_class=1)
    received = read(write_csv(tmp_path / "fer2013.csv", records, columns))
    assert [record.id for record in received] == [f"row_{row}" for row in range(1, 22)]
    assert [record.label for record in received] == [record.label for record in records]
    assert [record.split for record in received] == ["train"] * 7 + ["val"] * 7 + ["test"] * 7
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(received, records, strict=True))


def test_every_level_is_read_exactly(tmp_path):
    record = make_records(per_class=1)[0]
    levels = (np.arange(2304) % 256).astype(np.uint8).reshape(48, 48)
    path = write_csv(tmp_path / "fer2013.csv", [type(record)(record.id, 3, "test", levels)])
    [received] = read(path)
    assert received.pixels.dtype == np.uint8
    assert np.array_equal(received.pixels, levels)


def test_the_splits_carry_their_official_names_and_the_rows_are_counted(tmp_path):
    source = open_table(write_csv(tmp_path / "fer2013.csv", make_records(1)), "fer2013.csv", "csv")
    assert (source.split_names, source.total, source.cut) == (OFFICIAL_SPLIT_NAMES, 21, ())


def test_quotes_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(f'\ufeffemotion,pixels,Usage\r\n\r\n"3","{GOOD_PIXELS}","PrivateTest"\r\n\r\n'.encode())
    [record] = read(path)
    assert (record.label, record.split, record.pixels[5, 5]) == (3, "test", 7)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"3,{' '.join(['7'] * 2303)},Training", "2,303 pixels, expected 2,304"),
        (f"3,{' '.join(['7'] * 2305)},Training", "2,305 pixels, expected 2,304"),
        (f"3,256 {' '.join(['7'] * 2303)},Training", "pixel '256', expected whole numbers from 0 to 255"),
        (f"3,{' '.join(['7'] * 2303)} -1,Training", "pixel '-1'"),
        (f"3,x {' '.join(['7'] * 2303)},Training", "pixel 'x'"),
        (f"3,7.0 {' '.join(['7'] * 2303)},Training", "pixel '7.0'"),
        (f"7,{GOOD_PIXELS},Training", "emotion '7', expected 0 to 6"),
        (f"x,{GOOD_PIXELS},Training", "emotion 'x', expected 0 to 6"),
        (f",{GOOD_PIXELS},Training", "emotion '', expected 0 to 6"),
        (f"3,{GOOD_PIXELS},Test", "Usage 'Test', expected Training, PublicTest, PrivateTest"),
        (f"3,{GOOD_PIXELS}", "2 fields, expected 3"),
    ],
)
def test_a_bad_row_is_named_by_row_and_line_and_the_others_are_read(tmp_path, row, reason):
    path = tmp_path / "fer2013.csv"
    good = f"3,{GOOD_PIXELS},Training"
    path.write_text(f"emotion,pixels,Usage\n{good}\n{row}\n{good}\n")
    bad = []
    assert [record.id for record in read(path, bad.append)] == ["row_1", "row_3"]
    assert [str(error) for error in bad] == [str(bad[0])]
    assert str(bad[0]).startswith(f"fer2013.csv row 2 (line 3): {reason}")
    with pytest.raises(BadRecord):
        read(path)


@pytest.mark.parametrize("header", ["label,pixels,Usage", "emotion,pixels", "emotion,pixels,Usage,usage", "", "\x00"])
def test_wrong_columns_are_refused_before_anything_is_read(tmp_path, header):
    path = tmp_path / "fer2013.csv"
    path.write_text(header and f"{header}\n3,{GOOD_PIXELS},Training\n")
    with pytest.raises(DataError, match=r"^fer2013.csv: received the columns .*; expected emotion, pixels and Usage"):
        open_table(path, path.name, "csv")


def test_a_line_without_end_does_not_fill_the_memory(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,pixels,Usage\n" + "7 " * 100_000)
    with pytest.raises(DataError, match=r"^fer2013.csv line 2: 131,072 characters or more; expected 2,304 pixels"):
        read(path)


def test_an_open_quote_is_refused_rather_than_read_to_the_end(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text(f'emotion,pixels,Usage\n3,"{GOOD_PIXELS},Training\n' + f"3,{GOOD_PIXELS},Training\n" * 100)
    with pytest.raises(DataError, match=r"fer2013.csv: cannot be read to its end \(field larger than field limit"):
        read(path)


def test_a_table_of_endless_empty_lines_is_refused_once_there_are_too_many(tmp_path):
    read_bytes = []

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            read_bytes.append(size)
            return b"\n" * size

    class File:
        def open(self, mode):
            return Endless()

    with pytest.raises(DataError, match=r"fer2013\.csv: more than the 1,000,000 lines allowed"):
        open_table(File(), "fer2013.csv", "csv")
    assert sum(read_bytes) <= 1_000_000 + (1 << 20)


def test_a_table_without_lines_is_refused_once_it_is_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "f.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fer2013.csv", bytes(10_001))
    with pytest.raises(DataError, match=r"fer2013\.csv: more than the 10,000 bytes allowed"):
        open_table(zipfile.Path(tmp_path / "f.zip") / "fer2013.csv", "fer2013.csv", "csv")
