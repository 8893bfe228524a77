"""What several seeds of one point of a study come to: mean and range, of its scores and of its curves."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from fercore.evaluation.learning import curve_table

SPLITS = ("val", "test")


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """A row a point, in the order of the study.

    Parameters
    ----------
    table
        From `studies.point_table`.

    Returns
    -------
    DataFrame
        point, seeds (that have a score), runs, finished (bool, whether all runs are), then for val and test the mean,
        low and high (smallest and largest) of the accuracy (fractions), seconds_per_epoch (median) and parameters.
        What is not known is missing.
    """
    rows = []
    for point, runs in table.groupby("point", sort=False):
        row = {"point": point, "seeds": int(runs["val_accuracy"].notna().sum()), "runs": len(runs)}
        row["finished"] = bool((runs["status"] == "finished").all())
        for split in SPLITS:
            accuracy = runs[f"{split}_accuracy"]
            row |= {f"{split}_mean": accuracy.mean(), f"{split}_low": accuracy.min(), f"{split}_high": accuracy.max()}
        row |= {"seconds_per_epoch": runs["seconds_per_epoch"].median(), "parameters": runs["parameters"].max()}
        rows.append(row)
    return pd.DataFrame(rows)


def curve_ranges(histories: Mapping[str, pd.DataFrame], points: Mapping[str, str]) -> pd.DataFrame:
    """Loss and accuracy by epoch over the seeds of each point.

    Parameters
    ----------
    histories
        Run name -> history.
    points
        Run name -> its point.

    Returns
    -------
    DataFrame
        point, epoch, quantity ("accuracy", "loss"), set ("train", "validation"), mean, low and high over the seeds that
        have the epoch.
    """
    curves = curve_table(histories)
    curves = curves.assign(point=curves["run"].map(points))
    grouped = curves.groupby(["point", "epoch", "quantity", "set"], sort=False)["value"]
    return grouped.agg(mean="mean", low="min", high="max").reset_index()
