import numpy as np
import pytest

from fercore.data.choices import Choices
from fercore.data.dataset import DataError
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.records import BadRecord
from fercore.data.trees import open_tree
from tests.factories.data import png, write_folder

GREY = png(np.full((48, 48), 90, dtype=np.uint8))


def refuse(error: BadRecord) -> None:
    raise error


def read(root, on_bad=refuse, **options):
    source = open_tree(root, "faces", "folder", Choices(**options))
    return source, list(source.read(on_bad))


def placed(records) -> dict[str, tuple[str, int]]:
    return {record.id: (record.split, record.label) for record in records}


def test_prefixes_restore_the_official_splits(tmp_path):
    paths = ["train/angry/Training_1.jpg", "test/happy/PublicTest_2.jpg", "test/happy/PrivateTest_3.jpg"]
    source, records = read(write_folder(tmp_path, dict.fromkeys(paths, GREY)))
    assert placed(records) == {
        "train/angry/Training_1": ("train", 0),
        "test/happy/PublicTest_2": ("val", 3),
        "test/happy/PrivateTest_3": ("test", 3),
    }
    assert (source.split_names, source.cut, source.total) == (OFFICIAL_SPLIT_NAMES, (), 3)


def test_classes_go_by_name_not_by_the_order_of_folders(tmp_path):
    names = ["Anger", "disgust", "FEAR", "happiness", "sad", "surprised", "neutral"]
    _, records = read(write_folder(tmp_path, {f"train/{name}/1.png": GREY for name in names}))
    assert {record.id.split("/")[1]: record.label for record in records} == dict(zip(names, range(7), strict=True))


@pytest.mark.parametrize("folder", ["val", "valid", "Validation"])
def test_a_validation_folder_is_used_as_it_is(tmp_path, folder):
    paths = ["train/sad/a.png", f"{folder}/sad/b.png", "test/sad/c.png"]
    source, records = read(write_folder(tmp_path, dict.fromkeys(paths, GREY)))
    assert sorted(record.split for record in records) == ["test", "train", "val"]
    assert source.split_names == {"train": "train", "val": "validation", "test": "test"}
    assert source.cut == ()


def test_without_prefixes_and_validation_folder_a_split_has_to_be_cut(tmp_path):
    source, _ = read(write_folder(tmp_path, {"train/sad/a.png": GREY, "test/sad/c.png": GREY}))
    assert source.cut == ("val",)


def test_folders_named_as_the_official_splits(tmp_path):
    paths = ["Training/sad/a.png", "PublicTest/sad/b.png", "PrivateTest/sad/c.png"]
    source, records = read(write_folder(tmp_path, dict.fromkeys(paths, GREY)))
    assert placed(records)["PublicTest/sad/b"] == ("val", 4)
    assert source.split_names == OFFICIAL_SPLIT_NAMES


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("test/sad/Training_1.jpg", "the name says Training, the folder says test"),
        ("train/sad/PrivateTest_1.jpg", "the name says PrivateTest, the folder says train"),
        ("val/sad/PrivateTest_1.jpg", "the name says PrivateTest, the folder says val"),
    ],
)
def test_a_prefix_that_contradicts_its_folder_is_refused_unless_folders_count(tmp_path, path, says):
    write_folder(tmp_path, {path: GREY})
    with pytest.raises(BadRecord, match=says):
        read(tmp_path)
    source, [record] = read(tmp_path, splits="folders")
    assert record.split == path.split("/")[0]
    assert source.split_names["test"] == "test"
    assert source.options == {"splits": "folders"}


def test_the_same_file_name_in_two_classes_gives_two_ids(tmp_path):
    paths = ["train/sad/Training_8475486.jpg", "train/fear/Training_8475486.jpg"]
    _, records = read(write_folder(tmp_path, dict.fromkeys(paths, GREY)))
    assert [record.id for record in records] == ["train/fear/Training_8475486", "train/sad/Training_8475486"]


def test_files_that_differ_only_in_their_extension_keep_it(tmp_path):
    paths = ["train/sad/a.jpg", "train/sad/a.png", "train/sad/b.png"]
    _, records = read(write_folder(tmp_path, dict.fromkeys(paths, GREY)))
    assert [record.id for record in records] == ["train/sad/a.jpg", "train/sad/a.png", "train/sad/b"]


def test_two_images_with_the_same_id_are_refused(tmp_path):
    paths = ["train/sad/a.jpg", "train/sad/a.png", "train/sad/a.png.gif"]
    write_folder(tmp_path, dict.fromkeys(paths, GREY))
    with pytest.raises(DataError, match=r"two images would have the id 'train/sad/a\.png'"):
        open_tree(tmp_path, "faces", "folder")


def test_hidden_files_and_litter_are_passed_over(tmp_path):
    litter = ["README.md", ".git/config", "__MACOSX/train/sad/._a.png", "train/.DS_Store", "train/sad/Thumbs.db"]
    _, records = read(write_folder(tmp_path, {"train/sad/a.png": GREY} | dict.fromkeys(litter, b"")))
    assert [record.id for record in records] == ["train/sad/a"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("extra/sad/x.png", "faces: unknown folder 'extra'; expected train, val, valid, validation, test"),
        ("train/bored/x.png", "faces: unknown folder 'train/bored': unknown class 'bored'; expected one of angry"),
        ("train/x.png", "faces: 'train/x.png' is a file beside the class folders"),
        ("train/sad/more/x.png", "faces: 'train/sad/more': a folder or a special file"),
        ("train/sad/a\nb.png", r"faces: 'train/sad/a\nb.png': a name with characters that cannot be shown"),
        ("train/sad/empty.png", "faces: train/sad/empty.png: the file is empty"),
    ],
)
def test_what_does_not_belong_is_named_and_the_rest_is_read(tmp_path, path, reason):
    write_folder(tmp_path, {path: b"", "train/sad/good.png": GREY})
    bad = []
    _, records = read(tmp_path, bad.append)
    assert [record.id for record in records] == ["train/sad/good"]
    [error] = bad
    assert str(error).startswith(reason)
