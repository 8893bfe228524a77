"""Names of temporary files and folders, which lie beside what they become, and what becomes of those that are left.

A process that is killed leaves its temporary files. Their names say which process of which machine made them, so that
whoever writes there next removes those that nobody will rename any more, and no others.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_HOST = re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname()) or "host"
_OURS = re.compile(r"\.tmp-(?P<host>\w+)-(?P<process>\d{1,18})-\w+")
_UNNAMED = re.compile(r"\.tmp-\w{8}")  # as earlier versions called them
_DAY = 24 * 3600  # an unnamed one this old belongs to no process that still writes it


def prefix() -> str:
    """How the names of this process's temporary files and folders begin."""
    return f".tmp-{_HOST}-{os.getpid()}-"


@contextlib.contextmanager
def temporary_folder(place: Path) -> Iterator[Path]:
    """A folder in `place` that is gone afterwards, as is what killed processes left there."""
    remove_abandoned(place)
    with tempfile.TemporaryDirectory(prefix=prefix(), dir=place) as name:
        yield Path(name)


def remove_abandoned(folder: Path) -> None:
    """Delete the temporary files and folders whose process is gone; links are deleted, never followed."""
    for entry in list(folder.glob(".tmp-*")):
        if not _is_abandoned(entry):
            continue
        with contextlib.suppress(OSError):  # another process may be deleting it too
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def _is_abandoned(entry: Path) -> bool:
    if named := _OURS.fullmatch(entry.name):
        import psutil  # here, because hardly any folder holds one

        return named["host"] == _HOST and not psutil.pid_exists(int(named["process"]))
    try:
        return bool(_UNNAMED.fullmatch(entry.name)) and time.time() - entry.lstat().st_mtime > _DAY
    except OSError:
        return False
