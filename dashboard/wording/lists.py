"""Several things in one sentence or list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def told(lines: Sequence[str], end: str) -> str:
    """One line and how it ends, or a list of several and a last line, as markdown."""
    return f"{lines[0]} {end}" if len(lines) == 1 else "\n".join(f"- {line}" for line in lines) + f"\n\n{end}"


def listed(words: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
