"""Every form of a data set that users hold, told apart by content and opened."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path

from fercore.data.adapt import adapted
from fercore.data.choices import Choices
from fercore.data.dataset import DataError
from fercore.data.forms import FORMS
from fercore.data.forms.parquet import open_parquet
from fercore.data.members import MAX_ZIP_DEPTH, TARS, Gzipped, children, open_tar, open_zip
from fercore.data.records import Source
from fercore.data.tables import open_table
from fercore.data.trees import has_splits

KAGGLE_DATASET = "msambare/fer2013"
TABLES = ("fer2013.csv", "icml_face_data.csv")
TABLE = "table"  # the form of FER2013's tables, which are no folders
FORM_NAMES = (*FORMS, TABLE)
_EXPECTED = (
    "expected the Kaggle zip or its unpacked folder, fer2013.csv, icml_face_data.csv, fer2013.tar.gz, a folder, zip or "
    "tar with train/<class>/ and test/<class>/, or with <class>/ alone (classes of your own: --classes a,b,...), "
    "RAF-DB, AffectNet, CK+, ExpW, or a data set folder of Hugging Face"
)


@contextlib.contextmanager
def open_source(path: Path | str, choices: Choices | None = None, form: str = "") -> Iterator[Source]:
    """Open any form of a data set.

    Parameters
    ----------
    path
        A zip, a tar, a csv (gzipped or not), a parquet file, or a folder. What they hold may lie below further single
        folders.
    choices
        How it is to be read.
    form
        One of `FORM_NAMES` forces that form; "" tells it by the content.

    Yields
    ------
    Source
        Readable until the block ends.

    Raises
    ------
    DataError
        If there is nothing, or nothing known, at `path`.
    """
    if form and form not in FORM_NAMES:
        raise DataError(f"--form: received {form!r}, expected one of {', '.join(FORM_NAMES)}")
    with contextlib.ExitStack() as opened:
        try:
            source = _open(Path(path), choices or Choices(), form, opened)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error}; check its permissions, or {_EXPECTED}") from error
        yield source


@contextlib.contextmanager
def open_kaggle(choices: Choices | None = None) -> Iterator[Source]:
    """Download Kaggle's public copy (or find it in kagglehub's cache) and open it."""
    import kagglehub  # here, because only this function needs it and it takes a while

    try:
        folder = kagglehub.dataset_download(KAGGLE_DATASET)
    except Exception as error:  # kagglehub lets through what requests, zipfile and the disk raise
        raise DataError(
            f"kagglehub could not download {KAGGLE_DATASET} ({type(error).__name__}: {error}); check the connection, "
            f"or download https://www.kaggle.com/datasets/{KAGGLE_DATASET} in a browser and give the zip as SOURCE"
        ) from error
    with open_source(folder, choices) as source:
        yield replace(source, name=KAGGLE_DATASET, options=source.options | {"kaggle": True})


def _open(path: Path, choices: Choices, form: str, opened: contextlib.ExitStack) -> Source:
    if not path.exists():
        raise DataError(f"there is no file or folder {path}; {_EXPECTED}, or use --kaggle to download it")
    if path.is_dir():
        return _open_folder(path, path.resolve().name, "folder", choices, form)
    if not path.is_file():  # reading a pipe or a device may never end
        raise DataError(f"{path}: neither a folder nor a file but a pipe or a device; {_EXPECTED}")
    lower = path.name.lower()
    if lower.endswith(".csv"):
        return adapted(open_table(path, path.name, "csv"), choices)
    if lower.endswith(".csv.gz"):
        return adapted(open_table(Gzipped(path), path.name, "csv"), choices)
    if lower.endswith(".parquet"):
        return open_parquet(path, path.name, "file", choices)
    if lower.endswith(TARS):
        return _open_folder(opened.enter_context(open_tar(path)), path.name, "tar", choices, form)
    if lower.endswith(".zip") or zipfile.is_zipfile(path):
        return _open_folder(opened.enter_context(open_zip(path)), path.name, "zip", choices, form)
    raise DataError(f"{path}: neither a folder nor a zip, tar, csv or parquet file; {_EXPECTED}")


def _open_folder(folder: Traversable, name: str, container: str, choices: Choices, form: str) -> Source:
    """The first known form in a folder or, where it holds none, in the single folder in it."""
    top = folder
    for _ in range(MAX_ZIP_DEPTH):
        known = FORMS if not form else {form: FORMS[form]} if form in FORMS else {}
        for one in known.values():
            if one.fits(folder, choices):
                return one.open(folder, name, container, choices)
        entries = children(folder)
        if form in ("", TABLE) and (tables := _tables(entries)):
            file = tables[0]
            return adapted(open_table(file, f"{name}: {file.name}", f"csv in a {container}"), choices)
        folders = [entry for entry in entries if entry.is_dir()]
        if len(folders) != 1:
            break
        folder = folders[0]
    if form in FORMS and FORMS[form].forced:  # its folders do not tell it from others
        return FORMS[form].open(_outer(top), name, container, choices)
    found = ", ".join(repr(entry.name) for entry in children(folder)[:8]) or "nothing"
    more = ", ..." if len(children(folder)) > 8 else ""
    expected = f"expected {FORMS[form].words}" if form in FORMS else _EXPECTED
    raise DataError(f"{name}: found {found}{more}; {expected}")


def _tables(entries: list[Traversable]) -> list[Traversable]:
    """FER2013's table among the files of a folder: by its name, or because it is the only csv."""
    csvs = [entry for entry in entries if entry.name.lower().endswith(".csv") and entry.is_file()]
    tables = [entry for entry in csvs if entry.name.lower() in TABLES] or csvs
    return tables if len(tables) == 1 else []


def _outer(folder: Traversable) -> Traversable:
    """The first folder on the way down that holds more than a single folder."""
    for _ in range(MAX_ZIP_DEPTH):
        folders = [entry for entry in children(folder) if entry.is_dir()]
        if len(folders) != 1 or has_splits(folder):
            break
        folder = folders[0]
    return folder
