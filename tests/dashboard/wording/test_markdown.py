"""Hostile text in markdown."""

import pytest


@pytest.fixture
def markdown(folders):
    from wording import markdown

    return markdown


def test_escape_leaves_no_mark_of_markdown(markdown):
    assert markdown.escape("*a* <b>") == r"\*a\* \<b\>"
    assert markdown.escape("a\n# b\u202ec") == r"a \# b c"


def test_escape_tears_links_apart(markdown):
    joiner = "\u2060"
    assert markdown.escape("http://x") == rf"http\:{joiner}\/\/x"
    assert markdown.escape("WWW.x") == rf"WWW{joiner}\.x"
    assert markdown.escape("a@b") == rf"a{joiner}\@b"


def test_no_line_ends_within_a_figure(markdown):
    said = markdown.unbroken("Right on 64.8 % (63.2 to 66.3), n = 3,589, p < 0.001, in 8.1 ms or 2 s at 15 /s.")
    assert said.split(" ") == [
        *("Right", "on", "64.8\u00a0%", "(63.2", "to", "66.3),", "n\u00a0=\u00a03,589,", "p\u00a0<\u00a00.001,", "in"),
        *("8.1\u00a0ms", "or", "2\u00a0s", "at", "15\u00a0/s."),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a_b", "`a_b`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```"), ("", "` `"), ("a\nb", "`a b`")],
)
def test_code_has_a_longer_fence_than_any_in_the_text(markdown, text, expected):
    assert markdown.code(text) == expected


def test_message_keeps_commands_exact(markdown):
    text = "no metrics_x; run: python scripts/evaluate.py a_b --split val, or use --resume."
    assert markdown.message(text) == (
        r"no metrics\_x\; run\: `python scripts/evaluate.py a_b --split val`\, or use `--resume`\."
    )
