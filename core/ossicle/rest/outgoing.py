"""A request as the transport takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from ossicle.errors import ConfigurationError
from ossicle.rest.body import Body

_DOT_SEGMENT = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
"""What HTTP clients and servers take for "here" and "one up".

Source: WHATWG URL, section 4.1, single-dot and double-dot URL path segment, read 2026-11-26."""


def path_segment(name: str, *, what: str) -> str:
    """A name as one segment of a path, quoted.

    Args:
        name: As the application gave it.
        what: What it names, in words, such as `voice`.

    Raises:
        ConfigurationError: It is empty, no text, or a segment of dots, which would lead elsewhere.

    Example:
        >>> path_segment("my voice/2", what="voice")
        'my%20voice%2F2'
    """
    is_surrogate = any("\ud800" <= char <= "\udfff" for char in name)
    if not name or is_surrogate or _DOT_SEGMENT.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot name a {what}", fix=f"Give the {what} as the vendor lists it."
        )
    return quote(name, safe="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as the transport takes it.

    Attributes:
        path: Below the base URL, with its query.
        accept: Media type that is asked for.
        body: What is sent.
        deadline: Moment by `anyio.current_time()` after which no answer is of use.
        headers: Further headers of this request, checked; never logged.

    Example:
        outgoing = Outgoing(path="/speak?model=x", accept="*/*", body=json_body({"text": text}))
    """

    path: str
    accept: str
    body: Body
    deadline: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuse a path that HTTP clients would shorten to another endpoint's.

        Raises:
            ConfigurationError: It holds a segment of dots.
        """
        if any(map(_DOT_SEGMENT.fullmatch, self.path.partition("?")[0].split("/"))):
            raise ConfigurationError(
                "the path of the request holds a segment of dots, which would lead elsewhere",
                fix="Give models and voices by their names.",
            )
