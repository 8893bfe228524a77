"""Whether a model has seen the images that it is measured on.

A figure on images that a model learned from says what it remembers. A run records in `trained_on` what it learned from;
what is not known counts as seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.runs import OWN_FILE, SPLITS, Run

UNKNOWN = "unknown"
FER2013 = "FER2013"  # what runs call it that learned from it


def contamination(run: Run, split: str) -> str | None:
    """What speaks against a run's figures on a split.

    Parameters
    ----------
    run
        Its `trained_on` counts, that of its teacher and of its teacher's, those of the run whose weights it began with
        and of an ensemble's members; first weights from a file other than torchvision's own count as unknown.
    split
        "train", "val" or "test".

    Returns
    -------
    str or None
        None where no model among these learned from the split; "includes PrivateTest", with the run's own
        name of the split, where one did; "unknown" where run.json does not say. Out-of-fold predictions of a
        cross-validation are clean on train.
    """
    if (home := getattr(run, "home", None)) is not None:  # on other data, of which its record names no split
        return UNKNOWN if UNKNOWN in (contamination(home, "val"), contamination(home, "test")) else None
    if split == "train" and "kfold" in run.info:
        return None
    known = []
    for learned in _records(run.info.get("trained_on")):
        record = learned if isinstance(learned, dict) else {}
        splits, first = record.get("splits"), str(record.get("pretraining"))
        understood = isinstance(splits, list) and all(name in SPLITS for name in splits)
        if understood and split in splits:
            return f"includes {split_name(run, split)}"
        known.append(understood and not first.startswith(OWN_FILE))
    return None if known and all(known) else UNKNOWN


def flags(run: Run) -> dict[str, str]:
    """Split -> what speaks against a run's figures on it, for the splits that runs are measured on: val and test."""
    return {split: found for split in ("val", "test") if (found := contamination(run, split))}


def _records(learned: object) -> Iterator[object]:
    """What a model learned from, then what those it comes from did; whatever is no record is passed on."""
    waiting = [learned]
    while waiting:
        learned = waiting.pop(0)
        if learned is not None:
            yield learned
        if isinstance(learned, dict):
            for other in (learned.get("teacher"), learned.get("init_from")):
                waiting.append((other.get("trained_on") or UNKNOWN) if isinstance(other, dict) else other)
            members = learned.get("members", {})
            of_members = list(members.values()) if isinstance(members, dict) else [members]
            waiting += [UNKNOWN if one is None else one for one in of_members]


def learned_from(run: Run) -> str | None:
    """What the data set is called that a run learned from; None where nobody knows."""
    record = run.info.get("trained_on")
    name = record.get("dataset") if isinstance(record, dict) else None
    return name if isinstance(name, str) and name else None


def split_name(run: Run, split: str) -> str:
    """What a run's data set calls a split: "PrivateTest" for "test"."""
    names = run.info["dataset"].get("split_names")
    name = names.get(split) if isinstance(names, dict) else None
    return name if isinstance(name, str) else OFFICIAL_SPLIT_NAMES[split]
