"""docs/api.md: its examples run, and print what the page says."""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.DOTALL)


@pytest.fixture
def project(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("FERCORE_RUNS", raising=False)


def test_the_examples_print_what_the_page_says(project):
    examples = BLOCK.findall((ROOT / "docs" / "api.md").read_text("utf-8"))
    assert len(examples) >= 6
    names: dict[str, object] = {}
    for code, expected in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "docs/api.md", "exec"), names)
        assert printed.getvalue() == expected, code
