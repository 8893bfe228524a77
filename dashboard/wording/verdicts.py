"""What is said of those that are not the best: worse, or within noise."""

from __future__ import annotations

import pandas as pd

from fercore.charts.style import points
from fercore.evaluation.studies import WITHIN, WORSE
from wording.lists import listed
from wording.markdown import escape


def beside_the_best(others: pd.DataFrame) -> str:
    """What `ranking` says of the points that are not the best, at least one."""
    phrases = []
    for verdict, words in ((WITHIN, "within noise of it"), (WORSE, "worse by more than noise")):
        rows = others[others["verdict"] == verdict]
        less = [f" ({points(row.difference)} less)" if verdict == WORSE else "" for row in rows.itertuples()]
        named = [f"{escape(label)}{how}" for label, how in zip(rows["point"], less, strict=True)]
        phrases += [f"{listed(named)} {'is' if len(named) == 1 else 'are'} {words}"] if named else []
    return "; ".join(phrases)
