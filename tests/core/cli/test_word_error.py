"""Word error rates against numbers counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.cli.word_error import word_error_rate, words_of

WORDS = st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=8)


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("It was the best of times.", "it was the best of times", 0.0),
        ("one two three four", "one three four", 1 / 4),
        ("one two three four", "one two two three four", 1 / 4),
        ("one two three four", "one TWO tree four!", 1 / 4),
        ("one two", "", 1.0),
        ("", "", 0.0),
        ("", "you", 1.0),
        ("don't stop", "don’t stop", 0.0),
    ],
)
def test_counted_by_hand(said: str, heard: str, rate: float) -> None:
    assert word_error_rate(said, heard) == pytest.approx(rate)


@given(WORDS, WORDS)
def test_the_distance_is_bounded_and_zero_only_for_equals(one: list[str], other: list[str]) -> None:
    edits = word_error_rate(" ".join(one), " ".join(other)) * max(1, len(one))
    assert (edits == 0) == (one == other)
    assert abs(len(one) - len(other)) <= edits + 1e-9
    assert edits <= max(len(one), len(other)) + 1e-9


def test_words_are_without_punctuation_and_case() -> None:
    assert words_of("«Née», 2nd-hand: O'Brien…") == ["née", "2nd", "hand", "o'brien"]
