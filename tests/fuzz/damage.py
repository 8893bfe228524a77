"""How files are damaged at random, and how often.

The same damage each time; ten times as much where FERCORE_REQUIRE holds "slow". `FUZZ_EXAMPLES=1000 pytest tests/fuzz`
makes so many cases in each test, others each time; `FUZZ_MINUTES=30 pytest tests/fuzz` makes others for so long, shared
out evenly among the tests. Both count them at the end.
"""

import copy
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

MINUTES = float(os.environ.get("FUZZ_MINUTES", "0"))
MORE = int(os.environ.get("FUZZ_EXAMPLES", "20" if MINUTES else "0"))
LONG = "slow" in os.environ.get("FERCORE_REQUIRE", "")
_NUMBERS = [-1, 0, 1, 7, 0.5, -0.5, 1e308, -1e308, 2**63 - 1, -(2**63), 2**31, 10**400, float("nan")]
_TEXTS = ["", "x", "x" * 5000, "../up", "\x00", "\ud800", "a\nb", "ü", "<b>", "1e400", "happy", "finished", "test"]
_NESTED = [[], {}, [[]], [None], {"": None}, {"name": "x"}, [0] * 1001, [1, "a"], {"a": {"b": {"c": []}}}]
_DEEP = json.loads("[" * 40 + "]" * 40)  # more than any reader of JSON here allows
ODD = st.sampled_from([None, True, False, *_NUMBERS, *_TEXTS, *_NESTED, _DEEP])
_CELLS = [
    "",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1",
    "1" + "0" * 400,
    "x",
    '"',
    "True",
    "0x10",
    "1_000",
    "\x00",
    ",",
    "\n",
]


def fuzzed(examples: int):
    """Settings of a test that makes so many cases in `.ci/run`."""
    return settings(
        max_examples=MORE or (examples if LONG else -(-examples // 10)),
        derandomize=not MORE,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),  # explaining a failure takes minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def places(content, path=()):
    """The paths of all entries of nested lists and dicts."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def put(content, path, value):
    """Replace the entry at a path."""
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = copy.deepcopy(value)


@st.composite
def changed_entries(draw, content):
    """Nested lists and dicts with one or two entries replaced by something odd, or left out."""
    content = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(places(content))))
        put(content, path, draw(ODD))
    return content


@st.composite
def changed_bytes(draw, content: bytes):
    """The content of a file, cut short, or with other bytes in up to three places."""
    content = bytearray(content)
    if content and draw(st.booleans()):
        del content[draw(st.integers(0, len(content) - 1)) :]
    for _ in range(draw(st.integers(0 if content else 1, 3))):
        start = draw(st.integers(0, max(len(content) - 1, 0)))
        end = start + draw(st.sampled_from([0, 1, 8, len(content)]))
        content[start:end] = draw(st.binary(max_size=16))
    return bytes(content)


@st.composite
def changed_cells(draw, text: str):
    """The text of a CSV file with one cell, or a whole line, that is odd."""
    rows = [line.split(",") for line in text.splitlines()]
    row = draw(st.sampled_from(rows))
    odd = draw(st.sampled_from(_CELLS))
    if draw(st.integers(0, 3)):
        row[draw(st.integers(0, len(row) - 1))] = odd
    else:
        row[:] = [odd] * draw(st.integers(0, 2 * len(row)))
    return "\n".join(map(",".join, rows)) + "\n"


def no_file(draw, file: Path) -> None:
    """Put in the place of a file what is none: nothing, a folder, a pipe, or a link that leads nowhere good."""
    file.unlink()
    kind = draw(st.sampled_from(["nothing", "folder", "pipe", "dangling", "circle", "endless", "above"]))
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind != "nothing":
        targets = {"dangling": "gone", "circle": file.name, "endless": "/dev/zero", "above": ".."}
        file.symlink_to(targets[kind])


def fresh_copy(folder: Path, to: Path) -> Path:
    """A copy of a folder in the place of the last one."""
    shutil.rmtree(to, ignore_errors=True)
    return shutil.copytree(folder, to)


def attempts(*errors: type[Exception]) -> Callable[..., Any]:
    """`attempt(read, *arguments)`: what is read, or None where one of some errors says in words why it cannot be."""

    def attempt(read: Callable[..., Any], *arguments: object) -> Any:
        try:
            return read(*arguments)
        except errors as error:
            words = str(error)
        assert words
        words.encode()  # as a page does
        return None

    return attempt
