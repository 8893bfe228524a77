"""What a run answers when pictures get worse: counts for each kind and strength, kept in its folder, and what follows.

`robustness_<split>.npz` lies in the run's folder, or in that for another data set (`fercore.evaluation.elsewhere`). It
is written by `fercore.inference.disturbed`; reading needs neither model nor data. Confidence is as users see it: scaled
by the run's own temperature, and sure from its own threshold on (`fercore.evaluation.confidence`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.evaluation.disturbances import KINDS, TINY, digest
from fercore.evaluation.elsewhere import elsewhere
from fercore.evaluation.intervals import mean_interval, percentile_interval, resampled, wilson
from fercore.evaluation.paired import holm
from fercore.runs import Run, RunError, open_run, read_npz, stem, write_npz
from fercore.untrusted import UntrustedError, parse_json

CLEAN = "clean"
BASELINE = "reference-report-cnn"  # whose errors count as 1
COUNTS = ("right", "flips", "lost", "sure", "sure_right")
MEANS = ("confidence", "confidence_sd", "calibration_error", "calibration_by_chance")
_TEXTS = ("fingerprint", "order", "split", "split_name", "weights_sha256", "engine", "created", "kinds")
_Z = 1.959964
_LEVEL = 0.05  # a corrected p-value below it is more than noise


@dataclass(frozen=True)
class Robustness:
    """What was counted.

    Attributes
    ----------
    about
        fingerprint and order of the data set, split, split_name, split_size (images), weights_sha256, engine ("onnx
        int8"), created, kinds (`disturbances.digest`), temperature, and threshold: None where the run has none, so that
        every answer is sure.
    counts
        A row for the clean pictures (strength 0), then for each kind and strength: kind, strength; of N images, right
        (answers that are right), flips (answers other than the clean picture's), lost (wrong now and right before),
        sure, sure_right; confidence (mean) with its standard deviation, calibration_error and what that stays below
        by chance.
    rows
        int64 (N,): which images of the split were asked, by their place in it.
    wrong
        uint8 (N, K): at how many strengths of each of `KINDS` an image is answered wrongly.
    wrong_clean
        bool (N,): whether it is as it was.
    """

    about: dict
    counts: pd.DataFrame
    rows: np.ndarray
    wrong: np.ndarray
    wrong_clean: np.ndarray

    @property
    def n(self) -> int:
        return len(self.rows)


def conditions() -> list[tuple[str, int]]:
    """Kind and strength of all that is measured; the clean pictures first."""
    kinds = (*KINDS.values(), *TINY.values())
    return [(CLEAN, 0), *((one.name, level + 1) for one in kinds for level in range(len(one.levels)))]


def robustness_file(run: Run, split: str) -> Path:
    """Where a run keeps what was counted on a split."""
    return run.path / f"robustness_{stem(split)}.npz"


def write_robustness(run: Run, split: str, found: Robustness) -> None:
    """Store it in the run folder."""
    counts = found.counts
    write_npz(
        robustness_file(run, split),
        about=np.array(json.dumps(found.about)),
        kind=counts["kind"].to_numpy(np.str_),
        strength=counts["strength"].to_numpy(np.uint8),
        **{name: counts[name].to_numpy(np.int64) for name in COUNTS},
        **{name: counts[name].to_numpy(np.float64) for name in MEANS},
        rows=found.rows.astype(np.int32),
        wrong=found.wrong,
        wrong_clean=found.wrong_clean,
    )


def read_robustness(run: Run, split: str) -> Robustness:
    """What a run keeps, checked.

    Raises
    ------
    RunError
        If there is none, it is damaged, about another data set than the run's, or of other kinds than are measured now.
    """
    path, again = robustness_file(run, split), f"run: python scripts/robustness.py {run.name} --split {split}"
    if not path.is_file():
        raise RunError(f"{run.name} was not measured on disturbed pictures of {split}; {again}")
    arrays = read_npz(path)
    try:
        about = parse_json(str(arrays["about"]))
        found = Robustness(
            about,
            pd.DataFrame({name: arrays[name] for name in ("kind", "strength", *COUNTS, *MEANS)}),
            arrays["rows"].astype(np.int64),
            arrays["wrong"],
            arrays["wrong_clean"],
        )
    except (KeyError, ValueError, TypeError, UntrustedError) as error:
        raise RunError(f"{path}: damaged ({error}); {again}") from error
    if problem := _problem(found, split):
        raise RunError(f"{path}: {problem}; {again}")
    if about["fingerprint"] != run.info["dataset"].get("fingerprint"):
        raise RunError(f"{path}: measured on another data set ({about['fingerprint'][:80]}) than the run's; {again}")
    return found


def baseline_of(found: Robustness, runs: Path) -> Robustness | None:
    """What was counted of `BASELINE`, in a folder of runs, on the same data set and split; None where nothing was."""
    try:
        home = open_run(runs / BASELINE)
    except RunError:
        return None
    for one in (home, *elsewhere(home)[0]):
        if one.info["dataset"].get("fingerprint") == found.about["fingerprint"]:
            try:
                return read_robustness(one, found.about["split"])
            except RunError:
                continue
    return None


def strength_table(found: Robustness) -> pd.DataFrame:
    """Figures by kind and strength, each with its 95 % interval.

    Returns
    -------
    DataFrame
        A row for each kind and strength; strength 0 is the clean picture's, the same for all. kind, strength, n, and
        as fractions, each with _low and _high:

        - accuracy, flips (answers other than the clean picture's), sure (answers at the run's threshold) and
          sure_right (of these, those that are right): Wilson's intervals.
        - confidence: normal approximation.
        - calibration_error, with calibration_by_chance (`fercore.evaluation.calibration`).
    """
    n, clean = found.n, found.counts.iloc[:1]
    rows = []
    for kind in (*KINDS, *TINY):
        for row in pd.concat([clean, found.counts[found.counts["kind"] == kind]]).to_dict("records"):
            shares = {"accuracy": wilson(row["right"], n), "flips": wilson(row["flips"], n)}
            shares |= {"sure": wilson(row["sure"], n), "sure_right": wilson(row["sure_right"], row["sure"])}
            half = _Z * row["confidence_sd"] / np.sqrt(n)
            level = row["confidence"]
            shares["confidence"] = {"value": level, "low": max(level - half, 0.0), "high": min(level + half, 1.0)}
            figures = {key: value for name, own in shares.items() for key, value in _ended(name, own).items()}
            same = {name: row[name] for name in ("calibration_error", "calibration_by_chance")}
            rows.append({"kind": kind, "strength": int(row["strength"]), "n": n, **figures, **same})
    return pd.DataFrame(rows)


def kind_table(found: Robustness) -> pd.DataFrame:
    """The mean over the strengths of each kind, lowest accuracy first.

    Returns
    -------
    DataFrame
        A row for each of `KINDS`, fractions: kind; accuracy, and drop (clean accuracy minus it), with percentile
        bootstrap intervals over images, which keep all answers for an image together; rises: the strengths at which
        accuracy is higher than at the one before, so that it is not monotone.
    """
    rows = []
    for place, (name, kind) in enumerate(KINDS.items()):
        share = found.wrong[:, place] / len(kind.levels)
        accuracy, drop = mean_interval(1 - share), mean_interval(share - found.wrong_clean)
        rises = (np.flatnonzero(np.diff(right_of(found, name)) > 0) + 1).tolist()
        rows.append({"kind": name, **_ended("accuracy", accuracy), **_ended("drop", drop), "rises": rises})
    return pd.DataFrame(rows).sort_values("accuracy", kind="stable", ignore_index=True)


def right_of(found: Robustness, kind: str) -> np.ndarray:
    """Right answers at each strength of a kind, integers; first those to the clean pictures."""
    return found.counts.loc[found.counts["kind"].isin([CLEAN, kind]), "right"].to_numpy()


def broken_promise(found: Robustness, share: float, fewest: int) -> tuple[pd.DataFrame, int]:
    """Kinds and strengths at which fewer of the sure answers are right than a share, by more than noise.

    Exact binomial tests, one-sided, corrected for the number of those that are tested (Holm 1979).

    Parameters
    ----------
    share
        Of sure answers that should be right.
    fewest
        Sure answers from which a kind and strength is tested.

    Returns
    -------
    table, tested
        Rows of `found.counts` of `KINDS`, and how many were tested.
    """
    from scipy.special import bdtr  # late: pages that only read stored intervals do without scipy

    counts = found.counts[found.counts["kind"].isin(list(KINDS)) & (found.counts["sure"] >= max(fewest, 1))]
    return counts[holm(bdtr(counts["sure_right"], counts["sure"], share)) < _LEVEL], len(counts)


def corruption_error(
    found: Robustness, baseline: Robustness, *, relative: bool = False, resamples: int = 1000, seed: int = 0
) -> dict[str, float] | None:
    """Mean corruption error (Hendrycks and Dietterich 2019): 1 for the baseline, less for a model that errs less.

    For each kind, the errors over all strengths are divided by the baseline's; the mean over kinds is taken. Only
    images that both were asked about count.

    Parameters
    ----------
    found, baseline
        What was counted of a run and of the one that it is compared with.
    relative
        Count only errors beyond those on the clean pictures, of both: how much worse it gets, whatever it began with.
        The mean over kinds is then taken before dividing, which departs from the paper: what a single kind, such as
        mirroring, adds to the baseline's errors may be nothing.
    resamples, seed
        Of the bootstrap over images.

    Returns
    -------
    dict or None
        value, low and high; None where they were not measured on the same images, with the same kinds, or the baseline
        makes no errors to divide by.
    """
    same = ("fingerprint", "order", "split", "kinds")
    if any(found.about[key] != baseline.about[key] for key in same):
        return None
    _, *common = np.intersect1d(found.rows, baseline.rows, assume_unique=True, return_indices=True)
    if not len(common[0]):
        return None
    shares = [_shares(one, chosen, relative) for one, chosen in zip((found, baseline), common, strict=True)]
    sums = [part.sum(axis=0) for part in shares]
    if (sums[1] <= 0).any():
        return None
    draws = resampled(np.ones(len(common[0]), np.int64), np.random.default_rng(seed), resamples)
    own, other = (draws @ part for part in shares)
    # A draw in which the baseline makes no error counts as one error in as many draws as there are.
    samples = (own / np.maximum(other, 1 / resamples)).mean(axis=1)
    return percentile_interval(float((sums[0] / sums[1]).mean()), samples)


def mean_flips(found: Robustness) -> dict[str, float]:
    """Share of answers that a tiny change turns into another, mean over `TINY`, and its ends over them.

    Returns
    -------
    dict
        value, and low and high: of the kinds with the fewest and the most.
    """
    flips = found.counts.loc[found.counts["kind"].isin(list(TINY)), "flips"] / found.n
    return {"value": float(flips.mean()), "low": float(flips.min()), "high": float(flips.max())}


def _shares(found: Robustness, chosen: np.ndarray, relative: bool) -> np.ndarray:
    """For some images the share of wrong strengths of each kind, floats (N, K); relative ones over kinds (N, 1)."""
    levels = np.array([len(kind.levels) for kind in KINDS.values()])
    shares = found.wrong[chosen] / levels
    return (shares - found.wrong_clean[chosen, None]).mean(axis=1, keepdims=True) if relative else shares


def _ended(name: str, figure: dict[str, float]) -> dict[str, float]:
    """A figure as three columns of a table."""
    return {name: figure["value"], f"{name}_low": figure["low"], f"{name}_high": figure["high"]}


def _problem(found: Robustness, split: str) -> str | None:
    """What is wrong with the file of a split, in words."""
    about, counts, n = found.about, found.counts, found.rows.size
    if missing := [name for name in _TEXTS if not isinstance(about.get(name), str)]:
        return f"{missing[0]} is missing or no text"
    if type(about.get("split_size")) is not int:
        return "split_size is missing"
    if about["split"] != split:
        return f"it is about the split {about['split'][:80]!r}"
    if about["kinds"] != digest():
        return "it holds other kinds of disturbances than are measured now"
    if list(zip(counts["kind"], counts["strength"], strict=True)) != conditions():
        return "a kind or a strength is missing"
    threshold = about.get("threshold")
    if threshold is not None and type(threshold) not in (int, float):
        return "threshold is no number"
    whole = counts[list(COUNTS)].to_numpy()
    if whole.dtype.kind not in "iu" or (whole < 0).any() or (whole > n).any():
        return f"expected counts from 0 to {n}"
    if (counts["sure_right"] > counts[["sure", "right"]].min(axis=1)).any():
        return "more answers are sure and right than are sure, or than are right"
    means = counts[list(MEANS)].to_numpy()
    if means.dtype.kind != "f" or not ((means >= 0) & (means <= 1)).all():
        return "expected fractions from 0 to 1"
    if n == 0 or found.rows.shape != (n,) or (np.diff(found.rows) <= 0).any():
        return "expected ascending rows (N,), N at least 1"
    levels = np.array([len(kind.levels) for kind in KINDS.values()])
    if found.wrong.dtype != np.uint8 or found.wrong.shape != (n, len(levels)) or (found.wrong > levels).any():
        return f"expected wrong ({n}, {len(levels)}) of whole numbers up to the number of strengths"
    if found.wrong_clean.dtype != bool or found.wrong_clean.shape != (n,):
        return f"expected wrong_clean ({n},) of truth values"
    return None
