from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle_gemini.duration import LONGEST_S, duration_s, http_date_s, wait_s


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("34.074824224s", 34.074824224), ("0s", 0.0), ("1.5s", 1.5), ("-1s", None), ("1", None),
     ("nans", None), ("", None), (3, None), (None, None), ("9" * 30 + "s", None)],
)  # fmt: skip
def test_durations(value: Any, seconds: float | None) -> None:
    assert duration_s(value) == seconds


@given(st.text(max_size=40))
def test_any_header_is_a_sensible_wait_or_none(text: str) -> None:
    wait = wait_s(text, now_s=1e9)
    assert wait is None or (math.isfinite(wait) and 0 < wait <= LONGEST_S)


def test_dates() -> None:
    assert http_date_s("Sun, 09 Sep 2001 01:46:40 GMT") == 1e9
    assert wait_s("Sun, 09 Sep 2001 01:46:40 GMT", now_s=1e9 - 5) == 5
    assert wait_s("Sun, 09 Sep 2001 01:46:40 GMT", now_s=1e9 + 5) is None
