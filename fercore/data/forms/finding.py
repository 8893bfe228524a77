"""Finding the parts of a form in a folder, whatever the case of their names, and reading its lists."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from fercore.data.dataset import DataError
from fercore.data.members import READ_ERRORS, children

MOST_LINE = 1 << 16  # characters of a line of a list
MOST_LINES = 10_000_000


def child(folder: Traversable, *names: str) -> Traversable | None:
    """The first of these names that a folder holds, in any case: ("images", "Image")."""
    found = {entry.name.lower(): entry for entry in children(folder)}
    return next((found[name.lower()] for name in names if name.lower() in found), None)


def below(folder: Traversable, path: str) -> Traversable | None:
    """The file at a path below a folder; None where it leads out of the folder or to no file."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if not parts or path.startswith(("/", "\\")) or any(part in ("..", "") or ":" in part for part in parts):
        return None
    for part in parts:
        folder = folder / part
    return folder if folder.is_file() else None


def lines(file: Traversable, where: str) -> Iterator[tuple[int, str]]:
    """Number and text of each line that is not blank, without a mark of byte order or line ends of Windows."""
    try:
        with io.TextIOWrapper(file.open("rb"), encoding="utf-8-sig", errors="replace") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(MOST_LINE), ""), start=1):
                if len(line) == MOST_LINE or number > MOST_LINES:
                    raise DataError(f"{where} line {number}: too long to be a list of images")
                if line := line.strip():
                    yield number, line
    except READ_ERRORS as error:
        raise DataError(f"{where}: cannot be read to its end ({error}); download it again") from error
