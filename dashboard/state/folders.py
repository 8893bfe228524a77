"""Which folders the dashboard reads, and the commands that fill them."""

from __future__ import annotations

import argparse
import functools
import os
import shlex
import sys
from pathlib import Path

import streamlit as st

from fercore.data.dataset import HOW_TO_PREPARE
from wording.markdown import code

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULTS = {"runs": REPOSITORY / "runs", "data": REPOSITORY / "data" / "fer2013"}


def runs_root() -> Path:
    """Folder whose subfolders are runs."""
    return _root("runs")


def data_root() -> Path:
    """Folder of the prepared data set."""
    return _root("data")


def command(script: str) -> str:
    """What to type for a script, with the folders of this dashboard where they are not the default or named already."""
    return f"python {script}" + "".join(_option(name, name) for name in DEFAULTS if f" --{name} " not in script)


def prepare_command(source: str = "") -> str:
    """What to type to make the data set that this dashboard looks for; of a `source`, by default an archive."""
    return (f"python scripts/prepare_data.py {source}" if source else HOW_TO_PREPARE) + _option("data", "out")


def _option(name: str, flag: str) -> str:
    root = _root(name)
    return "" if root == DEFAULTS[name] else f" --{flag} {shlex.quote(str(root))}"


def _root(name: str) -> Path:
    # Under pytest the arguments belong to pytest.
    arguments = sys.argv[1:] if Path(sys.argv[0]).name == "Home.py" else []
    roots, problem = _roots(tuple(arguments), *(os.environ.get(f"FERCORE_{key.upper()}") for key in DEFAULTS))
    if problem:
        st.error(f"The dashboard cannot use {code(problem)}. Start it like this:")
        st.code("streamlit run dashboard/Home.py -- --runs runs --data data/fer2013", language="bash", wrap_lines=True)
        st.stop()
    return roots[name]


@functools.lru_cache(maxsize=8)  # pages ask often, and the answer is the same
def _roots(arguments: tuple[str, ...], *named: str | None) -> tuple[dict[str, Path], str]:
    """The folders by name, and the arguments that nobody can use."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for (key, default), environment in zip(DEFAULTS.items(), named, strict=True):
        parser.add_argument(f"--{key}", type=Path, default=environment or default)
    parser.add_argument("--jobs", action="store_true")  # read by state.background_jobs
    parser.add_argument("--demo", action="store_true")  # read by state.demo
    try:
        known, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        known, unknown = argparse.Namespace(), [str(error)]
    return vars(known), " ".join(unknown)
