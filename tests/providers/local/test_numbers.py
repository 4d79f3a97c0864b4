from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle_local.numbers import find_numbers, spelled


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("no numbers here", []),
        ("seven times eight", [7, 8]),
        ("7-2 and -3.5", [7, 2, -3.5]),
        ("twenty one plus 1,250", [21, 1250]),
        ("a hundred and five birds and two cats", [105, 2]),
        ("two thousand twenty four", [2024]),
        ("one two three", [1, 2, 3]),
        ("three hundred thousand", [300000]),
        ("a cat", []),
        ("zero", [0]),
        ("twenty ten", [20, 10]),
    ],
)
def test_numbers_are_found(text: str, values: list[float]) -> None:
    assert [found.value for found in find_numbers(text)] == values


@given(st.text(alphabet="one twenty hundred and a 12,.-", max_size=60))
def test_places_are_in_order_and_within_the_text(text: str) -> None:
    at = 0
    for found in find_numbers(text):
        assert at <= found.start < found.end <= len(text)
        at = found.end


@given(st.integers(-(10**9), 10**9))
def test_figures_are_read_as_they_are_written(number: int) -> None:
    assert [found.value for found in find_numbers(f"it is {number} then")] == [number]


@pytest.mark.parametrize(("value", "text"), [(56.0, "56"), (2.5, "2.5"), (1 / 3, "0.3333")])
def test_answers_are_short(value: float, text: str) -> None:
    assert spelled(value) == text
