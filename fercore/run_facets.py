"""By what runs are searched, filtered and grouped: what run.json and note.json say of each, without its figures."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from fercore.evaluation.studies import entries, group_name
from fercore.run_notes import NO_NOTES, Notes
from fercore.runs import Run

FACETS = {"model": "Model", "dataset": "Data set", "status": "Status", "tag": "Tag", "study": "Study"}
_LONGEST = 80  # characters of a value that a filter shows
_FIGURES = tuple(f"{split}_accuracy" for split in ("val", "test"))


@dataclass(frozen=True)
class Facets:
    """Values of a run for each of `FACETS`: none, one, or several tags; `text` is what a search looks through."""

    values: Mapping[str, tuple[str, ...]]
    text: str


def facets(run: Run, notes: Notes = NO_NOTES) -> Facets:
    """What a run is found by.

    Parameters
    ----------
    run
        Run folders come from strangers too: what is no text is left out.
    notes
        What users said of it.
    """
    config, trained_on = run.info["config"], run.info.get("trained_on")
    model = config.get("model")
    dataset = trained_on.get("dataset") if isinstance(trained_on, dict) else None
    of = entries(run, "study") or (entries(run, "kfold") if run.part_of else [])
    values = {
        "model": _texts(model.get("type") if isinstance(model, dict) else None),
        "dataset": _texts(dataset or str(run.info["dataset"].get("fingerprint", ""))[:12]),
        "status": (run.status,),
        "tag": notes.tags,
        "study": tuple(dict.fromkeys(name for entry in of if (name := group_name(entry)))),
    }
    words = [run.name, *(text for found in values.values() for text in found), *_texts(config.get("recipe"))]
    return Facets(values, "\n".join([*words, notes.note]).casefold())


def matches(found: Facets, search: str, wanted: Mapping[str, Collection[str]]) -> bool:
    """Whether a run has every word of a search, and one of the wanted values of each facet that any are wanted of."""
    return all(word in found.text for word in search.casefold().split()) and all(
        not values or not set(values).isdisjoint(found.values[facet]) for facet, values in wanted.items()
    )


def choices(found: Iterable[Facets], facet: str) -> list[str]:
    """The values that a facet has among some runs, sorted."""
    return sorted({value for one in found for value in one.values[facet]})


def seed_groups(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs that differ in nothing but the seed, together; in the order of the first of each group.

    Alike are settings, classes and data set, point of a study, and what a run sums up or comes from.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(_apart_from_seed(run), []).append(run)
    return list(groups.values())


def by_seed(table: pd.DataFrame, groups: Sequence[Sequence[Run]], beside: Sequence[str] = ()) -> pd.DataFrame:
    """One row for runs that differ in the seed alone.

    Parameters
    ----------
    table
        A row a run, or several that `beside` tells apart, with columns run, val_accuracy, val_low, val_high and
        likewise of test, and any others.
    groups
        From `seed_groups`; each run of the table is in one of them.
    beside
        Columns by whose values rows stay apart ("engine").

    Returns
    -------
    pandas.DataFrame
        As the table, in its order, with a column "seeds": the runs behind the row's accuracies (on the split of which
        more have one), or all its runs where none has any. Of several, accuracies are means and low and high the
        smallest and largest accuracy, of one alone its own; other numbers are means; a text is that of the first run,
        whose name the row has, and empty where the runs differ.
    """
    group_of = {run.name: number for number, group in enumerate(groups) for run in group}
    keyed = table.assign(_group=table["run"].map(group_of))
    parts = [rows for _, rows in keyed.groupby(["_group", *beside], sort=False, dropna=False)]
    if not parts:
        return table.assign(seeds=pd.Series(dtype="int64"))
    summed = pd.concat(map(_summed, parts)).drop(columns="_group")
    return summed.assign(seeds=[int(rows[list(_FIGURES)].notna().sum().max()) or len(rows) for rows in parts])


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    if len(rows) == 1:
        return rows
    first = rows.head(1).copy()
    for column in rows.columns.difference(["run", "_group"]):
        values = rows[column].dropna()
        if pd.api.types.is_numeric_dtype(values) and len(values):
            first[column] = first[column].astype("float64")
            first[column] = float(values.mean())
        elif values.nunique() > 1:
            first[column] = None
    for accuracy in _FIGURES:
        split, known = accuracy.partition("_")[0], rows[rows[accuracy].notna()]
        ends = [f"{split}_low", f"{split}_high"]
        one, several = known[ends].mean(), (known[accuracy].min(), known[accuracy].max())
        first[ends] = several if len(known) > 1 else one.to_numpy()
    return first


def _apart_from_seed(run: Run) -> str:
    info, config = run.info, dict(run.info["config"])
    if isinstance(config.get("training"), dict):
        config["training"] = {key: value for key, value in config["training"].items() if key != "seed"}
    point = [{key: value for key, value in entry.items() if key != "seed"} for entry in entries(run, "study")]
    alike = [info["classes"], info["dataset"].get("fingerprint"), info.get("ensemble"), info.get("source")]
    kfold = info.get("kfold")
    return json.dumps([config, point, *alike, kfold, run.name if kfold or info.get("ensemble") else ""], sort_keys=True)


def _texts(value: object) -> tuple[str, ...]:
    return (value[:_LONGEST],) if isinstance(value, str) and value else ()
