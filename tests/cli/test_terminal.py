"""Nothing from outside acts on the terminal or hides in it."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from ossicle_cli.terminal import visible, visible_text

ANYTHING = st.text(
    st.characters()
    | st.sampled_from("\x1b\x00\x7f\x9b\u202e\u2066\u200b\ufeff\u2028\U000e0041\n\r")
)


@given(ANYTHING, st.integers(1, 400))
@example("\x1b]0;owned\x07\x1b[2J", 256)
def test_a_line_holds_nothing_that_acts_or_hides(text: str, limit: int) -> None:
    shown = visible(text, limit=limit)
    assert len(shown) <= limit
    assert all(unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for one in shown)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=256))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text
    assert visible_text(text) == text


@given(ANYTHING)
def test_a_text_keeps_its_lines_and_loses_its_controls(text: str) -> None:
    shown = visible_text(text)
    kept = {"\n", "\t", "\u200c", "\u200d"}
    assert all(
        unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        for one in shown
        if one not in kept
    )
    assert shown.count("\n") == text.count("\n")


def test_what_is_odd_is_shown_by_its_number() -> None:
    assert visible("a\x1b[31mb\u202ec\U000e0041") == "a\\x1b[31mb\\u202ec\\U000e0041"


def test_a_long_line_ends_in_an_ellipsis_and_fits() -> None:
    assert visible("x" * 300) == "x" * 255 + "…"
    assert visible("x" * 256) == "x" * 256
    assert visible("é" * 10, limit=3) == "éé…"
