"""What models say of one video, as tables: of a survey of this page, or opened from a file. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from fercore.inference.timeline import answers, classes_of, smoothing_of


@dataclass(frozen=True)
class ClipAnswers:
    """Answers for the faces of one video.

    Attributes
    ----------
    name
        Of the video or the file, to be escaped in markdown.
    tables
        Run name -> table of its answers, as `scripts/predict.py --tracks` writes it.
    labels
        Run name -> its short name.
    step
        Seconds from look to look.
    looks
        How many there were.
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    labels: Mapping[str, str]
    step: float
    looks: int

    @property
    def runs(self) -> list[str]:
        """Names of the runs, the first one's first."""
        return list(self.tables)

    @cached_property
    def stands(self) -> dict[str, pd.DataFrame]:
        """Run name -> `fercore.inference.timeline.answers` of its table."""
        return {run: answers(table, self.step) for run, table in self.tables.items()}

    @property
    def smoothing(self) -> float:
        """Time constant in seconds with which the answers were averaged; 0 where they were not."""
        return max(map(smoothing_of, self.tables.values()))

    def classes(self, run: str) -> tuple[str, ...]:
        """Classes of a run."""
        return classes_of(self.tables[run])

    @property
    def all_classes(self) -> tuple[str, ...]:
        """Every class that one of the runs knows, those of the first one first."""
        return tuple(dict.fromkeys(name for run in self.runs for name in self.classes(run)))
