"""How far a figure may be off because so few images were seen."""

from __future__ import annotations


def wilson(successes: int, trials: int, level: float = 0.95) -> dict[str, float]:
    """A proportion and its Wilson score interval (Wilson 1927).

    Parameters
    ----------
    successes, trials
        Counts, successes at most trials.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    dict
        value, low and high, fractions. Without trials value 0, and nothing is known: 0 to 1.
    """
    if trials == 0:
        return {"value": 0.0, "low": 0.0, "high": 1.0}
    from scipy import stats  # 2 s at its first import, which pages that only read stored intervals are spared

    bounds = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    return {"value": successes / trials, "low": float(bounds.low), "high": float(bounds.high)}
