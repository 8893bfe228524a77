"""Text from run folders, data sets and the URL, made harmless for streamlit's markdown.

Backslashes alone are not enough: streamlit looks for links in the finished text once more.
"""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_LINK_STARTS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # invisible and without width
NO_BREAK = "\u00a0"  # a blank at which no line ends
_IN_A_FIGURE = re.compile(r"(?<=\d) (?=(?:%|ms|s|/s)(?!\w))|(?<=\b[np]) (?=[=<])|(?<=[=<]) (?=\d)")
_COMMAND = re.compile(r"(python scripts/[^;,()]*[^;,()\s]|--[a-z][a-z-]*)")


def escape(text: object) -> str:
    """The text on one line, with every mark of markdown and every link made harmless."""
    return _harmless(_one_line(text))


def code(text: object) -> str:
    """The text on one line as inline code, in which nothing has a meaning and dashes stay what they are."""
    words = _one_line(text) or " "
    ticks = max((len(run) for run in re.findall("`+", words)), default=0)
    return f"{'`' * (ticks + 1)} {words} {'`' * (ticks + 1)}" if ticks else f"`{words}`"


def unbroken(sentence: str) -> str:
    """A sentence in which no line ends within a figure: "64.8 %", "n = 3,589", "p < 0.001", "8.1 ms", "2.1 s"."""
    return _IN_A_FIGURE.sub(NO_BREAK, sentence)


def message(text: object) -> str:
    """An error's text, escaped, with the commands and flags in it as code: in plain text "--" would become a dash."""
    parts = _COMMAND.split(_one_line(text))  # text, command, text, command, ..., text
    return "".join(code(part) if number % 2 else _harmless(part) for number, part in enumerate(parts))


def _harmless(line: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", _LINK_STARTS.sub(_WORD_JOINER, line))


def _one_line(text: object) -> str:
    # Not printable are also the marks that turn the direction of text.
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
