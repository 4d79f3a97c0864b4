"""How long a vendor asks to wait, read without trust. Pure.

The vendor's SDK reads these headers too, but gives up on some forms and believes others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_S = 366 * 86_400.0
"""Longer waits are cut to this, so that arithmetic on them stays finite."""

_NUMBER = re.compile(r"[0-9]{1,64}(\.[0-9]{1,64})?")
_LONGEST_TEXT = 80


def retry_after_s(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Seconds to wait by `retry-after-ms`, else by `Retry-After`.

    Args:
        headers: By lower-case name.
        now_s: Unix seconds by the vendor's clock, for the form with a date.

    Returns:
        More than 0 and at most `LONGEST_S`; `None` when nothing sensible is asked for: not a
        number, negative, infinite, zero, or a date that has passed.

    Source:
        RFC 9110, section 10.2.3; `retry-after-ms` as openai-python 3.54.0 reads it.
    """
    wait = _number(headers.get("retry-after-ms", ""))
    if wait is not None:
        return _bounded(wait / 1000)
    text = headers.get("retry-after", "").strip()
    wait = _number(text)
    if wait is None:
        moment = http_date_s(text)
        wait = None if moment is None else moment - now_s
    return None if wait is None else _bounded(wait)


def http_date_s(text: str) -> float | None:
    """Unix seconds of an HTTP date; `None` when it is none."""
    if not text or len(text) > _LONGEST_TEXT:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _bounded(wait: float) -> float | None:
    return min(wait, LONGEST_S) if wait > 0 else None
