"""Charts as SVG inside a page, pictures as data URIs, colours as CSS: nothing that needs a network or a script."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from xml.etree import ElementTree

import altair as alt
import numpy as np
import vl_convert
from markupsafe import Markup

from fercore.charts.grids import colored, png
from fercore.charts.style import INK, ink_on, sequential

_GRAY = "#8C8C8C"  # lines that can be seen on light and on dark ground
_ELEMENTS = {"svg", "g", "path", "text", "tspan", "rect", "line", "title"}
_NAMESPACE = "http://www.w3.org/2000/svg"
ElementTree.register_namespace("", _NAMESPACE)  # tags are then written without a prefix, as HTML wants them
_CONFIG = {
    "background": None,
    "view": {"stroke": None},
    "title": {"color": INK["light"], "anchor": "start", "fontSize": 14, "fontWeight": 600},
    "axis": {
        "labelColor": INK["light"],
        "titleColor": INK["light"],
        "domainColor": _GRAY,
        "tickColor": _GRAY,
        "gridColor": _GRAY,
        "gridOpacity": 0.3,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "legend": {"labelColor": INK["light"], "titleColor": INK["light"], "labelFontSize": 12},
}


def svg(chart: alt.TopLevelMixin, label: str, width: int = 400) -> Markup:
    """A chart as an SVG element, in the colour of the text around it; what its tooltips say is shown by the browser.

    Parameters
    ----------
    chart
        Made for light ground.
    label
        What it shows, for those who cannot see it.
    width
        Of the plot in pixels, without its axis.

    Raises
    ------
    ValueError
        If the drawing holds anything but shapes and text.
    """
    content = {**chart.to_dict(), "width": width, "config": _CONFIG}
    version = ".".join(alt.VEGALITE_VERSION.split(".")[:2])
    drawn = vl_convert.vegalite_to_svg(content, vl_version=version, allowed_base_urls=[])
    root = ElementTree.fromstring(drawn)
    titles = set(_tooltip_titles(content))
    for element in list(root.iter()):
        _keep_harmless(element)
        words = _told(element.attrib.pop("aria-label", ""), titles)
        if words:
            title = ElementTree.Element(f"{{{_NAMESPACE}}}title")
            title.text = words
            element.insert(0, title)
    root.attrib |= {"role": "img", "aria-label": label}
    # Text and fine lines then are as light or dark as the page's own.
    return Markup(ElementTree.tostring(root, encoding="unicode").replace(f'"{INK["light"]}"', '"currentColor"'))


def picture(pixels: np.ndarray) -> str:
    """A picture uint8 (H, W) or (H, W, 3) as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"


def shades(shares: np.ndarray) -> list[str]:
    """CSS variables of cells of a heat map: ground and text, on a light page and on a dark one.

    Parameters
    ----------
    shares
        Floats from 0 to 1, any shape.

    Returns
    -------
    list of str
        "--light:#F1F5FA;--light-ink:#000000;--dark:...;--dark-ink:..." for each cell, row by row.
    """
    values = np.asarray(shares, dtype=float).ravel()
    scales = {"light": sequential(1.0), "dark": sequential(1.0, dark=True)}
    inks = {name: ink_on(values, scale) for name, scale in scales.items()}
    grounds = {
        name: ["#{:02X}{:02X}{:02X}".format(*color) for color in colored(values, scale)]
        for name, scale in scales.items()
    }
    return [
        ";".join(f"--{name}:{grounds[name][cell]};--{name}-ink:{inks[name][cell]}" for name in scales)
        for cell in range(len(values))
    ]


def _keep_harmless(element: ElementTree.Element) -> None:
    kind = element.tag.removeprefix(f"{{{_NAMESPACE}}}")
    strange = [name for name in element.attrib if name.startswith("on") or name.endswith("href") or name == "id"]
    if kind not in _ELEMENTS or strange:
        raise ValueError(f"a chart draws <{kind} {' '.join(strange)}>, expected only {', '.join(sorted(_ELEMENTS))}")


def _tooltip_titles(content: object) -> Iterator[str]:
    """Titles of all tooltips in a Vega-Lite specification."""
    if isinstance(content, dict):
        for name, value in content.items():
            if name == "tooltip" and isinstance(value, list):
                yield from (field["title"] for field in value)
            elif name != "datasets":
                yield from _tooltip_titles(value)
    elif isinstance(content, list):
        for value in content:
            yield from _tooltip_titles(value)


def _told(label: str, titles: set[str]) -> str:
    """Of what Vega says of a mark, "Epoch: 3; value: 0.6; Accuracy: 60 %", the parts that a tooltip would show."""
    parts = [part for part in label.split("; ") if part.partition(": ")[0] in titles]
    return "\n".join(dict.fromkeys(parts))
