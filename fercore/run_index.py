"""An index of runs: what lists, choosers and tables need of each, read once and then only where a file has changed.

Everything is known by the state of the files that it came from (times, size, inode), and a look at these is all that a
warm list of runs costs. One index for each folder of runs serves the whole process, all sessions of a server together.
What is worked out of further files (`RunIndex.kept`) can also be kept between two starts, see `fercore.index_store`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from fercore.index_store import Store
from fercore.run_files import RunError
from fercore.runs import Run, open_run

MOST_FOLDERS = 8  # of runs whose indexes a process holds; the one asked for longest ago goes first
T = TypeVar("T")
Listing = tuple[list[Run], dict[str, str]]


def file_state(*files: Path | str) -> str:
    """What changes when a file is written, replaced, made or removed: times, size and inode, as text."""
    states: list[tuple] = []
    for file in files:
        try:
            found = os.stat(file)
        except OSError:
            states.append((os.path.basename(file),))
        else:
            # Somebody may set the time of a change back, but not that of the inode's change.
            times = found.st_mtime_ns, found.st_ctime_ns
            states.append((os.path.basename(file), *times, found.st_size, found.st_ino))
    return repr(states)


class RunIndex:
    """What is known of the runs in one folder; safe in threads.

    Parameters
    ----------
    root
        The folder; it need not exist yet.
    """

    def __init__(self, root: Path):
        self.root = root
        self._found: dict[str, tuple[str, Run | str]] = {}  # folder name -> state of run.json, the run or its problem
        self._kept: dict[tuple[str, str], tuple[str, Any]] = {}
        self._store: Store | None = None
        self._lock = threading.Lock()

    def keep_in(self, folder: Path) -> None:
        """Keep what is worked out in a file in this folder, and take what is there already."""
        with self._lock:
            if self._store is None:
                self._store = Store(self.root, folder)
                self._kept = self._store.read() | self._kept

    def list(self) -> Listing:
        """The readable runs by name, and the problem of each folder that cannot be read as a run, as it is now."""
        names = sorted(_folders(self.root))
        with self._lock:  # who comes second finds what the first has read
            found = {name: self._looked_at(name) for name in names}
            for name in [name for name, (_, entry) in found.items() if isinstance(entry, str)]:
                if not os.path.isdir(f"{self.root}/{name}"):  # renamed or put away since the folders were listed
                    del found[name]
            gone = self._found.keys() - found.keys()
            self._found = found
            if gone:
                self._forget(gone)
        entries = [(name, entry) for name, (_, entry) in found.items()]
        return [run for _, run in entries if isinstance(run, Run)], {k: v for k, v in entries if isinstance(v, str)}

    def find(self, name: str) -> Run | None:
        """One run as it is now, without a look at the others; None where there is no readable one of this name."""
        if name not in self._found and name not in _folders(self.root):
            return None
        with self._lock:
            self._found[name] = self._looked_at(name)
            entry = self._found[name][1]
        return entry if isinstance(entry, Run) else None

    def kept(self, run: Run, what: str, files: Iterable[Path], make: Callable[[], T], also: str = "") -> T:
        """What `make()` gives, made again only when one of the files changes.

        Parameters
        ----------
        run, what
            Whose value, and its name; a run of this folder.
        files
            All that the value depends on. They need not exist.
        make
            Returns what JSON holds: figures, texts, lists and objects of them; nobody may change what it returned.
        also
            What the value depends on beside files.

        Raises
        ------
        RunError
            As `make` raised it, again and again until a file changes.
        """
        deeper = "" if run.path.parent == self.root else f"{run.path.name}/"  # results on other data
        key, state = (run.name, deeper + what), f"{file_state(*files)} {also}"
        known = self._kept.get(key)
        if known is None or known[0] != state:
            known = state, _outcome(make)
            self._kept[key] = known
            if self._store is not None:
                self._store.write(key, *known)
        outcome = known[1]
        if "problem" in outcome:
            raise RunError(outcome["problem"])
        return outcome["value"]

    def close(self) -> None:
        """Let go of the file that it is kept in."""
        with self._lock:
            if self._store is not None:
                self._store.close()

    def _looked_at(self, name: str) -> tuple[str, Run | str]:
        state = file_state(f"{self.root}/{name}/run.json")
        known = self._found.get(name)
        if known is not None and known[0] == state:
            return known
        try:
            return state, open_run(self.root / name)
        except (RunError, OSError) as error:
            return state, str(error)

    def _forget(self, names: set[str]) -> None:
        keys = [key for key in list(self._kept) if key[0] in names]  # others may keep meanwhile
        for key in keys:
            del self._kept[key]
        if keys and self._store is not None:
            self._store.forget(sorted({name for name, _ in keys}))


_indexes: dict[Path, RunIndex] = {}
_guard = threading.Lock()


def index_of(root: Path | str) -> RunIndex:
    """The index of a folder of runs, the same for all who ask."""
    root = Path(os.path.abspath(root))
    with _guard:
        found = _indexes.pop(root, None) or RunIndex(root)
        _indexes[root] = found
        if len(_indexes) > MOST_FOLDERS:
            _indexes.pop(next(iter(_indexes))).close()
    return found


def _outcome(make: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"value": make()}
    except RunError as error:
        return {"problem": str(error)}


def _folders(root: Path) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return [entry.name for entry in entries if entry.name[0] != "." and entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
