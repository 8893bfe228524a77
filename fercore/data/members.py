"""Files in folders, zips and tars, read alike and with every error in words."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path, PureWindowsPath

from fercore.data.dataset import DataError
from fercore.data.records import BadRecord

MAX_IMAGE_BYTES = 64 << 20  # one image file, unpacked
MAX_ZIP_BYTES = 64 << 30  # all of an archive, unpacked; FER2013 takes 57 MB, the 290,000 images of AffectNet some GB
MAX_ZIP_MEMBERS = 1_000_000
MAX_ZIP_DEPTH = 16  # folders in folders
# A damaged member of an archive shows as any of these; RuntimeError is an encrypted one.
READ_ERRORS = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
)
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
# What Windows, macOS, Linux and storage servers leave in folders; hidden files are passed over too.
_LITTER = {
    "__macosx",
    "icon\r",
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "__pycache__",
    "@eadir",
    "#recycle",
}
_LITTER_ENDS = ("zone.identifier", "~")  # of a download's origin, and of an editor's backup


@dataclass(frozen=True)
class Gzipped:
    """A gzipped file, which opens as what was put into it."""

    path: Path

    def open(self, mode: str = "rb") -> gzip.GzipFile:
        return gzip.open(self.path, mode)


@contextlib.contextmanager
def open_zip(path: Path) -> Iterator[Traversable]:
    """Open a zip and give its root folder; nothing is ever unpacked to disk.

    Members are read wherever they say they lie, "./a", "/a" and "a\\b" too: their paths begin at the root.

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
        yield _root(archive, path.name)


@contextlib.contextmanager
def open_tar(path: Path) -> Iterator[Traversable]:
    """Open a tar, compressed or not, and give its root folder.

    A compressed tar can only be read from its beginning, so its files are copied once into a temporary file without a
    name, which is gone when the block ends or the process does.

    Raises
    ------
    DataError
        As `open_zip`, or if a member is a link or a device.
    """
    with tempfile.TemporaryFile() as file:
        try:
            with tarfile.open(path, "r|*") as tar, zipfile.ZipFile(file, "w") as archive:
                _copy_members(tar, archive, path.name)
        except READ_ERRORS as error:
            raise DataError(
                f"{path}: cannot be read to its end ({error}); download it again, or make room for temporary files"
            ) from error
        with zipfile.ZipFile(file) as archive:
            yield _root(archive, path.name)


def _copy_members(tar: tarfile.TarFile, archive: zipfile.ZipFile, name: str) -> None:
    total = 0
    for number, member in enumerate(tar, start=1):
        total += member.size
        _check_size(number, total, name)
        if member.isdir():
            continue
        if not member.isfile():
            raise DataError(f"{name}: member {member.name!r} is a link or a device; expected files: make the tar again")
        with archive.open(zipfile.ZipInfo(member.name), "w", force_zip64=True) as copy:
            shutil.copyfileobj(tar.extractfile(member), copy)


def _check_size(members: int, total: int, name: str) -> None:
    if members > MAX_ZIP_MEMBERS:
        raise DataError(f"{name}: {members:,} members, more than the {MAX_ZIP_MEMBERS:,} allowed")
    if total > MAX_ZIP_BYTES:
        raise DataError(
            f"{name}: unpacks to {total:,} bytes, more than the {MAX_ZIP_BYTES:,} allowed; unpack it yourself"
        )


def _root(archive: zipfile.ZipFile, name: str) -> Traversable:
    """The root folder of a zip whose members were checked and have plain paths, "folder/file"."""
    members = archive.infolist()
    _check_size(len(members), sum(member.file_size for member in members), name)
    plain: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        said, member.filename = member.filename, _plain_path(member.filename, name)
        if member.filename.count("/") > MAX_ZIP_DEPTH:
            raise DataError(f"{name}: member {said[:80]!r} lies deeper than {MAX_ZIP_DEPTH} folders; is it a data set?")
        if member.filename in plain and not member.is_dir():
            raise DataError(f"{name}: member {said!r} occurs twice; expected each once: make the zip again")
        if member.filename:  # "./" is the root itself
            plain[member.filename] = member
    archive.filelist, archive.NameToInfo = list(plain.values()), plain
    return zipfile.Path(archive)


def _plain_path(member: str, name: str) -> str:
    parts = [part for part in member.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or PureWindowsPath(member).drive:
        raise DataError(f"{name}: member {member!r} points outside the archive; do not use this file")
    return "/".join(parts) + "/" * (bool(parts) and member.endswith(("/", "\\")))


def children(folder: Traversable) -> list[Traversable]:
    """What a folder holds, by name, without hidden files and the litter of other systems."""
    return sorted((child for child in folder.iterdir() if not is_litter(child.name)), key=lambda child: child.name)


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or none that a person put there."""
    name = name.lower()
    return name in _LITTER or name.startswith((".", "~$")) or name.endswith(_LITTER_ENDS)


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
