"""What `pip install` brings: each package where it is needed, and every file that the code reads."""

import ast
import sys
import tomllib
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
DISTRIBUTIONS = packages_distributions()


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


LIBRARY = names(PYPROJECT["project"]["dependencies"])


def imported(folder: str) -> set[str]:
    """Distributions whose modules the code of a folder imports, anywhere in it."""
    modules = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules.add(node.module.split(".")[0])
    own = {"fercore", "benchmarks", "tests"} | {path.stem for path in (ROOT / "dashboard").iterdir()}
    return {
        canonicalize_name(distribution)
        for module in modules - own - sys.stdlib_module_names
        for distribution in DISTRIBUTIONS.get(module, [module])
    }


def test_the_library_needs_what_it_declares_and_no_streamlit():
    optional = names(EXTRAS["export"])
    assert imported("fercore") <= LIBRARY | optional
    assert not {"streamlit", "streamlit-webrtc"} & (LIBRARY | optional)


def test_the_dashboard_needs_what_it_declares():
    brought = {"aiortc", "av"}  # which streamlit-webrtc is made of
    assert imported("dashboard") <= LIBRARY | names(EXTRAS["dashboard"]) | brought


def test_scripts_need_the_library_alone_but_for_benchmarks():
    assert imported("scripts") <= LIBRARY | names(EXTRAS["dashboard"] + EXTRAS["export"] + EXTRAS["tests"])


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("requirements.txt", "-e .[dashboard,export]"),
        ("tests/requirements.txt", "-e .[dashboard,export,ray,sign-in,tests]"),
    ],
)
def test_requirements_point_to_pyproject(file, line):
    lines = (ROOT / file).read_text("utf-8").splitlines()
    assert [found for found in lines if not found.startswith("#")] == [line]
    assert set(line.partition("[")[2].rstrip("]").split(",")) <= set(EXTRAS)


def test_every_range_ends_before_the_next_major_version():
    for requirement in [*PYPROJECT["project"]["dependencies"], *(line for lines in EXTRAS.values() for line in lines)]:
        operators = {part.operator for part in Requirement(requirement).specifier}
        assert operators == {">=", "<"}, requirement


def test_all_files_of_the_package_are_installed():
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["fercore"]
    files = [path.relative_to(ROOT / "fercore") for path in (ROOT / "fercore").rglob("*") if path.is_file()]
    files = [path for path in files if path.suffix != ".py" and "__pycache__" not in path.parts]
    assert len(files) > 10
    assert [str(path) for path in files if not any(fnmatch(path.as_posix(), pattern) for pattern in patterns)] == []
