"""A form as the transport takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingForm:
    """A request with a form that the vendor's client makes.

    Attributes:
        path: Below the base URL.
        accept: Media type that is asked for.
        form: Fields of the form.
        file: Name, open file and media type of the form's file.
        deadline: Moment by `anyio.current_time()` after which no answer is of use.
        headers: Further headers of this request, checked; never logged.
    """

    path: str
    accept: str
    form: Mapping[str, Any] = field(repr=False)
    file: tuple[str, BinaryIO, str]
    deadline: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
