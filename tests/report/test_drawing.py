"""Drawings hold shapes and text only, take the page's colour, and cells are legible."""

from xml.etree import ElementTree

import altair as alt
import numpy as np
import pandas as pd
import pytest

from fercore.charts.style import luminance, rgb
from fercore.report.drawing import shades, svg

SVG = "{http://www.w3.org/2000/svg}"


def chart(text="A", **settings):
    data = pd.DataFrame({"name": [text], "value": [1.0]})
    tooltip = [alt.Tooltip("name:N", title="Name")]
    return alt.Chart(data).mark_bar(**settings).encode(x="value:Q", y="name:N", tooltip=tooltip)


def test_a_mark_tells_its_tooltip_and_nothing_else():
    root = ElementTree.fromstring(svg(chart("A"), "What it shows"))
    assert (root.get("role"), root.get("aria-label")) == ("img", "What it shows")
    assert [title.text for title in root.iter(f"{SVG}title")] == ["Name: A"]


def test_text_has_the_colour_of_the_page():
    drawn = svg(chart(), "it")
    assert 'fill="currentColor"' in drawn
    assert "#1E2A33" not in drawn


def test_text_of_a_stranger_is_no_element():
    text = "<script>alert(1)</script>"
    root = ElementTree.fromstring(svg(chart(text), "it"))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "g",
        "path",
        "rect",
        "text",
        "line",
        "title",
    }
    assert text in [element.text for element in root.iter(f"{SVG}text")]


def test_links_are_refused():
    linked = chart().encode(href=alt.value("https://evil.example"))
    with pytest.raises(ValueError, match="expected only"):
        svg(linked, "it")


def test_cells_are_near_the_ground_where_nothing_is_and_always_legible():
    cells = [dict(pair.split(":") for pair in cell.split(";")) for cell in shades(np.linspace(0, 1, 21))]
    assert (cells[0]["--light"], cells[0]["--dark"]) == ("#F1F5FA", "#1B2533")
    for cell in cells:
        for name in ("--light", "--dark"):
            ground, ink = (luminance(rgb(cell[key])) for key in (name, f"{name}-ink"))
            assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) >= 4.5
