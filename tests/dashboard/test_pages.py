"""Every page through Home.py and by itself, its address, and how the dashboard's modules are named."""

import ast
import sys
from importlib.machinery import PathFinder
from itertools import combinations, takewhile

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from fercore.training.evaluate import evaluate_run
from tests.dashboard.conftest import DASHBOARD, PAGES, TIMEOUT, words
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

# What people have bookmarked and sent to each other; "" is Home.
ADDRESSES = (
    *(
        "",
        "dataset",
        "audit",
        "training",
        "experiments",
        "evaluation",
        "errors",
        "calibration",
        "slices",
        "robustness",
        "compare",
        "other-data",
        "models",
        "jobs",
    ),
    *("features", "embedding", "explain", "predict", "webcam"),
)
MODULES = sorted(DASHBOARD.rglob("*.py"))
SHARED = {path.parent.name for path in DASHBOARD.glob("*/__init__.py")} - {"views"}
ENDINGS = {"", "d", "e", "s", "es", "ed", "er", "ers", "ing", "ings", "y", "ies"}
ENDINGS |= {"ment", "ments", "ion", "ions", "ation", "ice", "ices"}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Folders of a data set and of two runs with weights, measured on it: what draws every part of most pages."""
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("everything")
    dataset = make_dataset(root / "data", per_class=2)
    for seed, name in enumerate("ab"):
        run = make_run(root / "runs", name, dataset=dataset, seed=seed, weights=True)
        for split in ("val", "test"):
            evaluate_run(run, dataset, split)
    return root


@pytest.fixture
def everything(folders, measured, monkeypatch):
    """Pages read what was measured once; none of them writes there."""
    monkeypatch.setenv("FERCORE_RUNS", str(measured / "runs"))
    monkeypatch.setenv("FERCORE_DATA", str(measured / "data"))


def test_every_address_of_before_is_a_page_s(open_page, monkeypatch):
    registered, original = {}, st.navigation

    def navigation(sections, **settings):
        registered.update({page.url_path: page for pages in sections.values() for page in pages})
        return original(sections, **settings)

    monkeypatch.setattr(st, "navigation", navigation)
    AppTest.from_file(str(DASHBOARD / "Home.py"), default_timeout=TIMEOUT).run()
    assert tuple(registered) == ADDRESSES
    assert sorted(address.replace("-", "_") or "home" for address in ADDRESSES) == PAGES
    assert all(page.title for page in registered.values())


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_through_home(open_page, everything, page):
    app = open_page(page)
    words(app)  # no exception
    assert app.title[0].value
    assert [error.value for error in app.error] == []


@pytest.mark.slow  # each opens through Home.py in the test above
@pytest.mark.parametrize("page", PAGES)
def test_every_page_runs_by_itself(everything, page):
    app = AppTest.from_file(str(DASHBOARD / "views" / page / "page.py"), default_timeout=TIMEOUT).run()
    words(app)  # no exception
    assert app.title[0].value
    assert [error.value for error in app.error] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_part_of_a_page_hides_another_module_where_the_page_runs_by_itself(page):
    parts = {path.stem for path in (DASHBOARD / "views" / page).glob("*.py")} - {"__init__"}
    assert not parts & (SHARED | {"views"} | set(sys.stdlib_module_names))
    installed = [folder for folder in sys.path if not folder.startswith(str(DASHBOARD))]
    assert [part for part in parts if PathFinder.find_spec(part, installed)] == []


def test_no_two_modules_have_names_that_differ_only_in_their_ending():
    names = {path.parent.name if path.name == "__init__.py" else path.stem for path in MODULES}
    alike = []
    for one, other in combinations(sorted(names), 2):
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
        if common > 2 and {one[common:], other[common:]} <= ENDINGS:
            alike.append((one, other))
    assert alike == []


@pytest.mark.parametrize("page", PAGES)
def test_pages_share_nothing_but_what_lies_in_the_shared_packages(page):
    for path in (DASHBOARD / "views" / page).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("views"):
                assert node.module.split(".")[1] == page, f"{path.name} imports {node.module}"
