"""Every form of FER2013 that users hold, told apart and opened."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path

from fercore.data.fer2013 import DataError
from fercore.data.members import TARS, Gzipped, children, open_tar, open_zip
from fercore.data.records import Source
from fercore.data.tables import open_table
from fercore.data.trees import SPLIT_FOLDERS, open_tree

KAGGLE_DATASET = "msambare/fer2013"
TABLES = ("fer2013.csv", "icml_face_data.csv")
_EXPECTED = (
    "expected the Kaggle zip or its unpacked folder, fer2013.csv, icml_face_data.csv, fer2013.tar.gz, "
    "or a folder, zip or tar with train/<class>/ and test/<class>/"
)


@contextlib.contextmanager
def open_source(path: Path | str, *, splits: str = "names") -> Iterator[Source]:
    """Open any form of the data set.

    Parameters
    ----------
    path
        A zip, a tar, a csv (gzipped or not), or a folder. Images or a csv may lie below further single folders.
    splits
        For trees of images: "names" lets file-name prefixes restore the official splits, "folders" does not.

    Yields
    ------
    Source
        Readable until the block ends.

    Raises
    ------
    DataError
        If there is nothing, or nothing known, at `path`.
    """
    with contextlib.ExitStack() as opened:
        try:
            source = _open(Path(path), splits, opened)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error}; check its permissions, or {_EXPECTED}") from error
        yield source


@contextlib.contextmanager
def open_kaggle(*, splits: str = "names") -> Iterator[Source]:
    """Download Kaggle's public copy (or find it in kagglehub's cache) and open it."""
    import kagglehub  # here, because only this function needs it and it takes a while

    try:
        folder = kagglehub.dataset_download(KAGGLE_DATASET)
    except Exception as error:  # kagglehub lets through what requests, zipfile and the disk raise
        raise DataError(
            f"kagglehub could not download {KAGGLE_DATASET} ({type(error).__name__}: {error}); check the connection, "
            f"or download https://www.kaggle.com/datasets/{KAGGLE_DATASET} in a browser and give the zip as SOURCE"
        ) from error
    with open_source(folder, splits=splits) as source:
        yield replace(source, name=KAGGLE_DATASET, options=source.options | {"kaggle": True})


def _open(path: Path, splits: str, opened: contextlib.ExitStack) -> Source:
    if not path.exists():
        raise DataError(f"there is no file or folder {path}; {_EXPECTED}, or use --kaggle to download it")
    if path.is_dir():
        return _open_folder(path, path.resolve().name, "folder", splits)
    if not path.is_file():  # reading a pipe or a device may never end
        raise DataError(f"{path}: neither a folder nor a file but a pipe or a device; {_EXPECTED}")
    lower = path.name.lower()
    if lower.endswith(".csv"):
        return open_table(path, path.name, "csv")
    if lower.endswith(".csv.gz"):
        return open_table(Gzipped(path), path.name, "csv")
    if lower.endswith(TARS):
        return _open_folder(opened.enter_context(open_tar(path)), path.name, "tar", splits)
    if lower.endswith(".zip") or zipfile.is_zipfile(path):
        return _open_folder(opened.enter_context(open_zip(path)), path.name, "zip", splits)
    raise DataError(f"{path}: neither a folder nor a zip, tar or csv; {_EXPECTED}")


def _open_folder(folder: Traversable, name: str, container: str, splits: str) -> Source:
    """A tree of images or a csv in a folder, perhaps below a chain of single folders."""
    while True:
        entries = children(folder)
        folders = [entry for entry in entries if entry.is_dir()]
        if any(entry.name.lower() in SPLIT_FOLDERS for entry in folders):
            return open_tree(folder, name, f"images in a {container}", splits)
        csvs = [entry for entry in entries if entry.name.lower().endswith(".csv") and entry.is_file()]
        tables = [entry for entry in csvs if entry.name.lower() in TABLES] or csvs
        if len(tables) == 1:
            return open_table(tables[0], f"{name}: {tables[0].name}", f"csv in a {container}")
        if len(folders) != 1 or tables:
            found = ", ".join(repr(entry.name) for entry in entries[:8]) or "nothing"
            raise DataError(f"{name}: found {found}{', ...' if len(entries) > 8 else ''}; {_EXPECTED}")
        folder = folders[0]
