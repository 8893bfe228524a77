"""Colours, shapes and number formats of every chart and page: one emotion, one run, one look everywhere.

No colour stands alone: emotions are also written out, runs also have a shape, training and validation differ by dash.
Colours of runs keep a contrast of at least 3:1 to the light and the dark ground of dashboard/.streamlit/config.toml
(WCAG 2.2, 1.4.11); those of emotions come from `fercore.emotions` and always stand beside the emotion's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import altair as alt
import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS, colors

# Chosen by search for the largest smallest distance (0.10 in Oklab) between any two, as seen with normal vision and
# with simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009).
RUN_COLORS = ("#2E9FD0", "#CC3311", "#C48A00", "#6F63D9", "#AA4499", "#8C8C8C")
# One more shape than colours: the pair repeats only after 42 runs.
RUN_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
RIGHT, WRONG = "#0072B2", "#D55E00"  # Okabe and Ito's blue and vermilion; pages add a word or a sign
INK = {"light": "#1E2A33", "dark": "#E3E9EE"}  # text and fine lines on the page's ground, as in config.toml
SET_DASHES = {"validation": (1, 0), "train": (5, 4)}

# Five evenly spaced stops each, from nothing to all, or from below to above. The first (diverging: the middle) lies
# near the page's ground.
_SEQUENTIAL = {
    "light": ("#F1F5FA", "#C3D9EE", "#7FB2DC", "#2F7EBC", "#0B3F7A"),
    "dark": ("#1B2533", "#1F4468", "#2B6CA3", "#62A3D6", "#C7E2F8"),
}
_DIVERGING = {
    "light": ("#B35806", "#F1A340", "#F5F5F5", "#7FB2DC", "#0B3F7A"),
    "dark": ("#FDB863", "#B35806", "#262B33", "#2B6CA3", "#9CCBF0"),
}


@dataclass(frozen=True)
class RunStyle:
    """How a run looks on every page: a colour ("#RRGGBB") and a Vega point shape."""

    color: str
    shape: str


# All there are, made once: there may be thousands of runs.
_LOOKS = tuple(
    RunStyle(RUN_COLORS[i % len(RUN_COLORS)], RUN_SHAPES[i % len(RUN_SHAPES)])
    for i in range(len(RUN_COLORS) * len(RUN_SHAPES))
)


def run_styles(names: Iterable[str], parts: Iterable[str] = ()) -> dict[str, RunStyle]:
    """Colour and shape of each run.

    Parameters
    ----------
    names
        The names of all runs there are, not only of those drawn, in any order: a run then looks the same on all pages.
    parts
        Those that are parts of a study or of a cross-validation. They come last, so that they take no colour from the
        others, of which there are few.
    """
    last = set(parts)
    ordered = sorted(last.union(names), key=lambda name: (name in last, name))
    return dict(zip(ordered, cycle(_LOOKS), strict=False))


def told_apart(styles: Mapping[str, RunStyle], shown: Iterable[str]) -> dict[str, RunStyle]:
    """The looks of a few runs beside each other: of two with one colour the later one gets a free one, if there is."""
    found: dict[str, RunStyle] = {}
    for name in shown:
        taken = {look.color for look in found.values()}
        free = [color for color in (styles[name].color, *RUN_COLORS) if color not in taken]
        found[name] = replace(styles[name], color=free[0]) if free else styles[name]
    return found


def emotion_scale(classes: Iterable[str] = EMOTIONS) -> alt.Scale:
    """Colour scale of classes in their order."""
    found = colors(classes)
    return alt.Scale(domain=list(found), range=list(found.values()))


def in_order(names: Iterable[str]) -> list[str]:
    """Names without repeats in the order of their appearance, as the classes in a table's column."""
    return list(dict.fromkeys(names))


def run_color(styles: dict[str, RunStyle], shown: Sequence[str], field: str = "run") -> alt.Color:
    """Colour channel of the runs shown; it shares one legend with `run_shape`."""
    scale = alt.Scale(domain=list(shown), range=[styles[name].color for name in shown])
    return alt.Color(f"{field}:N", title="Run", scale=scale, legend=_run_legend(shown))


def run_shape(styles: dict[str, RunStyle], shown: Sequence[str], field: str = "run") -> alt.Shape:
    """Shape channel of the runs shown; it shares one legend with `run_color`."""
    scale = alt.Scale(domain=list(shown), range=[styles[name].shape for name in shown])
    return alt.Shape(f"{field}:N", title="Run", scale=scale, legend=_run_legend(shown))


