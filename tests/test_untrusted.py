"""What is refused in files that others may have made, before anybody uses it."""

import json
import os

import numpy as np
import pytest

from fercore import untrusted
from fercore.untrusted import UntrustedError, check_texts, load_json, parse_json, read_file


def nested(depth):
    return b'{"a": ' * depth + b"1" + b"}" * depth


def test_what_is_sound_comes_back_as_it_is():
    content = {"text": "ü\U0001f600", "list": [1, -(2**63), 2**63 - 1, 0.5, True, None], "empty": {}}
    assert parse_json(json.dumps(content)) == content
    assert parse_json(json.dumps(content, ensure_ascii=False).encode()) == content
    assert parse_json(nested(32))["a"]["a"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"name": "\\ud800"}', r"a text that cannot be encoded \(a lone surrogate\)"),
        (b'{"\\udfff": 1}', "a text that cannot be encoded"),
        (b'{"a": [{"b": ["\\ud800"]}]}', "a text that cannot be encoded"),
        (b'{"a": 1' + b"0" * 400 + b"}", "a whole number that does not fit 64 bits"),
        (b'{"a": 9223372036854775808}', "a whole number that does not fit 64 bits"),
        (b'{"a": 1' + b"0" * 5000 + b"}", r"not readable JSON \(Exceeds the limit"),
        (b'{"a": 1e400}', "a number too large for a float, or none"),
        (b'{"a": NaN}', r"not readable JSON \(NaN is no number of JSON\)"),
        (b'{"a": -Infinity}', r"not readable JSON \(-Infinity is no number"),
        (b"[" * 100_000, r"not readable JSON \(nested more than 32 deep\)"),
        (b'{"a": ' * 100_000, r"not readable JSON \(nested more than 32 deep\)"),
        (nested(33), "nested more than 32 deep"),
        (b'{"a": [' + b"0," * 100_000 + b"0]}", "100,001 entries in one list or object, at most 100,000 allowed"),
        (b'{"a": "' + b"x" * 100_001 + b'"}', "a text of 100,001 characters, at most 100,000 allowed"),
        (b"[]", "expected a JSON object, received list"),
        (b"\xff", "not readable JSON"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_json_that_would_break_a_page_is_refused(content, reason):
    with pytest.raises(UntrustedError, match=reason):
        parse_json(content)


def test_only_regular_files_of_limited_size_are_read(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_file(tmp_path / "a", 5) == b"12345"
    with pytest.raises(UntrustedError, match="5 bytes, more than the 4 allowed"):
        read_file(tmp_path / "a", 4)
    os.mkfifo(tmp_path / "pipe")
    for endless in (tmp_path / "pipe", "/dev/zero"):
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to(endless)
        with pytest.raises(UntrustedError, match="something that may never end when read"):
            load_json(tmp_path / "link", 100)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "gone", 5)


def test_a_file_that_grows_while_it_is_read_is_refused_beyond_the_limit(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"12345")
    earlier = os.stat(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"123456789")
    monkeypatch.setattr(untrusted.Path, "stat", lambda self: earlier)
    with pytest.raises(UntrustedError, match="beyond the 5 bytes allowed"):
        read_file(tmp_path / "a", 5)
    assert read_file(tmp_path / "a", 9) == b"123456789"


def test_texts_of_arrays_can_be_encoded():
    check_texts(np.array(["ä", "\U0001f600"]))
    check_texts(np.array(["ä"], dtype=">U3"))
    check_texts(np.array([], dtype="U5"))
    check_texts(np.array([""], dtype="U"))
    lone = np.array([0xD800], dtype="<u4").view("<U1")
    beyond = np.array([0x110000], dtype="<u4").view("<U1")
    for texts in (lone, beyond, lone.astype(">U1")):
        with pytest.raises(UntrustedError, match="a text that cannot be encoded"):
            check_texts(texts)
