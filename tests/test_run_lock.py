"""Whether a run is being trained: told by its lock, which a look takes for a moment itself."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import filelock

from fercore.run_lock import is_locked, training_lock


def test_looks_at_the_same_moment_do_not_take_each_other_for_a_training(tmp_path, monkeypatch):
    (tmp_path / ".lock").touch()
    together = threading.Barrier(2)

    class Slow(filelock.FileLock):
        def release(self, *arguments, **settings):
            time.sleep(0.1)
            super().release(*arguments, **settings)

    def look(_):
        together.wait()
        return is_locked(tmp_path)

    monkeypatch.setattr(filelock, "FileLock", Slow)
    with ThreadPoolExecutor(2) as visitors:
        assert list(visitors.map(look, range(2))) == [False, False]
    with training_lock(tmp_path):
        assert is_locked(tmp_path)
