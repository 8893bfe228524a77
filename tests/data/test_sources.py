import gzip
import io
import os
import struct
import tarfile
import zipfile

import kagglehub
import numpy as np
import pytest
from PIL import Image

from fercore.data import members
from fercore.data.dataset import DataError
from fercore.data.records import BadRecord
from fercore.data.sources import open_kaggle, open_source
from tests.factories.data import make_records, png, tree_files, write_csv, write_folder, write_zip

RECORDS = make_records(per_class=1)
FILES = tree_files(RECORDS, official=True)
GREY = png(np.full((48, 48), 90, dtype=np.uint8))


def refuse(error: BadRecord) -> None:
    raise error


def read(path, on_bad=refuse):
    with open_source(path) as source:
        return source, list(source.read(on_bad))


def below(folder: str) -> dict[str, bytes]:
    return {f"{folder}/{path}": content for path, content in FILES.items()}


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (lambda to: write_folder(to / "faces", FILES), "images in a folder"),
        (lambda to: write_folder(to / "faces", below("archive/fer2013") | {"README": b""}), "images in a folder"),
        (lambda to: write_zip(to / "faces.zip", FILES), "images in a zip"),
        (lambda to: write_zip(to / "faces.zip", below("fer2013"), zipfile.ZIP_DEFLATED), "images in a zip"),
        (lambda to: write_zip(to / "no-extension", FILES), "images in a zip"),
    ],
    ids=["folder", "deeper folder", "zip", "zip with a top folder", "zip without extension"],
)
def test_a_tree_reads_alike_wherever_it_lies(tmp_path, make, form):
    path = make(tmp_path)
    source, received = read(path)
    assert (source.form, source.name) == (form, path.name)
    assert [record.id for record in received] == sorted(path.removesuffix(".png") for path in FILES)
    pixels = {int(record.id.split("_")[-1]): record.pixels for record in received}  # the number in the file name
    assert all(np.array_equal(pixels[number], record.pixels) for number, record in enumerate(RECORDS))


@pytest.mark.parametrize("name", ["fer2013.csv", "icml_face_data.csv"])
@pytest.mark.parametrize("container", ["alone", "folder", "zip"])
def test_a_csv_reads_alike_wherever_it_lies(tmp_path, name, container):
    (tmp_path / "fer").mkdir()
    path = write_csv(tmp_path / "fer" / name, RECORDS)
    files = {f"fer/{name}": path.read_bytes(), "fer/train.csv": b"emotion,pixels", "fer/fer2013.bib": b""}
    if container == "folder":
        path = write_folder(tmp_path, files) / "fer"
    if container == "zip":
        path = write_zip(tmp_path / "fer.zip", files)
    source, received = read(path)
    assert source.form == {"alone": "csv", "folder": "csv in a folder", "zip": "csv in a zip"}[container]
    assert [record.id for record in received] == [f"row_{row}" for row in range(1, 22)]
    assert np.array_equal(received[20].pixels, RECORDS[20].pixels)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, "found nothing"),
        ({"notes.txt": b""}, "found 'notes.txt'"),
        ({"smiling/1.png": GREY, "other/2.png": GREY}, "found 'other', 'smiling'"),
        ({"a.csv": b"", "b.csv": b""}, "found 'a.csv', 'b.csv'"),
        ({"fer2013.csv": b"", "icml_face_data.csv": b""}, "found 'fer2013.csv', 'icml_face_data.csv'"),
    ],
)
def test_an_unknown_layout_is_refused_with_what_was_found(tmp_path, files, found):
    (tmp_path / "faces").mkdir()
    with pytest.raises(DataError, match=f"faces: {found}; expected the Kaggle zip or its unpacked folder"):
        read(write_folder(tmp_path / "faces", files))
    with pytest.raises(DataError, match=f"faces.zip: {found}; expected the Kaggle zip or its unpacked folder"):
        read(write_zip(tmp_path / "faces.zip", files))


