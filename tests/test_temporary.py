"""Temporary files: those of processes that are gone are removed, and no others."""

import os
import subprocess
import sys
import time

import pytest

from fercore import temporary
from fercore.run_files import atomic_write
from fercore.temporary import prefix, remove_abandoned, temporary_folder


@pytest.fixture
def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_only_what_ended_processes_of_this_machine_left_is_removed(tmp_path, gone):
    old, new = tmp_path / ".tmp-abcd_123", tmp_path / ".tmp-abcd_124"
    kept = [
        prefix() + "mine",
        f".tmp-elsewhere-{gone}-x",
        ".tmp-fer2013",
        ".tmp-fer2013.lock",
        new.name,
        "model.safetensors",
    ]
    for name in [*kept, f".tmp-{temporary._HOST}-{gone}-file", old.name]:
        (tmp_path / name).touch()
    os.utime(old, times=(time.time() - 2 * 24 * 3600,) * 2)
    folder = tmp_path / f".tmp-{temporary._HOST}-{gone}-folder"
    folder.mkdir()
    (folder / "run.json").touch()
    remove_abandoned(tmp_path)
    assert names(tmp_path) == sorted(kept)


def test_links_are_deleted_and_never_followed(tmp_path, gone):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "thesis.tex").write_text("years of work")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / f".tmp-{temporary._HOST}-{gone}-x").symlink_to(tmp_path / "there")
    remove_abandoned(tmp_path / "here")
    assert (names(tmp_path / "here"), names(tmp_path / "there")) == ([], ["thesis.tex"])


def test_whoever_writes_next_cleans_up(tmp_path, gone):
    left = tmp_path / f".tmp-{temporary._HOST}-{gone}-x"
    left.touch()
    atomic_write(tmp_path / "a", lambda file: file.write(b"1"))
    assert names(tmp_path) == ["a"]
    left.touch()
    with temporary_folder(tmp_path) as folder:
        assert names(tmp_path) == [folder.name, "a"]
        (folder / "b").touch()
    assert names(tmp_path) == ["a"]
