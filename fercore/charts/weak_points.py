"""Where a run fails, in words."""

from __future__ import annotations

from collections.abc import Mapping

from fercore.charts.style import count, percent, with_range
from fercore.evaluation.disturbances import KINDS
from fercore.evaluation.robustness import BASELINE
from fercore.evaluation.weak_points import WeakPoints


def weak_sentences(found: WeakPoints, split_name: str) -> list[str]:
    """A sentence for each thing that is known: the weakest slice, the worst disturbance, other data."""
    said = []
    if row := found.slice:
        said.append(
            f"On {split_name} it is least accurate where {row['attribute']} is {row['slice']}: "
            f"{with_range(figure(row, 'accuracy'))} of {count(row['n'])} images, {percent(row['rest'])} of the others."
        )
    if row := found.kind:
        error = (
            f" Its mean corruption error is {with_range(found.corruption)} of {BASELINE}'s." if found.corruption else ""
        )
        said.append(
            f"Of {len(KINDS)} kinds of disturbance it suffers most from {row['kind']}: accuracy "
            f"{with_range(figure(row, 'accuracy'))}, the mean over its strengths.{error}"
        )
    if away := found.away:
        said.append(
            f"On other data, {away['name']}, its accuracy is {with_range(away['accuracy'])} (n = {count(away['n'])})."
        )
    return said


def figure(row: Mapping, name: str) -> dict[str, float]:
    """A figure of a row with its interval: value, low and high."""
    return {"value": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}


def weak_cells(found: WeakPoints) -> dict[str, str]:
    """Three cells of a table of models; empty where nothing is known."""
    row, away = found.slice, found.away
    return {
        "Weakest slice": f"{row['attribute']} {row['slice']}: {percent(row['accuracy'])}" if row else "",
        "Corruption error": with_range(found.corruption) if found.corruption else "",
        "Other data": f"{away['name']}: {with_range(away['accuracy'])}" if away else "",
    }
