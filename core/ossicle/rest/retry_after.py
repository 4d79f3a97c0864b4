"""Waits and moments as HTTP writes them, read without trust. Pure."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

LONGEST_S = 366 * 86_400.0
"""Longer waits are cut to this, so that arithmetic on them stays finite."""

_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?")
_LONGEST_TEXT = 80


def wait_s(text: str, *, now_s: float) -> float | None:
    """Seconds that a `Retry-After` asks for; `None` when nothing sensible is asked for.

    Args:
        text: The header's value: seconds, or an HTTP date.
        now_s: Unix seconds by the vendor's clock, for the form with a date.

    Source:
        RFC 9110, section 10.2.3.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return bounded_wait(float(text))
    moment = http_date_s(text)
    return None if moment is None else bounded_wait(moment - now_s)


def bounded_wait(wait: float) -> float | None:
    """A wait between 0 (excluded) and `LONGEST_S`; `None` where it is none."""
    return min(wait, LONGEST_S) if wait > 0 else None


def http_date_s(text: str) -> float | None:
    """Unix seconds of an HTTP date; `None` when it is none."""
    if not text or len(text) > _LONGEST_TEXT:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
