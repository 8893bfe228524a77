"""Where a run fails: its weakest slice, disturbed pictures, other data. All from stored files."""

from __future__ import annotations

from dataclasses import dataclass

from fercore.evaluation.attributes import known_attributes
from fercore.evaluation.elsewhere import elsewhere
from fercore.evaluation.robustness import Robustness, baseline_of, corruption_error, kind_table, read_robustness
from fercore.evaluation.slices import slice_table, slices_of, worst_slice
from fercore.runs import Run, RunError


@dataclass(frozen=True)
class WeakPoints:
    """What is known of a run's failures; None of what is not.

    Attributes
    ----------
    slice
        Row of `slices.slice_table`: the least accurate slice of the test split that is so by more than noise.
    kind
        Row of `robustness.kind_table`: the disturbance under which it is least accurate.
    corruption
        Mean corruption error against `robustness.BASELINE`: value, low and high, 1 for the baseline.
    away
        Of the other data set with the most images: name, accuracy (value, low, high) on its test split, and n.
    """

    slice: dict | None = None
    kind: dict | None = None
    corruption: dict[str, float] | None = None
    away: dict | None = None


def weak_points(run: Run) -> WeakPoints:
    """What the files of a run, and of the baseline beside it, say; files that cannot be read say nothing."""
    counted = _counted(run)
    if counted is None:
        return WeakPoints(_slice(run), away=_away(run))
    baseline = baseline_of(counted, run.path.parent)
    error = corruption_error(counted, baseline) if baseline else None
    return WeakPoints(_slice(run), kind_table(counted).iloc[0].to_dict(), error, _away(run))


def _slice(run: Run) -> dict | None:
    fingerprint = run.info["dataset"].get("fingerprint")
    try:
        found = run.predictions("test")
    except RunError:
        return None
    attributes = known_attributes(found.id, "test", fingerprint) if fingerprint and len(found.id) else []
    return worst_slice(slice_table(found, slices_of(attributes), resamples=1)) if attributes else None


def _counted(run: Run) -> Robustness | None:
    try:
        return read_robustness(run, "test")
    except RunError:
        return None


def _away(run: Run) -> dict | None:
    found = []
    for one in elsewhere(run)[0]:
        try:
            metrics = one.metrics("test")
        except RunError:
            continue
        accuracy, n = metrics["accuracy"], metrics.get("n")
        if isinstance(n, int) and all(isinstance(accuracy.get(key), float) for key in ("value", "low", "high")):
            found.append({"name": one.dataset_name, "accuracy": accuracy, "n": n})
    return max(found, key=lambda one: one["n"], default=None)
