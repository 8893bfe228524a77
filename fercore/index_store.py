"""Where an index of runs is kept between two starts: one SQLite file for each folder of runs, in the user's cache.

It holds nothing that cannot be read again. A file that is damaged, was made by another version, or belongs to another
folder is deleted and made anew; where none can be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

VERSION = 1  # of the tables and of what the values mean; older files are deleted
LONGEST = 100_000  # characters of one value that is kept: an index holds figures, no files
Key = tuple[str, str]  # name of the run folder, what is kept of it


def default_folder() -> Path:
    """fercore/ in the user's cache folder, or the folder that FERCORE_CACHE names."""
    return Path(os.environ.get("FERCORE_CACHE") or _user_cache() / "fercore")


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


class Store:
    """Values of runs with the state of the files that they came from.

    Parameters
    ----------
    root
        The folder of runs.
    folder
        Where the file is kept; it is named by the root's digest.
    """

    def __init__(self, root: Path, folder: Path):
        self.root = os.path.realpath(root)
        self.file = folder / f"runs-{hashlib.sha256(self.root.encode('utf-8', 'surrogateescape')).hexdigest()[:24]}.db"
        self._lock = threading.Lock()
        self._connection = self._opened()

    def read(self) -> dict[Key, tuple[str, Any]]:
        """All that is kept: (run, what) -> (state of its files, value)."""
        with self._lock:
            try:
                rows = self._connection.execute("SELECT run, what, state, value FROM kept").fetchall()
                return {(run, what): (state, json.loads(value)) for run, what, state, value in rows}
            except (AttributeError, sqlite3.Error, ValueError):
                self._start_anew()
                return {}

    def write(self, key: Key, state: str, value: Any) -> None:
        """Keep one value; a failure is no loss."""
        try:
            text = json.dumps(value, allow_nan=False)
        except ValueError:  # a figure that is no number, of a stranger's run
            return
        if len(text) <= LONGEST:
            self._change("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", [(*key, state, text)])

    def forget(self, runs: list[str]) -> None:
        """Delete what is kept of runs that are gone."""
        self._change("DELETE FROM kept WHERE run = ?", [(run,) for run in runs])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._shut()

    def _change(self, statement: str, rows: list[tuple]) -> None:
        with self._lock:
            if self._connection is None:
                return
            try:
                with self._connection:
                    self._connection.executemany(statement, rows)
            except sqlite3.OperationalError:  # a full disk, or another process holds it: this value is not kept
                return
            except sqlite3.Error:
                self._start_anew()

    def _opened(self) -> sqlite3.Connection | None:
        for _ in range(2):  # what is damaged is deleted, once
            try:
                return self._connected()
            except sqlite3.OperationalError:
                return None
            except sqlite3.DatabaseError:
                self._delete()
            except OSError:
                return None
        return None

    def _connected(self) -> sqlite3.Connection:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.file, timeout=1, check_same_thread=False)
        try:
            # A power cut may damage the file, which then is made anew: no value waits for the disk.
            connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
            connection.execute("CREATE TABLE IF NOT EXISTS about (root TEXT, version INTEGER)")
            found = connection.execute("SELECT root, version FROM about").fetchall()
            if found not in ([], [(self.root, VERSION)]):
                raise sqlite3.DatabaseError("another folder's, or another version's")
            columns = "run TEXT, what TEXT, state TEXT, value TEXT, PRIMARY KEY (run, what)"
            connection.execute(f"CREATE TABLE IF NOT EXISTS kept ({columns})")
            if not found:
                connection.execute("INSERT INTO about VALUES (?, ?)", (self.root, VERSION))
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection

    def _start_anew(self) -> None:
        self._shut()
        self._delete()
        self._connection = self._opened()

    def _shut(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _delete(self) -> None:
        for end in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(f"{self.file}{end}")
