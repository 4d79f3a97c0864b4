"""How long a vendor asks to wait, read without trust. Pure.

The vendor's SDK reads these headers too, but gives up on some forms and believes others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ossicle.rest import bounded_wait, http_date_s

_NUMBER = re.compile(r"[0-9]{1,64}(\.[0-9]{1,64})?")


def retry_after_s(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Seconds to wait by `retry-after-ms`, else by `Retry-After`.

    Args:
        headers: By lower-case name.
        now_s: Unix seconds by the vendor's clock, for the form with a date.

    Returns:
        More than 0 and at most a year; `None` when nothing sensible is asked for: not a
        number, negative, infinite, zero, or a date that has passed.

    Source:
        RFC 9110, section 10.2.3; `retry-after-ms` as openai-python 3.54.0 reads it.
    """
    wait = _number(headers.get("retry-after-ms", ""))
    if wait is not None:
        return bounded_wait(wait / 1000)
    text = headers.get("retry-after", "").strip()
    wait = _number(text)
    if wait is None:
        moment = http_date_s(text)
        wait = None if moment is None else moment - now_s
    return None if wait is None else bounded_wait(wait)


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else None