def test_a_missing_path_and_an_unknown_file_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"there is no file or folder .*gone\.zip; expected the Kaggle zip"):
        read(tmp_path / "gone.zip")
    (tmp_path / "faces.rar").write_bytes(b"Rar!")
    with pytest.raises(DataError, match=r"faces\.rar: neither a folder nor a zip, tar, csv or parquet file"):
        read(tmp_path / "faces.rar")


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("../evil.png", r"member '\.\./evil\.png' points outside"),
        ("train/sad/../../../evil.png", "points outside"),
        ("./train/../../evil.png", "points outside"),
        ("train\\..\\..\\evil.png", "points outside"),
        ("C:/evil.png", "points outside"),
        ("a/" * 17 + "evil.png", "lies deeper than 16 folders"),
    ],
)
def test_a_zip_with_a_hostile_member_is_refused_whole(tmp_path, member, reason):
    with pytest.raises(DataError, match=reason):
        read(write_zip(tmp_path / "faces.zip", FILES | {member: GREY}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_a_member_twice_is_refused(tmp_path):
    path = write_zip(tmp_path / "faces.zip", FILES)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(next(iter(FILES)), GREY)
    with pytest.raises(DataError, match=f"member '{next(iter(FILES))}' occurs twice"):
        read(path)


def test_a_truncated_zip_is_refused(tmp_path):
    path = write_zip(tmp_path / "faces.zip", FILES)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"faces\.zip: not a whole zip file .*; download it again"):
        read(path)


def test_a_zip_that_says_it_unpacks_to_more_than_allowed_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(members, "MAX_ZIP_BYTES", 4 << 30)
    data = write_zip(tmp_path / "faces.zip", {"train/sad/a.png": GREY, "train/sad/b.png": GREY}).read_bytes()
    size = struct.pack("<I", len(GREY))
    directory = data.index(b"PK\x01\x02")
    huge = data[directory:].replace(size * 2, size + struct.pack("<I", 0xFFFFFFFE))
    (tmp_path / "faces.zip").write_bytes(data[:directory] + huge)
    with pytest.raises(DataError, match=r"unpacks to 8,589,934,588 bytes, more than the 4,294,967,296 allowed"):
        read(tmp_path / "faces.zip")


@pytest.mark.slow
def test_a_member_that_unpacks_to_more_than_an_image_is_bad(tmp_path):
    bomb = bytes(members.MAX_IMAGE_BYTES + 1)
    path = write_zip(tmp_path / "faces.zip", {"train/sad/a.png": GREY, "train/sad/b.png": bomb}, zipfile.ZIP_DEFLATED)
    bad = []
    assert [record.id for record in read(path, bad.append)[1]] == ["train/sad/a"]
    assert [str(error) for error in bad] == [
        "faces.zip: train/sad/b.png: more than the 67,108,864 bytes allowed for one image"
    ]


def test_a_damaged_member_is_bad_and_the_others_are_read(tmp_path):
    path = write_zip(tmp_path / "faces.zip", {"train/sad/a.png": GREY, "train/sad/b.png": GREY})
    data = bytearray(path.read_bytes())
    data[data.index(GREY) + len(GREY) // 2] ^= 255
    path.write_bytes(data)
    bad = []
    assert [record.id for record in read(path, bad.append)[1]] == ["train/sad/b"]
    [error] = bad
    assert str(error).startswith("faces.zip: train/sad/a.png: cannot be read (Bad CRC-32")


def test_an_encrypted_member_is_bad(tmp_path):
    path = write_zip(tmp_path / "faces.zip", {"train/sad/a.png": GREY})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # flag bit 0 of the local header, and of the central directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(BadRecord, match=r"train/sad/a\.png: cannot be read \(.*encrypted"):
        read(path)


def test_a_damaged_csv_in_a_zip_is_refused(tmp_path):
    content = write_csv(tmp_path / "fer2013.csv", RECORDS).read_bytes()
    path = write_zip(tmp_path / "fer.zip", {"fer2013.csv": content})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"fer\.zip: fer2013\.csv: cannot be read to its end \(Bad CRC-32"):
        read(path)


def test_kaggle_reads_the_folder_that_kagglehub_returns(tmp_path, monkeypatch):
    folder, asked = write_folder(tmp_path / "versions" / "1", FILES), []
    monkeypatch.setattr(kagglehub, "dataset_download", lambda handle: asked.append(handle) or str(folder))
    with open_kaggle() as source:
        assert len(list(source.read(refuse))) == 21
    assert asked == ["msambare/fer2013"]
    assert source.name == "msambare/fer2013"
    assert source.options == {"splits": "names", "kaggle": True}


def test_kaggle_offline_says_what_to_do(monkeypatch):
    def offline(handle):
        raise ConnectionError("no route to api.kaggle.com")

    monkeypatch.setattr(kagglehub, "dataset_download", offline)
    says = r"could not download msambare/fer2013 \(ConnectionError: no route .*give the zip as SOURCE"
    with pytest.raises(DataError, match=says), open_kaggle():
        pass


# Members with unusual paths


@pytest.mark.parametrize("change", ["./{}", "/{}", "././/{}", "\\{}"])
def test_members_are_read_wherever_they_say_they_lie(tmp_path, change):
    named = {change.format(path): content for path, content in FILES.items()}
    _, received = read(write_zip(tmp_path / "faces.zip", {"./": b""} | named))
    assert [record.id for record in received] == sorted(path.removesuffix(".png") for path in FILES)


def test_members_from_windows_are_read_with_their_folders(tmp_path):
    named = {path.replace("/", "\\"): content for path, content in below("faces").items()}
    folders = {"faces\\": b"", "faces\\train\\": b"", "faces\\train\\sad\\": b"", "faces/": b""}
    _, received = read(write_zip(tmp_path / "faces.zip", folders | named))
    assert [record.id for record in received] == sorted(path.removesuffix(".png") for path in FILES)
    assert np.array_equal(received[0].pixels, RECORDS[int(received[0].id.split("_")[-1])].pixels)


def test_one_member_under_two_names_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"member '\./train/sad/a\.png' occurs twice"):
        read(write_zip(tmp_path / "faces.zip", {"train/sad/a.png": GREY, "./train/sad/a.png": GREY}))


