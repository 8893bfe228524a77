"""Readers of files that others may have made: bounded in size, depth and length, and free of what breaks a page later.

JSON may hold what Python reads without complaint and cannot use: text that no encoding can write (a lone surrogate),
integers that overflow every number of 64 bits, NaN, objects nested until any walk through them fails. All of that is
refused here, once, so that nobody who uses the content has to think of it.
"""

from __future__ import annotations

import json
import math
import stat
import tokenize
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

MOST_DEPTH = 32  # of our own files: 7
MOST_ITEMS = 100_000  # of one list or object
MOST_CHARACTERS = 100_000  # of one text
_LARGEST = 2**63  # integers lie below it, and not below its negative
# What numpy raises on a damaged npy file: its header is a Python literal, and MemoryError comes of one that claims more
# than there is.
NPY_ERRORS = (ValueError, OSError, EOFError, MemoryError, SyntaxError, tokenize.TokenError)
_TOO_DEEP = f"nested more than {MOST_DEPTH} deep"


class UntrustedError(ValueError):
    """Content that is refused, with the reason in words; whoever knows the file adds its name and the way on."""


def read_file(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file of limited size; OSError where there is none, UntrustedError for anything else."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UntrustedError("expected a file, received something that may never end when read")
    if found.st_size > most_bytes:
        raise UntrustedError(f"{found.st_size:,} bytes, more than the {most_bytes:,} allowed")
    with path.open("rb") as file:
        content = file.read(found.st_size + 1)  # room for all that is allowed takes longer to get than to fill
        if len(content) > found.st_size:
            content += file.read(most_bytes + 1 - len(content))
    if len(content) > most_bytes:
        raise UntrustedError(f"it grew while it was read, beyond the {most_bytes:,} bytes allowed")
    return content


def load_json(path: Path, most_bytes: int, most_items: int = MOST_ITEMS) -> dict[str, Any]:
    """The JSON object in a file; see `read_file` and `parse_json`."""
    return parse_json(read_file(path, most_bytes), most_items)


def parse_json(content: bytes | str, most_items: int = MOST_ITEMS) -> dict[str, Any]:
    """A JSON object, checked in everything that could break whoever uses it.

    Parameters
    ----------
    content
        Text, or bytes in UTF-8.
    most_items
        Entries that one list or object may have.

    Returns
    -------
    dict
        Its texts can be encoded, its numbers are finite and fit 64 bits, it is shallow and its parts are not too long.

    Raises
    ------
    UntrustedError
        Says what is wrong.
    """
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        found = _DECODER.decode(text)
    except UntrustedError:
        raise
    except ValueError as error:
        raise UntrustedError(f"not readable JSON ({error})") from error
    except RecursionError as error:
        raise UntrustedError(f"not readable JSON ({_TOO_DEEP})") from error
    if not isinstance(found, dict):
        raise UntrustedError(f"expected a JSON object, received {type(found).__name__}")
    check_content(found, most_items)
    return found


def check_content(content: dict | list, most_items: int = MOST_ITEMS, depth: int = 1) -> None:
    """Raise UntrustedError for the first thing in nested lists and dicts that could break whoever uses it."""
    if depth > MOST_DEPTH:
        raise UntrustedError(_TOO_DEEP)
    if len(content) > most_items:
        raise UntrustedError(f"{len(content):,} entries in one list or object, at most {most_items:,} allowed")
    for item in (*content, *content.values()) if isinstance(content, dict) else content:
        kind = type(item)  # of JSON and TOML, which know no subclasses: a list of runs asks a million times
        if kind is str:
            if len(item) > MOST_CHARACTERS or not item.isascii():
                _check_text(item)
        elif kind is dict or kind is list:
            check_content(item, most_items, depth + 1)
        elif kind is float and not math.isfinite(item):
            raise UntrustedError("a number too large for a float, or none")
        elif kind is int and not -_LARGEST <= item < _LARGEST:
            raise UntrustedError("a whole number that does not fit 64 bits")


def check_texts(texts: np.ndarray) -> None:
    """Raise UntrustedError where an array of text (dtype U) holds what no encoding can write."""
    if texts.dtype.itemsize == 0 or texts.size == 0:
        return
    codes = np.ascontiguousarray(texts).reshape(-1).view(f"{texts.dtype.byteorder}u4")
    if ((codes >= 0xD800) & (codes <= 0xDFFF) | (codes > 0x10FFFF)).any():
        raise UntrustedError("a text that cannot be encoded")


def _check_text(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise UntrustedError(f"a text of {len(text):,} characters, at most {MOST_CHARACTERS:,} allowed")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UntrustedError("a text that cannot be encoded (a lone surrogate)") from error


def _refuse_constant(name: str) -> NoReturn:
    raise UntrustedError(f"not readable JSON ({name} is no number of JSON)")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
