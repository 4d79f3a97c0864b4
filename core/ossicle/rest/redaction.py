"""Keys and long blobs taken out of what a vendor says, before anyone sees it."""

from __future__ import annotations

import re

_LONGEST = 300

_SECRETS = re.compile(
    # Keys by the prefixes of vendors, whole or masked with stars; bearer tokens; keys in a query.
    r"\b(?:sk|rk|pk|gsk|sess|ek|xai)[-_][A-Za-z0-9*_.\-…]{4,}"
    r"|\bAIza[A-Za-z0-9_\-]{4,}|\bAQ\.[A-Za-z0-9_\-]{8,}|\bya29\.\S+"
    r"|\bBearer\s+\S+"
    r"|[A-Za-z0-9_\-]{0,16}\*{3,}[A-Za-z0-9_\-]{0,16}"
    r"|(?<=[?&]key=)[^\s&]+|(?<=api[_-]key=)[^\s&]+|(?<=api_key:)\S+",
    re.IGNORECASE,
)
_BLOB = re.compile(r"[A-Za-z0-9+/_=\-]{80,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def redact(text: str, *, key: str | None = None) -> str:
    """The text without keys (whole or masked), base64 and control characters, cut to 300.

    Args:
        text: What the vendor wrote.
        key: The key that was sent; it is taken out whatever it looks like.

    Example:
        >>> redact("the key sk-0123456789 is spent")
        'the key [key] is spent'
    """
    text = text[: 64 * _LONGEST]
    if key and len(key) >= 4:
        text = text.replace(key, "[key]")
    text = _SECRETS.sub("[key]", text)
    text = _BLOB.sub("[data]", text)
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
