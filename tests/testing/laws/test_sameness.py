"""Two results are the same bit by bit, or the first place where they are not is named."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle_testing.laws import difference


@dataclass(frozen=True)
class Found:
    level: float
    marks: tuple[tuple[float, float], ...] = ()
    hidden: int = field(default=0, compare=False)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(VALUES)
def test_everything_is_the_same_as_itself(value: object) -> None:
    assert difference(value, value) is None
    assert difference(Found(level=float("nan")), Found(level=float("nan"), hidden=1)) is None


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (1, 1.0, "the result is a int and a float"),
        (1.0, 2.0, "the result is 1.0 and 2.0"),
        ("ab", "ac", "the result differs from character 1 on"),
        (b"ab", b"abc", "the result is 2 and 3 bytes long"),
        ([1, 2], [1, 3], "the result[1] is 2 and 3"),
        ((1,), (1, 2), "the result holds 1 and 2 items"),
        ({"a": 1}, {"b": 1}, "the result has other keys"),
        ({"a": "x"}, {"a": "y"}, "the result['a'] differs from character 0 on"),
        (Found(1.0, ((0.0, 1.0),)), Found(1.0, ((0.0, 2.0),)),
         "the result.marks[0][1] is 1.0 and 2.0"),
        (np.zeros(2), np.zeros(3), "the result has the shape (2,) and (3,)"),
        (np.zeros(2), np.zeros(2, np.float32), "the result is of type float64 and float32"),
        (np.array([[1, 2]]), np.array([[1, 5]]), "the result differs at [0, 1]: 2 and 5"),
        (np.array([np.nan, 1.0]), np.array([np.nan, 2.0]),
         "the result differs at [1]: 1.0 and 2.0"),
        (object, str, "the result is not the same type"),
    ],
)  # fmt: skip
def test_the_first_place_is_named(one: object, other: object, told: str) -> None:
    assert difference(one, other) == told
