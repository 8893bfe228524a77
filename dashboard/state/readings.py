"""What is read of several runs, of which some may be unreadable: those are left out, with the reason on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import streamlit as st

from fercore.runs import Run, RunError
from wording.markdown import code, message

MOST_WARNINGS = 5  # runs that cannot be read are named one by one up to here
T = TypeVar("T")


def readable(load: Callable[[Run], T], candidates: Iterable[Run]) -> dict[str, T]:
    """Run name -> what `load` gives for it; a run that cannot be read is left out with a warning that says why."""
    readings = Readings(load, candidates)
    found = {name: readings[name] for name in readings if name in readings}
    say_left_out(readings.problems)
    return found


class Readings(Mapping[str, T]):
    """Run name -> what `load` gives for it, read when it is asked for and not before.

    A run that cannot be read is as good as absent; `problems` says why, of those that were asked for.
    """

    def __init__(self, load: Callable[[Run], T], candidates: Iterable[Run]):
        self._load, self._runs = load, {run.name: run for run in candidates}
        self.found: dict[str, T] = {}
        self.problems: dict[str, str] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self.found and name not in self.problems:
            try:
                self.found[name] = self._load(self._runs[name])
            except RunError as error:
                self.problems[name] = str(error)
        return self.found[name]  # a KeyError for what cannot be read

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)


def say_left_out(problems: dict[str, str]) -> None:
    """Warn of runs that cannot be read: the first few one by one, the others in a list."""
    lines = [f"{code(name)} is left out: {message(problem)}" for name, problem in problems.items()]
    for line in lines[:MOST_WARNINGS]:
        st.warning(line, icon=":material/folder_off:")
    if more := lines[MOST_WARNINGS:]:
        with st.expander(f"{len(more)} more runs are left out", icon=":material/folder_off:"):
            st.markdown("\n".join(f"- {line}" for line in more))
