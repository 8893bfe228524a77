"""Numbers in an address: one without end is taken out of it, and the default stands."""

import ast
import re

import pytest

from tests.dashboard.conftest import DASHBOARD, opened, words


def numbers() -> None:
    import streamlit as st

    import state

    bound = {"bind": "query-params"}
    st.text(st.number_input("Whole", 0, 99, 7, key=state.number_key("whole"), **bound))
    st.text(st.slider("Range", 0, 9, (0, 9), key=state.number_key("range"), **bound))
    st.text(st.slider("Part", 0.0, 1.0, 0.5, key=state.number_key("part"), **bound))


def test_a_number_in_the_address_is_taken():
    app = opened(numbers, whole="3", range=["1", "2"], part="0.25")
    words(app)
    assert [element.value for element in app.text] == ["3", "(1, 2)", "0.25"]


@pytest.mark.parametrize("endless", ["inf", "-Infinity", "1e999"])
@pytest.mark.parametrize(("key", "also"), [("whole", "1"), ("range", "1"), ("part", "0.5")])
def test_one_without_end_gives_way_to_the_default_and_leaves_the_address(key, also, endless):
    app = opened(numbers, **{key: [endless, also] if key == "range" else endless})
    words(app)
    assert [element.value for element in app.text] == ["7", "(0, 9)", "0.5"]
    assert key not in app.query_params


def test_what_is_no_number_is_streamlit_s_to_refuse():
    app = opened(numbers, whole="nan", range="x", part="")
    words(app)
    assert [element.value for element in app.text] == ["7", "(0, 9)", "0.5"]


def test_every_number_of_an_address_is_asked_for_by_such_a_key():
    """In each function that keeps something in the address, as many such keys as sliders and number inputs."""
    found = 0
    for file in DASHBOARD.rglob("*.py"):
        text = file.read_text()
        for function in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)):
            source = ast.get_source_segment(text, function)
            if "query-params" in source and (asked := len(re.findall(r"st\.(?:number_input|slider)\(", source))):
                assert source.count("number_key(") == asked, f"{file}: {function.name}"
                found += asked
    assert found
