"""The files of a run folder: written in one piece or not at all, and read as a stranger's.

Content is read by `fercore.untrusted`, and nothing is unpickled. Writing goes to a temporary file that is then renamed,
so that a kill or a full disk leaves the earlier file, and never goes through a link. Links are followed for reading,
where only regular files are opened.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fercore.temporary import prefix, remove_abandoned
from fercore.untrusted import MOST_ITEMS, NPY_ERRORS, UntrustedError, check_texts, load_json, read_file

# What zipfile and numpy raise on damaged and hostile files: RuntimeError for an encrypted member.
_NPZ_ERRORS = (*NPY_ERRORS, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
_MAX_BYTES = {".json": 8 << 20, ".csv": 32 << 20, ".npz": 256 << 20}


class RunError(Exception):
    """A run folder that cannot be read or written, with the reason and the way on in words."""


def write_json(path: Path, content: dict) -> None:
    """Write JSON to a temporary file, then rename it."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    atomic_write(path, lambda file: file.write(text.encode("utf-8") + b"\n"))


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """Write a compressed npz to a temporary file, then rename it."""
    atomic_write(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))


def atomic_write(path: Path, write: Callable[[io.BufferedIOBase], object]) -> None:
    """Call `write` with a temporary file beside `path`, flush it to disk, and put it in the place of `path`."""
    remove_abandoned(path.parent)
    descriptor, temporary = tempfile.mkstemp(prefix=prefix(), dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes files only their owner can read
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def own_folder(path: Path) -> Path:
    """Make a folder inside a run folder, unless it is there; RunError where it is a link, which may lead anywhere."""
    if path.is_symlink():
        raise RunError(
            f"{path} is a link to {os.readlink(path)}, and nothing is written through links; delete the link, or copy "
            "the folder it leads to into its place"
        )
    path.mkdir(exist_ok=True)
    return path


def read_json(path: Path, most_items: int = MOST_ITEMS) -> dict:
    """The JSON object in a file of a run folder; RunError if it is too large, none, or holds what nobody can use."""
    try:
        return load_json(path, _MAX_BYTES[".json"], most_items)
    except UntrustedError as error:
        raise RunError(f"{path}: {error}") from error


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an npz; its unpacked size is checked first and nothing is unpickled."""
    data = read_bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _MAX_BYTES[".npz"]:
            raise RunError(f"{path}: unpacks to {size:,} bytes, more than the {_MAX_BYTES['.npz']:,} allowed")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except _NPZ_ERRORS as error:
        raise RunError(f"{path}: not a readable npz without pickled objects ({error})") from error
    if others := [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]:
        raise RunError(f"{path}: not a readable npz without pickled objects ({others[0]!r} is no array)")
    try:
        for array in arrays.values():
            if array.dtype.kind == "U":
                check_texts(array)
    except UntrustedError as error:
        raise RunError(f"{path}: {error}") from error
    return arrays


def read_bytes(path: Path) -> bytes:
    """The content of a regular file of a run folder; RunError if it is too large for its kind."""
    try:
        return read_file(path, _MAX_BYTES[path.suffix])
    except UntrustedError as error:
        raise RunError(f"{path}: {error}") from error
