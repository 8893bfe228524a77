"""Work that is done a piece at a time while its visitor is heard. Knows no Streamlit."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod


class InPieces(ABC):
    """Work in steps, which another thread may end between two of them.

    Streamlit begins to draw a page anew, in a thread of its own, before the one that drew it last has come to its end:
    who cancels meets a thread that still works.

    Attributes
    ----------
    finished, cancelled
        Whether there is nothing left to do, and whether that is because the visitor said so.
    """

    def __init__(self) -> None:
        self.finished = self.cancelled = False
        self._lock, self._ending = threading.RLock(), False

    def work(self, seconds: float) -> None:
        """Take steps for about so long, at least one; the one in which the time is over is taken to its end."""
        until = time.monotonic() + seconds
        while not (self.finished or self._ending):
            with self._lock:
                if not self.finished:
                    self._step()
            if time.monotonic() >= until:
                break

    def cancel(self) -> None:
        """End the work after the step that is being taken, if one is."""
        self._ending = True
        with self._lock:
            if not self.finished:
                self.cancelled = True
                self._finish()

    @abstractmethod
    def _step(self) -> None:
        """Do the next little; calls `_finish` where it was the last."""

    @abstractmethod
    def _finish(self) -> None:
        """Come to an end and set `finished`."""
