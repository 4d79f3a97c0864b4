from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.words import WordErrors, total_errors, word_error_rate, word_errors

words = st.lists(st.sampled_from(["bells", "ring", "across", "the", "harbour"]), max_size=8)


@pytest.mark.parametrize(
    ("reference", "heard", "errors", "of"),
    [
        ("the cat sat", "the cat sat", 0, 3),
        ("the cat sat", "the bat sat", 1, 3),
        ("the cat sat", "cat sat down", 2, 3),
        ("the cat sat", "", 3, 3),
        ("", "you", 1, 0),
        ("", "", 0, 0),
        ("kitten sits still here", "kitten still sits here", 2, 4),
    ],
)
def test_errors_are_the_fewest_edits(reference: str, heard: str, errors: int, of: int) -> None:
    assert word_errors(reference, heard) == WordErrors(errors=errors, words=of)


def test_rates() -> None:
    assert word_error_rate("ten of clubs", "10 of club") == 0.25  # 1, 0, of, clubs
    assert word_error_rate("", "") == 0.0
    assert word_error_rate("", "thank you") == 2.0
    assert total_errors([("a b", "a c"), ("d e", "d e")]).rate == 0.25
    assert total_errors([]).rate == 0.0


@given(words, words)
def test_errors_are_symmetric_and_bounded(one: list[str], other: list[str]) -> None:
    there = word_errors(" ".join(one), " ".join(other)).errors
    back = word_errors(" ".join(other), " ".join(one)).errors
    assert there == back
    assert abs(len(one) - len(other)) <= there <= max(len(one), len(other))
    assert (there == 0) == (one == other)


@given(words, words, words)
def test_errors_obey_the_triangle(a: list[str], b: list[str], c: list[str]) -> None:
    def edits(x: list[str], y: list[str]) -> int:
        return word_errors(" ".join(x), " ".join(y)).errors

    assert edits(a, c) <= edits(a, b) + edits(b, c)
