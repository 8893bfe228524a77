"""What the report concluded from its studies, in its own words, beside what ours came to."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from fercore.charts.style import points
from fercore.evaluation.studies import BEST, WITHIN, WORSE
from wording.markdown import escape

FULL = "report-"  # begins the names of our studies at the report's size


class ReportStudy(NamedTuple):
    """One study of the report: where it is, which point of ours it went on with, and why.

    `same`: whether it concluded that points hardly differ, not that the one it kept is the best.
    """

    section: str
    figures: str
    kept: str
    because: str
    same: bool = False


REPORT_STUDIES = {
    "filters-layers": ReportStudy(
        "3.1", "figure 2", "64-4", "it made the most accurate predictions on the validation data after 20 epochs"
    ),
    "kernel-size": ReportStudy(
        "3.2", "figure 3", "3", "We didn't see any big changes in performance with different sizes", same=True
    ),
    "dropout": ReportStudy(
        "3.3",
        "figure 4",
        "0.2",
        "The best trade-off between overfitting mitigation and generalizability was achieved with a dropout rate of "
        "0.20",
    ),
    "augmentation": ReportStudy(
        "3.4",
        "figures 5 and 6",
        "none",
        "these methods resulted in significantly lower validation accuracy and took long time to train the model",
    ),
}


def beside_the_report(study: str, ranked: pd.DataFrame) -> str | None:
    """What the report kept and why, and how that point did here; None for a study that is not in the report.

    Parameters
    ----------
    study
        Name of a study.
    ranked
        From `studies.ranking`.
    """
    if (found := REPORT_STUDIES.get(study.removeprefix(FULL))) is None:
        return None
    said = (
        f"The report (section {found.section}, {found.figures}) went on with **{escape(found.kept)}**: "
        f"“{escape(found.because)}”."
    )
    own = ranked[ranked["point"] == found.kept]
    return f"{said} {_how_it_did(own.iloc[0])} {_agrees(found, ranked)}" if len(own) and len(ranked) > 1 else said


def _how_it_did(row: pd.Series) -> str:
    if row["verdict"] == BEST:
        return "It does best here, too."
    if row["verdict"] == WITHIN:
        return "Here it is within noise of the best."
    return f"Here it is {points(row['difference'])} below the best, which is more than noise."


def _agrees(study: ReportStudy, ranked: pd.DataFrame) -> str:
    """Whether our points speak against the report: that nothing differs, or against what it kept.

    Points within noise of each other do not show that the report was right, nor that its reasons hold.
    """
    if study.same:
        if (ranked["verdict"] == WORSE).any():
            return "Other than the report concluded, points differ by more than noise on this budget."
        return "Nothing differs from the best by more than noise, which does not contradict the report on this budget."
    if ranked.loc[ranked["point"] == study.kept, "verdict"].item() == WORSE:
        return "The report's choice does not hold on this budget."
    return "Nothing beats it by more than noise, which does not contradict the report's choice on this budget."