# Tars and gzipped tables


def write_tar(path, files, mode="w:gz", **kinds):
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for name, kind in kinds.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
    return path


@pytest.mark.parametrize(
    ("name", "mode"), [("f.tar.gz", "w:gz"), ("f.tgz", "w:gz"), ("f.tar", "w"), ("f.tar.xz", "w:xz")]
)
def test_a_tar_of_the_table_or_of_images_is_read_as_a_folder_is(tmp_path, name, mode):
    table = write_csv(tmp_path / "fer2013.csv", RECORDS).read_bytes()
    extra = {"fer2013/README": b"", "fer2013/fer2013.bib": b""}
    source, received = read(
        write_tar(tmp_path / name, extra | {"fer2013/fer2013.csv": table}, mode, fer2013=tarfile.DIRTYPE)
    )
    assert (source.form, source.name, source.total) == ("csv in a tar", f"{name}: fer2013.csv", 21)
    assert np.array_equal(received[20].pixels, RECORDS[20].pixels)
    source, received = read(write_tar(tmp_path / name, {f"./{path}": content for path, content in FILES.items()}, mode))
    assert source.form == "images in a tar"
    assert [record.id for record in received] == sorted(path.removesuffix(".png") for path in FILES)


def test_a_gzipped_csv_is_read(tmp_path):
    path = tmp_path / "fer2013.csv.gz"
    path.write_bytes(gzip.compress(write_csv(tmp_path / "fer2013.csv", RECORDS).read_bytes()))
    source, received = read(path)
    assert (source.form, source.total, len(received)) == ("csv", 21, 21)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"fer2013\.csv\.gz: cannot be read to its end .*; download it again"):
        read(path)
    path.write_bytes(b"emotion,pixels,Usage\n")
    with pytest.raises(DataError, match=r"fer2013\.csv\.gz: cannot be read to its end \(Not a gzipped file"):
        read(path)


def test_a_damaged_or_hostile_tar_is_refused(tmp_path):
    path = write_tar(tmp_path / "f.tar.gz", FILES)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"f\.tar\.gz: cannot be read to its end"):
        read(path)
    with pytest.raises(DataError, match=r"member '\.\./x\.png' points outside"):
        read(write_tar(tmp_path / "f.tar.gz", {"../x.png": GREY}))
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
        with pytest.raises(DataError, match="member 'strange' is a link or a device"):
            read(write_tar(tmp_path / "f.tar.gz", FILES, strange=kind))


