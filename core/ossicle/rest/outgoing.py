"""A request as the transport takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ossicle.rest.body import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as the transport takes it.

    Attributes:
        path: Below the base URL, with its query.
        accept: Media type that is asked for.
        body: What is sent.
        deadline: Moment by `anyio.current_time()` after which no answer is of use.
        headers: Further headers of this request, checked; never logged.
    """

    path: str
    accept: str
    body: Body
    deadline: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
