"""Quotations are taken out, and nothing else."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ossicle.words import without_quotes

WORDS = st.lists(st.sampled_from(["ada", "is", "my", "name", "so", "what"]), min_size=1, max_size=9)


@given(prompt=WORDS, before=st.text("xyz ", max_size=9), after=st.text("xyz ", max_size=9))
def test_a_whole_prompt_never_stays(prompt: list[str], before: str, after: str) -> None:
    said = " ".join(prompt)
    found = without_quotes(f"{before}<{said.upper()}>{after}", [said])
    assert found == f"{before}<[what was said]>{after}"


@given(source=WORDS, text=WORDS)
def test_no_three_words_in_a_row_are_of_a_source(source: list[str], text: list[str]) -> None:
    found = without_quotes(" ".join(text), [" ".join(source)], instead="|")
    runs = {tuple(source[at : at + 3]) for at in range(len(source) - 2)}
    for piece in found.split("|"):
        words = re.findall(r"\w+", piece)
        assert not runs & {tuple(words[at : at + 3]) for at in range(len(words) - 2)}


def test_what_nobody_said_stays() -> None:
    text = "Invalid value: 'loud'. Supported values are: 'low' and 'high'."
    assert without_quotes(text, ["Please be quiet, not loud."]) == text
    assert without_quotes(text, ["", "  !"]) == text


def test_short_prompts_are_quotations_too() -> None:
    assert without_quotes("no reply to 'hello Ada'", ["Hello, Ada!"], instead="…") == (
        "no reply to '…'"
    )
