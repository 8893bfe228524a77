"""What people say of the images that runs answered for: FER+'s votes, which come with the project."""

from __future__ import annotations

import numpy as np

from fercore.data.ferplus import votes_on
from fercore.evaluation.people import people_report
from fercore.runs import Run, stem
from state.caches import copied, key, shared
from state.results import checked_predictions


def votes(run: Run, split: str, tta: str = "none") -> np.ndarray | None:
    """Votes (N, 10) on the images of a run's predictions, in their order; None where people voted on none of them."""
    return shared("votes", *_key(run, split, tta), lambda: _read_only(votes_on(_predicted(run, split, tta).id)))


def people(run: Run, split: str, tta: str = "none", *, details: bool = False) -> dict | None:
    """How a run compares with most people, its `details` where they are asked for; see
    `fercore.evaluation.people.people_report`.

    Computed from the run's predictions, never read from its folder: votes are part of the project, so it cannot be of
    other ones.
    """
    found = votes(run, split, tta)

    def judged() -> dict | None:
        if found is None:
            return None
        return people_report(_predicted(run, split, tta), run.classes, found, details=details)

    return copied("people in detail" if details else "people", *_key(run, split, tta), judged)


def _key(run: Run, split: str, tta: str) -> tuple[str, str]:
    _, where, changed = key(run.path / f"predictions_{stem(split, tta)}.npz")
    return f"{where} {stem(split, tta)}", changed


def _predicted(run: Run, split: str, tta: str):
    return checked_predictions(run, split, tta)


def _read_only(found: np.ndarray | None) -> np.ndarray | None:
    if found is not None:
        found.flags.writeable = False
    return found
