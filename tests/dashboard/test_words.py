"""Hostile text in markdown."""

import pytest


@pytest.fixture
def words(folders):
    import words

    return words


def test_escape_leaves_no_mark_of_markdown(words):
    assert words.escape("*a* <b>") == r"\*a\* \<b\>"
    assert words.escape("a\n# b\u202ec") == r"a \# b c"


def test_escape_tears_links_apart(words):
    joiner = "\u2060"
    assert words.escape("http://x") == rf"http\:{joiner}\/\/x"
    assert words.escape("WWW.x") == rf"WWW{joiner}\.x"
    assert words.escape("a@b") == rf"a{joiner}\@b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a_b", "`a_b`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```"), ("", "` `"), ("a\nb", "`a b`")],
)
def test_code_has_a_longer_fence_than_any_in_the_text(words, text, expected):
    assert words.code(text) == expected


def test_message_keeps_commands_exact(words):
    text = "no metrics_x; run: python scripts/evaluate.py a_b --split val, or use --resume."
    assert words.message(text) == (
        r"no metrics\_x\; run\: `python scripts/evaluate.py a_b --split val`\, or use `--resume`\."
    )
