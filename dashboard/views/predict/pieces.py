"""Work that is done a piece at a time while its visitor is heard. Knows no Streamlit."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod


class InPieces(ABC):
    """Work in steps, which another thread may end between two of them.

    Streamlit begins to draw a page anew, in a thread of its own, before the one that drew it last has come to its end:
    who cancels meets a thread that still works. So `cancel` waits for nothing, and the page can say at once that it was
    heard; `settle` then waits for the step that is being taken, before what was found is read.

    Attributes
    ----------
    finished
        Whether there is nothing left to do.
    """

    def __init__(self) -> None:
        self.finished = False
        self._lock, self._unwanted, self._whole = threading.RLock(), False, False

    @property
    def cancelled(self) -> bool:
        """Whether the visitor ended it; not where the step that was being taken then turns out to be the last."""
        return self._unwanted and not self._whole

    @property
    def goes_on(self) -> bool:
        """Whether steps are still to be taken."""
        return not (self.finished or self._unwanted)

    def work(self, seconds: float) -> None:
        """Take steps for about so long, at least one; the one in which the time is over is taken to its end."""
        until = time.monotonic() + seconds
        while self.goes_on:
            with self._lock:
                if self.goes_on:
                    self._step()
                    self._whole = self.finished
            if time.monotonic() >= until:
                break

    def cancel(self) -> None:
        """Have no step taken after the one that is being taken; returns at once."""
        self._unwanted = True

    def settle(self) -> None:
        """Come to an end if the visitor wants it, after the step that is being taken."""
        with self._lock:
            if self._unwanted and not self.finished:
                self._finish()

    @abstractmethod
    def _step(self) -> None:
        """Do the next little; calls `_finish` where it was the last."""

    @abstractmethod
    def _finish(self) -> None:
        """Come to an end and set `finished`."""
