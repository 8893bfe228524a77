"""Words of the clean score: which images a figure is of, and how many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import state
from fercore.charts.style import count, percent, with_range
from fercore.runs import Run
from wording.markdown import escape


def images_of(report: dict) -> str:
    """What images a report is of, as markdown: "PrivateTest", or the same without those that have a copy."""
    name, copies = escape(report["split_name"]), report.get("copies")
    if copies is None:
        return name
    if not copies["n"]:
        return f"{name}, none of whose images has a copy in training"
    return f"{name} without the {count(copies['n'])} images that have a copy in training"


def n_of(report: dict) -> str:
    """How many images a report is of: "n = 3,301 of 3,589"."""
    copies = report.get("copies")
    return f"n = {count(report['n'])}" + (f" of {count(copies['of'])}" if copies and copies["n"] else "")


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


def split_names(runs: list[Run], clean: bool, splits: Iterable[str] = ("test", "val")) -> dict[str, str]:
    """Split -> what to call it where figures of several runs stand: "PrivateTest", or "PrivateTest without copies"."""
    ending = " without copies" if clean else ""
    return {split: f"{state.shared_split_name(runs, split)}{ending}" for split in splits}


def note(reports: Iterable[Mapping[str, dict]]) -> str:
    """Of how many images clean figures are: "Left out are images ...: PrivateTest n = 3,009 of 3,589; ...".

    `reports` are those of each run, by split; published ones say nothing.
    """
    found = [report for splits in reports for report in splits.values() if "copies" in report]
    sizes = dict.fromkeys(f"{escape(report['split_name'])} {n_of(report)}" for report in found)
    return f"Left out are images that have a copy in training: {'; '.join(sizes)}." if sizes else ""
