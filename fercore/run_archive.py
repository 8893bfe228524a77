"""Runs that were put away, archived or deleted into a trash folder, and how each is taken back.

Both folders lie beside the runs. Whatever begins with a dot is no run, so no list shows what is in them; nothing in
them is changed, so a run comes back as it went.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fercore.run_care import check_idle, check_not_needed
from fercore.run_files import RunError, own_folder
from fercore.runs import Run, check_name, open_run

ARCHIVE, TRASH = ".archive", ".trash"
_VERBS = {ARCHIVE: "archived", TRASH: "deleted"}
_TIME = "%Y%m%d-%H%M%S-%f"
_PLACE = re.compile(r"(?P<name>.+)-(?P<time>\d{8}-\d{6}-\d{6})")


@dataclass(frozen=True)
class PutAway:
    """A run that was put away: where it lies, in which of the two folders, its name, and when it went (UTC)."""

    path: Path
    folder: str
    name: str
    time: datetime


def put_away(run: Run, folder: str) -> PutAway:
    """Move a run out of the lists, into `ARCHIVE` or `TRASH` beside the runs.

    Raises
    ------
    RunError
        If the run is being trained, or another run needs it.
    """
    check_idle(run, _VERBS[folder])
    check_not_needed(run, _VERBS[folder])
    now = datetime.now(UTC)
    place = own_folder(run.path.parent / folder) / f"{run.name}-{now:{_TIME}}"
    os.rename(run.path, place)
    return PutAway(place, folder, run.name, now)


def list_put_away(root: Path) -> list[PutAway]:
    """All that was put away beside the runs of a folder, the last first; folders of other names are left out."""
    found = []
    for folder in (ARCHIVE, TRASH):
        places = sorted((root / folder).iterdir()) if (root / folder).is_dir() else []
        for place in places:
            if (match := _PLACE.fullmatch(place.name)) and place.is_dir() and not place.is_symlink():
                try:
                    time = datetime.strptime(match["time"], _TIME).replace(tzinfo=UTC)
                except ValueError:
                    continue
                found.append(PutAway(place, folder, match["name"], time))
    return sorted(found, key=lambda one: one.time, reverse=True)


def take_back(one: PutAway) -> Run:
    """Move a run back to where it was.

    Raises
    ------
    RunError
        If its name is taken by now, or it cannot be read; a run that cannot be read is back in its place too.
    """
    target = one.path.parent.parent / check_name(one.name)
    if target.exists() or target.is_symlink():
        raise RunError(f"there is another run {one.name} by now; rename that first, then take this one back")
    if not one.path.is_dir():
        raise RunError(f"{one.path} is not there any more; it was taken back or deleted meanwhile")
    os.rename(one.path, target)
    return open_run(target)
