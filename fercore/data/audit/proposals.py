"""Decisions on many images at once, as an audit suggests them."""

from __future__ import annotations

import pandas as pd

from fercore.data.audit.findings import EXACT, NEAR

FACELESS = ("blank", "near-uniform")


def proposals(table: pd.DataFrame) -> dict[str, list[str]]:
    """What could be dropped from Training, and which images that is.

    Parameters
    ----------
    table
        Of an audit.

    Returns
    -------
    dict
        Reason -> ids of train images, those of one reason in ascending order; reasons without images are left out.
    """
    train = table[table["split"] == "train"]
    elsewhere = train["group_splits"] != "train"
    exact, near = train["finding"] == EXACT, train["finding"] == NEAR
    chosen = {
        "exact copies of test images": train[exact & elsewhere],
        "near copies of test images": train[near & elsewhere],
        "exact copies of another training image": train[exact & train.duplicated(["finding", "group"])],
        "copies whose labels conflict": train[exact & train["conflict"]],
        "blank and near-uniform pictures": train[train["finding"].isin(FACELESS)],
    }
    return {reason: sorted(set(own["id"])) for reason, own in chosen.items() if len(own)}
