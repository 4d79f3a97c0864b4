"""What a vendor's `Retry-After` says, read without trust."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping

LONGEST_S = 366 * 86_400.0
"""Longer waits are cut to this. Nobody waits that long, so they all mean "not now", and
arithmetic on them stays finite."""

_LONGEST_TEXT = 64
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_DATES = tuple(
    re.compile(form)
    for form in (
        rf"(?:{'|'.join(_DAYS)}), (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        rf"(?:{'|'.join(_LONG_DAYS)}), (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) "
        rf"{_TIME} GMT",
        rf"(?:{'|'.join(_DAYS)}) {_MONTH} (?P<day>[0-9 ][0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)


def retry_after_of(headers: Mapping[str, str], *, now_wall: float) -> float | None:
    """Seconds that the headers of a response ask to wait, or `None` when they do not.

    `retry-after-ms` counts before `Retry-After` when it can be read, because it is finer.

    Args:
        headers: By name, in any case.
        now_wall: Unix seconds, by the vendor's own `Date` header where there is one.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    milliseconds = parse_retry_after(by_name.get("retry-after-ms"), now_wall=now_wall, scale=1e-3)
    if milliseconds is not None:
        return milliseconds
    return parse_retry_after(by_name.get("retry-after"), now_wall=now_wall)


def parse_retry_after(value: str | None, *, now_wall: float, scale: float = 1.0) -> float | None:
    """Seconds that a `Retry-After` value asks to wait.

    Args:
        value: Digits, with or without a decimal fraction (which some vendors send), or one of
            the three forms of an HTTP date.
        now_wall: Unix seconds that a date is compared with.
        scale: Seconds in one unit of a number; a date is read only at a scale of 1.

    Returns:
        More than 0 and at most `LONGEST_S`; `None` when there is no value, it cannot be read, or
        it asks for no wait (zero, or a date that has passed): the usual pause applies then.

    Source:
        RFC 9110, sections 10.2.3 (Retry-After) and 5.6.7 (HTTP-date).
    """
    if value is None or len(value) > _LONGEST_TEXT:
        return None
    text = value.strip(" \t")
    if _NUMBER.fullmatch(text):
        seconds = float(text) * scale
    elif scale == 1.0:
        moment = _date(text, now_wall)
        if moment is None:
            return None
        seconds = moment - now_wall
    else:
        return None
    return min(seconds, LONGEST_S) if seconds > 0 else None


def _date(text: str, now_wall: float) -> float | None:
    for form in _DATES:
        found = form.fullmatch(text)
        if found is None:
            continue
        part = found.groupdict()
        year = int(part["year"])
        if len(part["year"]) == 2:
            year = _full_year(year, now_wall)
        try:
            return datetime.datetime(
                year,
                _MONTHS.index(part["month"]) + 1,
                int(part["day"]),
                int(part["hour"]),
                int(part["minute"]),
                min(int(part["second"]), 59) if part["second"] == "60" else int(part["second"]),
                tzinfo=datetime.UTC,
            ).timestamp()
        except ValueError:
            return None
    return None


def _full_year(short: int, now_wall: float) -> int:
    """More than fifty years ahead means the last century, as RFC 9110 rules."""
    now = datetime.datetime.fromtimestamp(now_wall, tz=datetime.UTC).year
    year = now - now % 100 + short
    return year - 100 if year > now + 50 else year