def test_a_tar_that_unpacks_to_more_than_allowed_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(members, "MAX_ZIP_BYTES", 5_000)
    with pytest.raises(DataError, match=r"f\.tar\.gz: unpacks to 6,000 bytes, more than the 5,000 allowed"):
        read(write_tar(tmp_path / "f.tar.gz", {"a": bytes(1_000), "b": bytes(5_000)}))


# What may never end


@pytest.mark.parametrize("name", ["faces.zip", "fer2013.csv", "f.tar.gz", "faces"])
def test_pipes_and_devices_are_refused_unopened(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match="neither a folder nor a file but a pipe or a device"):
        read(tmp_path / name)
    (tmp_path / "device.csv").symlink_to("/dev/zero")
    with pytest.raises(DataError, match="neither a folder nor a file but a pipe or a device"):
        read(tmp_path / "device.csv")


def test_a_pipe_in_a_folder_is_no_table(tmp_path):
    (tmp_path / "faces").mkdir()
    os.mkfifo(tmp_path / "faces" / "fer2013.csv")
    with pytest.raises(DataError, match=r"faces: found 'fer2013\.csv'; expected"):
        read(tmp_path / "faces")


def test_litter_of_any_system_stands_in_nobodys_way(tmp_path):
    litter = [
        "Thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "Icon\r",
        "a.png:Zone.Identifier",
        "@eaDir/x",
        "~$a.png",
        "a.png~",
    ]
    litter += ["._a.png", ".ipynb_checkpoints/a.png", "$RECYCLE.BIN/x", "System Volume Information/x", "__MACOSX/a.png"]
    everywhere = {f"{place}{name}": b"" for place in ("", "train/", "train/sad/") for name in litter}
    assert len(read(write_folder(tmp_path / "faces", FILES | everywhere))[1]) == 21
    assert len(read(write_zip(tmp_path / "faces.zip", FILES | everywhere))[1]) == 21


# Pictures of 16 bits, and of several frames


def twelve_bits(paths, factor=16):
    return {path: png(np.asarray(Image.open(io.BytesIO(FILES[path]))).astype(np.uint16) * factor) for path in paths}


def test_pictures_of_12_bits_in_16_are_scaled_by_the_range_of_the_whole_source(tmp_path):
    dark = png(np.full((48, 48), 300, np.uint16))  # 18 of 255 where white is 4,095
    source, received = read(write_folder(tmp_path / "faces", twelve_bits(FILES) | {"train/sad/Training_x.png": dark}))
    pixels = {record.id: record.pixels for record in received}
    largest = max(int(record.pixels.max()) for record in RECORDS) * 16
    assert source.notes == [f"pictures of 16 bits: their largest value is {largest:,}, so white is 4,095 (12 bits)"]
    assert np.unique(pixels.pop("train/sad/Training_x")).tolist() == [19]
    for id_, found in pixels.items():
        assert np.abs(found.astype(int) - RECORDS[int(id_.split("_")[-1])].pixels).max() <= 1


def test_a_damaged_file_hides_the_range_of_the_others_from_nobody(tmp_path):
    path = write_zip(tmp_path / "faces.zip", twelve_bits(FILES) | {"train/sad/Training_x.png": GREY})
    data = bytearray(path.read_bytes())
    data[data.index(GREY) + len(GREY) // 2] ^= 255
    path.write_bytes(data)
    bad = []
    _, received = read(path, bad.append)
    assert len(received) == 21
    assert [str(error).split(" (")[0] for error in bad] == [
        "faces.zip: train/sad/Training_x.png: cannot be read",
    ]


def test_a_source_tells_which_frame_it_took(tmp_path):
    frames = [Image.new("L", (48, 48), level) for level in (255, 255)]
    frames[1].paste(0, (0, 0, 24, 48))
    file = io.BytesIO()
    frames[0].save(file, "tiff", save_all=True, append_images=frames[1:])
    source, received = read(write_folder(tmp_path / "faces", FILES | {"train/sad/Training_x.tif": file.getvalue()}))
    [pixels] = [record.pixels for record in received if record.id == "train/sad/Training_x"]
    assert pixels[0, [0, 40]].tolist() == [0, 255]
    [note] = source.notes
    assert note.startswith("train/sad/Training_x.tif: frame 2 is taken, since the one before it is blank")
