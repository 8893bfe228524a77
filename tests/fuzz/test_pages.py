"""Every page with a damaged run in the folder, and at any address: it says what is wrong, and shows no exception."""

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dashboard.conftest import (  # noqa: F401
    DASHBOARD,
    PAGES,
    components_found_once,
    folders,
    local_server,
    no_video,
    open_page,
    words,
)
from tests.factories.runs import make_run
from tests.fuzz.damage import changed_bytes, changed_cells, changed_entries, fresh_copy, fuzzed, no_file

KEYS = sorted(
    {key for file in DASHBOARD.rglob("*.py") for key in re.findall(r'(?:key=|number_key\()"(\w+)"', file.read_text())}
)
CHOICES = ("runs", "run", "data", "split", "tta", "score", "runs_find", "runs_page", "models_columns", "models_page")
VALUES = [
    "",
    "a",
    "good",
    "gone",
    "../up",
    "test",
    "val",
    "train",
    "happy",
    "torch fp32",
    "1",
    "0",
    "-1",
    "2.5",
    "9" * 30,
]
VALUES += ["nan", "inf", "true", "[]", "{}", "null", "a,b", "<b>", "%00", "\x00", "ü", "x" * 3000, "Clean", "1e308"]


@pytest.fixture
def damaged(folders, good, monkeypatch):  # noqa: F811
    """`damaged()`: two runs, of which the first, a fresh copy of the good one, is to be damaged; its folder."""
    monkeypatch.setenv("FERCORE_DATA", str(good.path.parent.parent / "data"))
    make_run(folders[0], "good")
    return lambda: fresh_copy(good.path, folders[0] / "a")


def as_json(file):
    """The entries of a JSON file; none of others, and where it was damaged before."""
    with contextlib.suppress(ValueError):
        found = json.loads(file.read_bytes()) if file.suffix == ".json" else {}
        return found if isinstance(found, dict) else {}
    return {}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@fuzzed(1)
@given(data=st.data())
def test_a_page_shows_no_exception_for_a_damaged_run(open_page, damaged, page, data):  # noqa: F811
    folder = damaged()
    for _ in range(data.draw(st.integers(1, 3))):
        whole = [file for file in sorted(folder.iterdir()) if file.is_file() and not file.is_symlink()]
        file = data.draw(st.sampled_from(whole))
        way = data.draw(st.sampled_from(["bytes", "content", "content", "none"]))
        content = as_json(file)
        if way == "none":
            no_file(data.draw, file)
        elif way == "content" and content:
            file.write_text(json.dumps(data.draw(changed_entries(content))))
        elif way == "content" and file.suffix == ".csv":
            file.write_text(data.draw(changed_cells(file.read_text(errors="replace"))))
        else:
            file.write_bytes(data.draw(changed_bytes(file.read_bytes())))
    app = open_page(page, run="a", runs="a")
    words(app)  # no exception
    assert app.title[0].value


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@fuzzed(1)
@given(data=st.data())
def test_a_page_shows_no_exception_at_any_address(open_page, damaged, page, data):  # noqa: F811
    damaged()
    asked = data.draw(
        st.dictionaries(st.sampled_from([*KEYS, *CHOICES]), st.sampled_from(VALUES), min_size=3, max_size=9)
    )
    words(open_page(page, **asked))
