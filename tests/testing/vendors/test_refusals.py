from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from ossicle_testing.vendors import (
    Fault,
    FaultKind,
    Request,
    RetryAfter,
    plain_refusal,
    retry_after_headers,
)

NOW_S = 1_795_348_800.0


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        (RetryAfter.ABSENT, ()),
        (RetryAfter.SECONDS, (("retry-after", "2"),)),
        (RetryAfter.FRACTION, (("retry-after", "2.25"),)),
        (RetryAfter.MILLISECONDS, (("retry-after-ms", "2000"),)),
        (RetryAfter.DATE, (("retry-after", "Sun, 22 Nov 2026 12:00:02 GMT"),)),
        (RetryAfter.PAST, (("retry-after", "Sun, 22 Nov 2026 11:00:00 GMT"),)),
        (RetryAfter.ZERO, (("retry-after", "0"),)),
        (RetryAfter.NEGATIVE, (("retry-after", "-1"),)),
        (RetryAfter.NAN, (("retry-after", "nan"),)),
        (RetryAfter.INFINITY, (("retry-after", "inf"),)),
        (RetryAfter.HUGE, (("retry-after", "1" + "0" * 35),)),
        (RetryAfter.AT_120, (("retry-after", "120"),)),
        (RetryAfter.AT_121, (("retry-after", "121"),)),
        (RetryAfter.EMPTY, (("retry-after", ""),)),
    ],
)
def test_every_form_of_waiting(form: RetryAfter, headers: tuple[tuple[str, str], ...]) -> None:
    assert retry_after_headers(form, now_s=NOW_S, wait_s=2.0) == headers


@pytest.mark.parametrize("form", [RetryAfter.NO_DATE, RetryAfter.FAR_DATE])
def test_hostile_dates_are_no_dates(form: RetryAfter) -> None:
    ((_, value),) = retry_after_headers(form, now_s=NOW_S)
    with pytest.raises((ValueError, OverflowError)):
        parsedate_to_datetime(value)


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        (FaultKind.STATUS_500, 500, "application/json"),
        (FaultKind.STATUS_502, 502, "text/html"),
        (FaultKind.PROXY_AUTHENTICATION, 407, "text/html"),
    ],
)
def test_what_stands_in_between_speaks_html(
    kind: FaultKind, status: int, content_type: str
) -> None:
    refusal = plain_refusal(Fault(kind=kind), Request(method="POST", path="/"))
    assert (refusal.status, refusal.content_type) == (status, content_type)
