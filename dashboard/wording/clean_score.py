"""Words of the scores: which images a figure is of, and how many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import state
from fercore.charts.style import count, percent, with_range
from fercore.runs import Run
from wording.markdown import escape

COPIED = "that have a copy in training"


def images_of(report: dict) -> str:
    """What images a report is of, as markdown: "PrivateTest", or what a score makes of it."""
    name, copies = escape(report["split_name"]), report.get("copies")
    if "judged" in report:
        return f"{name} as most people see it"
    if copies is None:
        return name
    if not copies["n"]:
        return f"{name}, none of whose images has a copy in training"
    return f"{name} without the {count(copies['n'])} images that have a copy in training"


def n_of(report: dict) -> str:
    """How many images a report is of: "n = 3,301 of 3,589"."""
    if "judged" in report:
        return f"n = {count(report['n'])} of {count(report['judged']['of'])}"
    copies = report.get("copies")
    return f"n = {count(report['n'])}" + (f" of {count(copies['of'])}" if copies and copies["n"] else "")


def people_note(counted: int, of: int) -> str:
    """What the score against people counts, and what is right there."""
    return (
        f"Counted are {count(counted)} of {count(of)} images, those on which more than half of ten people give the "
        "same answer (FER+), once answers of a single person are dropped. It stands in the place of the label. A class "
        "that a model does not know, such as contempt, counts as wrong."
    )


def beside(report: dict, published: dict) -> str:
    """What a clean score leaves out, and what it came to with that."""
    copies = report["copies"]
    with_them = f"With them, as published: {with_range(published['accuracy'])}, n = {count(published['n'])}."
    return f"{with_them} On those {count(copies['n'])} images alone: {with_range(copies['accuracy'])}."


def hint(run: Run, split: str, tta: str = "none") -> str:
    """What a run's published score rests on; empty where none of its images has a copy, or nobody knows."""
    found = None if state.no_clean_score(run, split, tta) else state.copies(run, split, tta)
    if found is None or not found.any():
        return ""
    return (
        f"{count(int(found.sum()))} of the {count(len(found))} images of {escape(state.split_name(run, split))} "
        f"({percent(found.mean())}) have a copy in training, the same or nearly so; the score “without copies” leaves "
        "them out."
    )


def split_names(runs: list[Run], score: state.Score, splits: Iterable[str] = ("test", "val")) -> dict[str, str]:
    """Split -> what to call it where figures of several runs stand: "PrivateTest", or "PrivateTest without copies"."""
    return {split: f"{state.shared_split_name(runs, split)}{ending(score)}" for split in splits}


def ending(score: state.Score) -> str:
    """What stands behind the name of a split whose figures are of a score: " without copies"; nothing if published."""
    return {state.Score.CLEAN: " without copies", state.Score.PEOPLE: " as most people see it"}.get(score, "")


def note(reports: Iterable[Mapping[str, dict]]) -> str:
    """Of how many images figures are: "Left out are images ...: PrivateTest n = 3,009 of 3,589; ...".

    `reports` are those of each run, by split; published ones say nothing.
    """
    everything = [report for splits in reports for report in splits.values()]
    found = [report for report in everything if "copies" in report or "judged" in report]
    sizes = dict.fromkeys(f"{escape(report['split_name'])} {n_of(report)}" for report in found)
    why = "on which no answer has more than half of the people" if any("judged" in one for one in found) else COPIED
    return f"Left out are images {why}: {'; '.join(sizes)}." if sizes else ""
