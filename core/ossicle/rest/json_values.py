"""A vendor's JSON, read without trust: values of the kind that is expected, or `None`. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_MOST = 10**9
"""No context holds a thousandth as many tokens: a larger figure is no figure."""

_LONGEST_S = 1e7
_MAY_BE_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
_HALF = re.compile("[\ud800-\udfff]")


def parse_json(data: bytes | str) -> object:
    r"""JSON data; half a surrogate pair, which no text can hold, becomes U+FFFD.

    Args:
        data: UTF-8, or text.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.

    Example:
        >>> parse_json(b'{"text": "fine \\ud83d words"}') == {"text": "fine \ufffd words"}
        True
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    value = json.loads(data)
    return _mended(value) if _MAY_BE_HALF.search(raw) else value


def text_of(value: object) -> str | None:
    """A text with something in it, else `None`.

    Args:
        value: Of a vendor's JSON.

    Example:
        >>> text_of(""), text_of(3), text_of("yes")
        (None, None, 'yes')
    """
    return value if isinstance(value, str) and value else None


def count_of(value: object) -> int | None:
    """A count from 0 to a billion, else `None`.

    Args:
        value: Of a vendor's JSON.

    Example:
        >>> count_of(7), count_of(True), count_of(-1)
        (7, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST else None


def number_of(value: object) -> float | None:
    """A finite number, else `None`.

    Args:
        value: Of a vendor's JSON.

    Example:
        >>> number_of(0.5), number_of("0.5"), number_of(float("nan"))
        (0.5, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def seconds_of(value: object) -> float | None:
    """Seconds from 0 to four months, else `None`.

    Args:
        value: Of a vendor's JSON.

    Example:
        >>> seconds_of(1.5), seconds_of(-1)
        (1.5, None)
    """
    found = number_of(value)
    return found if found is not None and 0 <= found <= _LONGEST_S else None


def probability_of(log: object) -> float | None:
    """A probability from its natural logarithm, else `None`.

    Args:
        log: Of a vendor's JSON; 0 or less.

    Example:
        >>> probability_of(0), probability_of(1)
        (1.0, None)
    """
    found = number_of(log)
    return math.exp(found) if found is not None and found <= 0 else None


def mapping_of(value: object) -> Mapping[str, Any]:
    """An object; empty where there is none.

    Args:
        value: Of a vendor's JSON.

    Example:
        >>> mapping_of(None)
        {}
    """
    return value if isinstance(value, Mapping) else {}


def mappings_of(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; what else stands in it is passed over.

    Args:
        value: Of a vendor's JSON.

    Example:
        >>> mappings_of([{"a": 1}, 3])
        [{'a': 1}]
    """
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        if _HALF.search(value) is None:
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(one) for name, one in value.items()}
    return value
