"""The way from answers that were recorded to the timeline of the page Predict."""

from __future__ import annotations

import state
from widgets.links import go

SOURCE = "Saved answers"  # as the page Predict calls it


def open_saved(name: str, data: bytes) -> None:
    """Open a table of answers, a CSV file, in the timeline."""
    state.keep_answers(name, data)
    go("predict", {"pictures": SOURCE})
