from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from ossicle.rest import http_date_s, wait_s
from ossicle.rest.retry_after import LONGEST_S


@given(st.text(max_size=40))
def test_any_header_is_a_sensible_wait_or_none(text: str) -> None:
    wait = wait_s(text, now_s=1e9)
    assert wait is None or (math.isfinite(wait) and 0 < wait <= LONGEST_S)


def test_dates() -> None:
    assert http_date_s("Sun, 09 Sep 2001 01:46:40 GMT") == 1e9
    assert wait_s("Sun, 09 Sep 2001 01:46:40 GMT", now_s=1e9 - 5) == 5
    assert wait_s("Sun, 09 Sep 2001 01:46:40 GMT", now_s=1e9 + 5) is None
