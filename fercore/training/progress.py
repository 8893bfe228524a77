"""The progress bar of a training: loss, accuracy, images/s, time left for the whole run."""

from __future__ import annotations

import os
import sys
import time

import torch
from tqdm import tqdm

JOB = "FERCORE_PROGRESS"  # set in the environment of a job, whose log tells a page how far it is
_PAUSE = 0.5  # seconds between two looks at the totals; each look waits for the device


class Progress:
    """A bar over all steps of a training on a terminal and in a job's log; one line an epoch elsewhere."""

    def __init__(self, total: int, done: int, enabled: bool) -> None:
        self._enabled = enabled
        shown = enabled and (sys.stderr.isatty() or JOB in os.environ)
        # A log is read every few seconds, a terminal all the time.
        pause = 0.1 if sys.stderr.isatty() else 2.0
        self._looked = 0.0
        self._bar = tqdm(total=total, initial=done, unit="step", disable=not shown, mininterval=pause)

    def step(self, epoch: int, totals: torch.Tensor, batch_size: int) -> None:
        """Count one step; `totals` holds summed loss, right answers and images of the epoch so far."""
        self._bar.update()
        if not self._bar.disable and time.monotonic() - self._looked >= _PAUSE:
            self._looked = time.monotonic()
            loss, right, seen = totals.tolist()
            rate = (self._bar.format_dict["rate"] or 0) * batch_size
            self._bar.set_description(f"epoch {epoch + 1}", refresh=False)
            self._bar.set_postfix_str(f"loss {loss / seen:.3f}, accuracy {right / seen:.1%}, {rate:.0f} images/s")

    def epoch(self, row: dict[str, float], epochs: int, images: int) -> None:
        """Print the line of a finished epoch."""
        if self._enabled:
            self._bar.write(
                f"epoch {row['epoch']}/{epochs}: train loss {row['train_loss']:.3f} accuracy "
                f"{row['train_accuracy']:.1%} | val loss {row['val_loss']:.3f} accuracy {row['val_accuracy']:.1%} "
                f"macro-F1 {row['val_macro_f1']:.1%} | {images / row['seconds']:.0f} images/s, {row['seconds']:.0f} s",
                file=sys.stdout,
            )
            sys.stdout.flush()

    def close(self) -> None:
        self._bar.close()
