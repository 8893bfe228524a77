"""How an accuracy is said, the same on every page."""

from __future__ import annotations

from fercore.charts.style import percent, range_words


def accuracy_words(accuracy: dict[str, float], images: str, n: str = "", bold: bool = False) -> str:
    """ "accuracy 70.6 % on PrivateTest (95 % interval 69.1 to 72.0, n = 3,589)".

    Parameters
    ----------
    accuracy
        {"value", "low", "high"}, fractions.
    images
        What it was measured on, as markdown.
    n
        How many images these are, where that is said: "n = 3,589".
    bold
        Whether the figure itself is set in bold.
    """
    figure = f"**{percent(accuracy['value'])}**" if bold else percent(accuracy["value"])
    return f"accuracy {figure} on {images} (95 % interval {range_words(accuracy)}{f', {n}' if n else ''})"