def set_dash(field: str = "set") -> alt.StrokeDash:
    """Dash channel that tells validation (solid) from train (dashed)."""
    scale = alt.Scale(domain=list(SET_DASHES), range=[list(dash) for dash in SET_DASHES.values()])
    return alt.StrokeDash(f"{field}:N", title="Images", scale=scale, legend=alt.Legend(orient="top", symbolSize=300))


def sequential(maximum: float, dark: bool = False) -> alt.Scale:
    """Colour scale from 0 (near the page's ground) to `maximum`, for counts and shares."""
    stops = _SEQUENTIAL["dark" if dark else "light"]
    return alt.Scale(domain=[i * (maximum or 1) / (len(stops) - 1) for i in range(len(stops))], range=list(stops))


def diverging(limit: float, dark: bool = False) -> alt.Scale:
    """Colour scale from -limit (orange) over 0 (near the page's ground) to +limit (blue), for differences."""
    stops = _DIVERGING["dark" if dark else "light"]
    domain = np.linspace(-(limit or 1), limit or 1, len(stops)).tolist()
    return alt.Scale(domain=domain, range=list(stops))


def ink_on(values: np.ndarray, scale: alt.Scale) -> list[str]:
    """Black or white for each value, whichever is easier to read on the colour that `scale` gives it.

    Parameters
    ----------
    values
        Numbers (N,), within the scale's domain.
    scale
        From `sequential` or `diverging`. Vega interpolates between stops in sRGB, and so does this.

    Returns
    -------
    list of str
        "#000000" or "#FFFFFF"; the contrast is at least 4.5:1, as it is for the better of the two on any colour.
    """
    stops = np.array([rgb(color) for color in scale["range"]])
    colors = np.stack([np.interp(values, scale["domain"], stops[:, channel]) for channel in range(3)], axis=-1)
    # Above this luminance black has the higher contrast: (L + 0.05)^2 > 0.05 * 1.05.
    return ["#000000" if luminance(color) > 0.0525**0.5 - 0.05 else "#FFFFFF" for color in colors]


def rgb(color: str) -> tuple[float, float, float]:
    """ "#RRGGBB" as sRGB fractions from 0 to 1."""
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))


def luminance(color: Sequence[float]) -> float:
    """Relative luminance, 0 black to 1 white, of sRGB fractions (WCAG 2.2)."""
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ink(dark: bool = False) -> str:
    """Colour of text and fine lines on the page's ground; Vega knows no theme for them."""
    return INK["dark" if dark else "light"]


def percent_axis(title: str, **settings: object) -> alt.Axis:
    """Axis of a fraction, labelled in per cent: 0.6 reads "60 %"."""
    return alt.Axis(title=title, labelExpr="format(datum.value * 100, '.3~g') + ' %'", **settings)


def percent(fraction: float, digits: int = 1) -> str:
    """A fraction as people read it: 0.7128 is "71.3 %"."""
    return f"{100 * fraction:.{digits}f} %"


def with_range(estimate: dict) -> str:
    """An estimate {"value", "low", "high"} with its interval: "71.3 % (69.8 to 72.8)"."""
    return f"{percent(estimate['value'])} ({range_words(estimate)})"


def range_words(estimate: dict) -> str:
    """The interval of an estimate {"value", "low", "high"} in per cent: "69.8 to 72.8", "−1.2 to 1.6"."""
    return f"{100 * estimate['low']:z.1f} to {100 * estimate['high']:z.1f}".replace("-", "−")


def figure_words(value: float, low: float, high: float) -> str:
    """A cell of a table: as `with_range`, without the range where it is missing, empty where the value is."""
    if pd.isna(value):
        return ""
    return percent(value) if pd.isna(low) else with_range({"value": value, "low": low, "high": high})


def points(difference: float) -> str:
    """A difference of two fractions in percentage points: 0.052 is "5.2 points", -0.052 is "−5.2 points"."""
    return f"{100 * difference:z.1f} points".replace("-", "−")


def p_value(p: float) -> str:
    """A p-value to three digits: "0.034", "< 0.001", "< 0.050" where rounding would hide on which side of 0.05 it is;
    empty where it is missing."""
    if pd.isna(p):
        return ""
    words = f"{p:.3f}"
    return f"< {words}" if p < 0.05 and words == "0.050" else "< 0.001" if p < 0.001 else words


def count(number: int) -> str:
    """A count with thousands apart: "28,709"."""
    return f"{number:,}"


def duration(seconds: float) -> str:
    """A time span: "0.8 s", "44 s", "1 min 44 s", "2 h 3 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _run_legend(shown: Sequence[str]) -> alt.Legend | None:
    # Long run names are cut by Vega at 160 px unless told; a single run is named in the page's text.
    return alt.Legend(orient="top", labelLimit=320, symbolSize=90) if len(shown) > 1 else None
