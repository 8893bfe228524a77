"""Every cache of the project has a bound, so that the memory of a server has one."""

import ast
import tomllib
from pathlib import Path

import pytest
from streamlit.byte_util import config_max_cache_data_size_to_bytes

ROOT = Path(__file__).resolve().parents[3]
STREAMLIT = ("st.cache_data", "st.cache_resource")
PYTHON = ("cache", "functools.cache", "lru_cache", "functools.lru_cache")


def unbounded(source):
    """Names of the functions whose cache may hold any number of answers."""
    return [
        function.name
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _takes_something(function)
        for decorator in function.decorator_list
        if not _bound(decorator)
    ]


def _takes_something(function):
    taken = function.args
    return bool(taken.args or taken.posonlyargs or taken.kwonlyargs or taken.vararg or taken.kwarg)


def _bound(decorator):
    """Whether a decorator is no cache, or one that says how much it holds."""
    called = isinstance(decorator, ast.Call)
    name = ast.unparse(decorator.func if called else decorator)
    said = {one.arg: ast.unparse(one.value) for one in decorator.keywords} if called else {}
    if name in STREAMLIT:
        return said.get("max_entries", "None") != "None"
    if name in PYTHON:
        return name.endswith("lru_cache") and said.get("maxsize") != "None"
    return True


@pytest.mark.parametrize(
    ("decorator", "found"),
    [
        ("st.cache_data", ["f"]),
        ("st.cache_resource(scope='session')", ["f"]),
        ("st.cache_data(max_entries=None)", ["f"]),
        ("functools.cache", ["f"]),
        ("lru_cache(maxsize=None)", ["f"]),
        ("st.cache_data(max_entries=8)", []),
        ("lru_cache", []),
        ("st.fragment", []),
    ],
)
def test_a_cache_without_a_bound_is_seen(decorator, found):
    assert unbounded(f"@{decorator}\ndef f(x): ...") == found
    assert unbounded(f"@{decorator}\ndef f(): ...") == []  # one answer


@pytest.mark.slow
def test_no_cache_holds_any_number_of_answers():
    files = [file for folder in ("dashboard", "fercore") for file in sorted((ROOT / folder).rglob("*.py"))]
    found = {str(file.relative_to(ROOT)): unbounded(file.read_text("utf-8")) for file in files}
    assert len(found) > 100
    assert {file: names for file, names in found.items() if names} == {}


def test_what_pages_keep_for_all_visitors_is_bounded_in_bytes():
    settings = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text("utf-8"))
    assert 0 < config_max_cache_data_size_to_bytes(settings["server"]["maxCacheDataSize"]) <= 512 << 20
