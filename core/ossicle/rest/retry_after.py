"""Waits and moments as HTTP writes them, read without trust. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_S = 366 * 86_400.0
"""Longer waits are cut to this, so that arithmetic on them stays finite."""

_NUMBER = re.compile(r"[0-9]{1,64}(?:\.[0-9]{1,64})?")
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_YEAR = r"(?!00)[0-9]{4}"
_DATE = re.compile(
    rf"{_DAY}, [0-9]{{2}}[ -][A-Z][a-z]{{2}}[ -](?:{_YEAR}|[0-9]{{2}}) [0-9:]{{8}} GMT"
    rf"|{_DAY} [A-Z][a-z]{{2}} [ 0-9][0-9] [0-9:]{{8}} {_YEAR}"
)
"""The forms of RFC 9110, section 5.6.7; `email.utils` takes much else, the year 68 as 2068."""


def retry_after_s(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Seconds to wait by `retry-after-ms`, else by `Retry-After`.

    Args:
        headers: By lower-case name.
        now_s: Unix seconds of this machine, for the form with a date; the vendor's own `Date`
            counts before it.

    Returns:
        More than 0 and at most a year; `None` when nothing sensible is asked for: not a number,
        negative, infinite, zero, or a date that has passed.

    Source:
        RFC 9110, section 10.2.3; `retry-after-ms` as openai-python 3.54.0 reads it.

    Example:
        >>> retry_after_s({"retry-after": "7"}, now_s=0.0)
        7.0
    """
    milliseconds = headers.get("retry-after-ms", "").strip(" \t")
    if _NUMBER.fullmatch(milliseconds):
        return bounded_wait(float(milliseconds) / 1000)
    text = headers.get("retry-after", "").strip(" \t")
    if _NUMBER.fullmatch(text):
        return bounded_wait(float(text))
    moment = http_date_s(text)
    if moment is None:
        return None
    return bounded_wait(moment - (http_date_s(headers.get("date", "")) or now_s))


def bounded_wait(wait: float) -> float | None:
    """A wait between 0 (excluded) and a year, in seconds; `None` where it is none.

    Args:
        wait: Seconds that a vendor asks for.

    Example:
        >>> bounded_wait(-3.0) is None
        True
    """
    return min(wait, LONGEST_S) if wait > 0 else None


def http_date_s(text: str) -> float | None:
    """Unix seconds of an HTTP date; `None` when it is none.

    Args:
        text: As a header gives it.

    Example:
        >>> http_date_s("Sun, 06 Nov 1994 08:49:37 GMT")
        784111777.0
    """
    if not _DATE.fullmatch(text):
        return None
    try:
        # A leap second is a moment that Python does not have.
        return parsedate_to_datetime(text.replace(":60 ", ":59 ")).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
