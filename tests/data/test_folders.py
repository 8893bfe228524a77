import os
import sys

import numpy as np
import pytest

from fercore.data import folders
from fercore.data.dataset import DataError
from fercore.data.folders import replacing

OWN = ("content", "images.npy")


def make(out, text="new", error=None):
    with replacing(out, OWN) as folder:
        assert visible(folder) == []
        (folder / "content").write_text(text)
        if error:
            raise error


def visible(folder):
    return sorted(entry.name for entry in folder.iterdir() if not entry.name.endswith(".lock"))


@pytest.fixture(params=["in one step", "by two renames"])
def swap(request, monkeypatch):
    if request.param == "by two renames":  # what a system without renameat2 does
        monkeypatch.setattr(folders, "_exchange", lambda one, other: False)
    return request.param


def test_a_new_folder_appears_whole_and_alone(tmp_path):
    make(tmp_path / "deep" / "out")
    assert (tmp_path / "deep" / "out" / "content").read_text() == "new"
    assert visible(tmp_path / "deep") == ["out"]


def test_an_earlier_folder_is_replaced_and_removed(tmp_path, swap):
    make(tmp_path / "out", "old")
    make(tmp_path / "out", "new")
    assert (tmp_path / "out" / "content").read_text() == "new"
    assert visible(tmp_path) == ["out"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux swaps two names in one step")
def test_the_swap_in_one_step_renames_nothing_away(tmp_path, monkeypatch):
    make(tmp_path / "out", "old")
    monkeypatch.setattr(os, "rename", lambda *_: pytest.fail("the name was free for a moment"))
    make(tmp_path / "out", "new")
    assert (tmp_path / "out" / "content").read_text() == "new"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, DataError])
def test_a_body_that_fails_leaves_the_earlier_folder(tmp_path, error):
    make(tmp_path / "out", "old")
    with pytest.raises(error):
        make(tmp_path / "out", "half", error)
    assert (tmp_path / "out" / "content").read_text() == "old"
    assert visible(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("failing", [1, 2])
def test_a_rename_that_fails_leaves_the_earlier_folder(tmp_path, monkeypatch, failing, error):
    make(tmp_path / "out", "old")
    monkeypatch.setattr(folders, "_exchange", lambda one, other: False)
    rename, calls = os.rename, []

    def fail(source, target):
        calls.append(source)
        if len(calls) == failing:
            raise error
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(error):
        make(tmp_path / "out", "new")
    assert (tmp_path / "out" / "content").read_text() == "old"
    assert visible(tmp_path) == ["out"]


def test_what_a_killed_process_left_is_restored_or_removed(tmp_path):
    make(tmp_path / "out", "old")
    os.rename(tmp_path / "out", tmp_path / ".tmp-out-previous")  # killed between the two renames
    (tmp_path / ".tmp-out").mkdir()
    (tmp_path / ".tmp-out" / "content").write_text("half")
    with pytest.raises(OSError, match="full"):
        make(tmp_path / "out", "half", OSError("disk full"))
    assert (tmp_path / "out" / "content").read_text() == "old"
    assert visible(tmp_path) == ["out"]


def test_a_mapped_file_of_the_earlier_folder_keeps_its_content(tmp_path, swap):
    with replacing(tmp_path / "out", OWN) as folder:
        np.save(folder / "images.npy", np.full(100_000, 1, dtype=np.uint8))
    mapped = np.load(tmp_path / "out" / "images.npy", mmap_mode="r")
    with replacing(tmp_path / "out", OWN) as folder:
        np.save(folder / "images.npy", np.full(10, 2, dtype=np.uint8))
    assert int(mapped.sum()) == 100_000
    assert np.load(tmp_path / "out" / "images.npy").tolist() == [2] * 10


def test_a_link_to_another_place_stays_a_link(tmp_path):
    make(tmp_path / "disk" / "out", "old")
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "out")
    make(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "disk" / "out" / "content").read_text() == "new"


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "out").mkdir()
    make(tmp_path / "out")
    assert (tmp_path / "out" / "content").read_text() == "new"


def test_a_folder_with_other_files_is_never_touched(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    with pytest.raises(DataError, match=r"is not a data set made by prepare_data.py: it holds thesis\.tex"):
        make(tmp_path / "out")
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years of work"


def test_a_file_is_never_replaced(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError, match="is a file; expected a new or an empty folder"):
        make(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "a file"


def test_two_at_once_do_not_mix(tmp_path):
    with replacing(tmp_path / "out", OWN) as folder:
        (folder / "content").write_text("first")
        with pytest.raises(DataError, match="another process is writing"):
            make(tmp_path / "out", "second")
    assert (tmp_path / "out" / "content").read_text() == "first"


def test_what_killed_processes_left_in_the_folder_goes_with_it(tmp_path):
    make(tmp_path / "out", "old")
    (tmp_path / "out" / ".tmp-k2jf0x").write_text("half of a file")
    make(tmp_path / "out", "new")
    assert visible(tmp_path / "out") == ["content"]
    assert visible(tmp_path) == ["out"]


def test_what_killed_processes_left_of_other_folders_is_removed_or_put_back(tmp_path):
    for name in ("one", "two", "busy"):
        make(tmp_path / name, name)
    os.rename(tmp_path / "two", tmp_path / ".tmp-two-previous")
    for name in ("one", "two"):
        (tmp_path / f".tmp-{name}").mkdir()
    with replacing(tmp_path / "busy", OWN) as folder:
        (folder / "content").write_text("new")
        make(tmp_path / "out")
        assert folder.exists()  # its process lives
    assert visible(tmp_path) == ["busy", "one", "out", "two"]
    assert [(tmp_path / name / "content").read_text() for name in visible(tmp_path)] == ["new", "one", "new", "two"]
