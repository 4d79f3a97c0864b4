from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import DependencyMissingError
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


def test_only_errors_need_the_library_that_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    assert word_error_rate("Twenty-one bells.", "21 bells") == 0.0
    with pytest.raises(DependencyMissingError, match=r"ossicle\[local\]") as caught:
        word_error_rate("bells", "balls")
    assert caught.value.package == "rapidfuzz"


@given(words, words)
def test_errors_are_those_of_the_textbook(one: list[str], other: list[str]) -> None:
    """Wagner and Fischer 1974, row by row, apart from the library."""
    row = list(range(len(other) + 1))
    for number, word in enumerate(one, start=1):
        above, row[0] = row[0], number
        for column, heard in enumerate(other, start=1):
            cheapest = min(row[column] + 1, row[column - 1] + 1, above + (word != heard))
            above, row[column] = row[column], cheapest
    assert word_errors(" ".join(one), " ".join(other)).errors == row[-1]
