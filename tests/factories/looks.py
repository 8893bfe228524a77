"""Tables of a video's faces, as `predict.py --tracks` writes them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from fercore.emotions import EMOTIONS
from fercore.inference.batch import columns


def make_looks(rows: Sequence[tuple[float, int, str, float, bool]]) -> pd.DataFrame:
    """A row for each (time, track, most probable emotion, its probability, sure); the box moves 10 pixels a second.

    What the most probable emotion leaves goes to neutral, or to sad beside neutral.
    """
    table = []
    for time, track, label, probability, sure in rows:
        shares = dict.fromkeys(EMOTIONS, 0.0)
        shares["sad" if label == "neutral" else "neutral"] = round(1 - probability, 6)
        shares[label] = probability
        left = 100.0 * track + 10 * time
        place = ("talk.mp4", time, track, track, left, 20.0, left + 40, 60.0, 0.9, "yunet", 0.0)
        table.append((*place, *shares.values(), label, sure))
    return pd.DataFrame(table, columns=columns(tracks=True))
