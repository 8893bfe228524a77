"""Files in folders and in zips, read alike and with every error in words."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath, PureWindowsPath

from fercore.data.fer2013 import DataError
from fercore.data.records import BadRecord

MAX_IMAGE_BYTES = 64 << 20  # one image file, unpacked
MAX_ZIP_BYTES = 4 << 30  # all of a zip, unpacked: FER2013 takes 57 MB as images and 300 MB as csv
MAX_ZIP_MEMBERS = 1_000_000
MAX_ZIP_DEPTH = 16  # folders in folders
# A damaged zip member shows as any of these; RuntimeError is an encrypted one.
READ_ERRORS = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
_LITTER = {"__macosx", "thumbs.db", "desktop.ini"}


@contextlib.contextmanager
def open_zip(path: Path) -> Iterator[Traversable]:
    """Open a zip and give its root folder; nothing is ever unpacked to disk.

    Raises
    ------
    DataError
        If it is damaged, unpacks to more than `MAX_ZIP_BYTES`, or has members that point outside or occur twice.
    """
    try:
        archive = zipfile.ZipFile(path)
    except READ_ERRORS as error:
        raise DataError(f"{path}: not a whole zip file ({error}); download it again") from error
    with archive:
        _check_members(archive, path.name)
        yield zipfile.Path(archive)


def _check_members(archive: zipfile.ZipFile, name: str) -> None:
    members = archive.infolist()
    if len(members) > MAX_ZIP_MEMBERS:
        raise DataError(f"{name}: {len(members):,} members, more than the {MAX_ZIP_MEMBERS:,} allowed")
    total = sum(member.file_size for member in members)
    if total > MAX_ZIP_BYTES:
        raise DataError(f"{name}: unpacks to {total:,} bytes, more than the {MAX_ZIP_BYTES:,} allowed; is it FER2013?")
    seen = set()
    for member in (member.filename for member in members):
        if member.count("/") > MAX_ZIP_DEPTH:
            raise DataError(f"{name}: member {member[:80]!r} lies deeper than {MAX_ZIP_DEPTH} folders; is it FER2013?")
        outside = ".." in PurePosixPath(member).parts or PurePosixPath(member).is_absolute()
        if outside or "\\" in member or PureWindowsPath(member).drive:
            raise DataError(f"{name}: member {member!r} points outside the archive; do not use this file")
        if member in seen:
            raise DataError(f"{name}: member {member!r} occurs twice; expected each once: make the zip again")
        seen.add(member)


def children(folder: Traversable) -> list[Traversable]:
    """What a folder holds, by name, without hidden files and the litter that file managers leave."""
    found = (child for child in folder.iterdir() if child.name[0] != "." and child.name.lower() not in _LITTER)
    return sorted(found, key=lambda child: child.name)


def read_bytes(file: Traversable, where: str) -> bytes:
    """Content of one image file; BadRecord if it cannot be read or is larger than `MAX_IMAGE_BYTES`."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_IMAGE_BYTES + 1)
    except READ_ERRORS as error:
        raise BadRecord(f"{where}: cannot be read ({error})") from error
    if len(data) > MAX_IMAGE_BYTES:
        raise BadRecord(f"{where}: more than the {MAX_IMAGE_BYTES:,} bytes allowed for one image")
    return data
