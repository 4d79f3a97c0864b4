from __future__ import annotations

import datetime
import math
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.rest import http_date_s, retry_after_s
from ossicle.rest.retry_after import LONGEST_S

NOW = datetime.datetime(2026, 11, 23, 12, 0, 0, tzinfo=datetime.UTC).timestamp()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("20", 20.0),
        ("120", 120.0),
        ("121", 121.0),
        ("0.5", 0.5),
        (" 7\t", 7.0),
        ("007", 7.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Monday, 23-Nov-26 12:00:30 GMT", 30.0),
        ("Mon Nov 23 12:00:30 2026", 30.0),
        ("Wed Dec  2 12:00:00 2026", 9 * 86_400.0),
        ("Mon, 23 Nov 2026 12:00:60 GMT", 59.0),
    ],
)
def test_waits_that_a_vendor_may_ask_for(value: str, seconds: float) -> None:
    assert retry_after_s({"retry-after": value}, now_s=NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "0",
        "0.0",
        "-1",
        "-10",
        "+5",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "1e3",
        "1_000",
        "0x10",
        "1,5",
        ".5",
        "5.",
        "1.5s",
        "2 seconds",
        "١٢",
        "１２",
        "12\x00",
        "12\n",
        "1" * 65,
        "Zon, 29 Nov 2026 16:26:27 GMT",
        "Fri, 29 Nov 2026 16:26:27 CET",
        "Fri, 32 Nov 2026 16:26:27 GMT",
        "Fri, 29 Nov 2026 25:26:27 GMT",
        "Fri, 29 Nov 0000 16:26:27 GMT",
        "Sat, 01 Jan 100000 00:00:00 GMT",
        "Fri, 29 Sep 2023 16:26:27 GMT",
        "Monday, 23-Nov-77 12:00:30 GMT",
        "2026-11-23T12:00:30Z",
        "soon",
    ],
)
def test_values_that_ask_for_nothing_or_make_no_sense(value: str) -> None:
    assert retry_after_s({"retry-after": value}, now_s=NOW) is None


@pytest.mark.parametrize("value", ["9" * 35, "9" * 64, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_absurdly_long_waits_stay_finite(value: str) -> None:
    assert retry_after_s({"retry-after": value}, now_s=NOW) == LONGEST_S


@given(st.text(max_size=80) | st.from_regex(r"[0-9.eE+\-]{1,70}"))
def test_any_text_gives_a_finite_wait_or_none(value: str) -> None:
    seconds = retry_after_s({"retry-after": value}, now_s=NOW)
    assert seconds is None or (math.isfinite(seconds) and 0 < seconds <= LONGEST_S)


@given(
    st.datetimes(
        datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31), timezones=st.just(datetime.UTC)
    )
)
def test_dates_as_the_standard_library_writes_them(moment: datetime.datetime) -> None:
    moment = moment.replace(microsecond=0)
    wait = moment.timestamp() - NOW
    expected = min(wait, LONGEST_S) if wait > 0 else None
    assert (
        retry_after_s({"retry-after": format_datetime(moment, usegmt=True)}, now_s=NOW) == expected
    )


def test_milliseconds_count_first_where_they_make_sense() -> None:
    both = {"retry-after": "3", "retry-after-ms": "250"}
    assert retry_after_s(both, now_s=NOW) == 0.25
    damaged = {"retry-after": "3", "retry-after-ms": "Mon, 23 Nov 2026 12:00:30 GMT"}
    assert retry_after_s(damaged, now_s=NOW) == 3.0
    assert retry_after_s({}, now_s=NOW) is None


def test_the_vendors_clock_counts_before_ours() -> None:
    headers = {
        "retry-after": "Sun, 06 Nov 1994 08:49:47 GMT",
        "date": "Sun, 06 Nov 1994 08:49:37 GMT",
    }
    assert retry_after_s(headers, now_s=NOW) == 10.0


def test_dates() -> None:
    assert http_date_s("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777.0
    for text in ("", "x", "Sun, 99 Nov 1994 08:49:37 GMT", "x" * 1000):
        assert http_date_s(text) is None
