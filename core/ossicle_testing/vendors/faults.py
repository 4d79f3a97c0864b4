"""Everything that can go wrong between a client and a vendor, as data.

Source: the fault matrix of ossicle's reliability study (transport, slow or odd, status, content
and event-stream groups). Faults that no server can produce are left to the client's side: name
resolution, a refused or silent port, a failed handshake (see `unreachable`), an exhausted
connection pool, and the death of the client's own process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from ossicle.errors import ConfigurationError
from ossicle_testing.short_repr import ShortRepr

FaultGroup = Literal["before", "ambiguous", "odd", "status", "content", "stream"]
Outcome = Literal["before_execution", "ambiguous", "settled"]
"""What a client may conclude: surely not executed; may be executed; answered to the end."""


class FaultKind(StrEnum):
    """One way to fail."""

    PROXY_AUTHENTICATION = "proxy_authentication"
    UPLOAD_RESET = "upload_reset"
    UPLOAD_STALL = "upload_stall"

    RESET_AFTER_UPLOAD = "reset_after_upload"
    CLOSE_BEFORE_HEADERS = "close_before_headers"
    NO_ANSWER = "no_answer"
    TRUNCATED_LENGTH = "truncated_length"
    TRUNCATED_CHUNKED = "truncated_chunked"
    STALL_IN_BODY = "stall_in_body"
    CLOSE_AFTER_DELAY = "close_after_delay"

    LATENCY = "latency"
    BANDWIDTH = "bandwidth"
    SLICED = "sliced"
    SLOW_CLOSE = "slow_close"
    CLOSED_KEEP_ALIVE = "closed_keep_alive"
    REDIRECT = "redirect"

    STATUS_400 = "status_400"
    STATUS_401 = "status_401"
    STATUS_403 = "status_403"
    STATUS_404 = "status_404"
    STATUS_408 = "status_408"
    STATUS_409 = "status_409"
    STATUS_413 = "status_413"
    STATUS_422 = "status_422"
    STATUS_429 = "status_429"
    QUOTA_429 = "quota_429"
    STATUS_500 = "status_500"
    STATUS_502 = "status_502"
    STATUS_503 = "status_503"
    STATUS_504 = "status_504"
    STATUS_529 = "status_529"

    HTML_200 = "html_200"
    EMPTY_BODY = "empty_body"
    BROKEN_JSON = "broken_json"
    WRONG_JSON_TYPE = "wrong_json_type"
    ERROR_BODY_200 = "error_body_200"
    JSON_FOR_STREAM = "json_for_stream"
    EMPTY_CHOICES = "empty_choices"
    AUDIO_MISSING = "audio_missing"
    OTHER_FORMAT = "other_format"
    NONSENSE_AUDIO = "nonsense_audio"
    INVALID_BASE64 = "invalid_base64"
    PADDED_BASE64 = "padded_base64"
    USAGE_MISSING = "usage_missing"
    USAGE_NEGATIVE = "usage_negative"
    USAGE_NAN = "usage_nan"
    USAGE_STRING = "usage_string"
    USAGE_HUGE = "usage_huge"
    EXPIRY_MISSING = "expiry_missing"
    EXPIRY_PAST = "expiry_past"
    EXPIRY_IN_MS = "expiry_in_ms"
    EXPIRY_REPEATED = "expiry_repeated"
    DUPLICATE_ID = "duplicate_id"
    WRONG_REQUEST_ID = "wrong_request_id"
    REFUSAL = "refusal"
    AUDIO_NOT_FOUND = "audio_not_found"
    HUGE_TOOL_CALL = "huge_tool_call"

    STREAM_NO_END = "stream_no_end"
    STREAM_CUT_IN_BASE64 = "stream_cut_in_base64"
    STREAM_CUT_IN_UTF8 = "stream_cut_in_utf8"
    STREAM_ERROR_EVENT = "stream_error_event"
    STREAM_ONLY_COMMENTS = "stream_only_comments"
    STREAM_DUPLICATE = "stream_duplicate"
    STREAM_OUT_OF_ORDER = "stream_out_of_order"
    STREAM_HUGE_LINE = "stream_huge_line"


class RetryAfter(StrEnum):
    """One form of the header that asks to wait."""

    ABSENT = "absent"
    SECONDS = "seconds"
    FRACTION = "fraction"
    MILLISECONDS = "milliseconds"
    DATE = "date"
    PAST = "past"
    ZERO = "zero"
    NEGATIVE = "negative"
    NAN = "nan"
    INFINITY = "infinity"
    HUGE = "huge"
    AT_120 = "at_120"
    AT_121 = "at_121"
    EMPTY = "empty"
    NO_DATE = "no_date"
    FAR_DATE = "far_date"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFacts:
    """What is fixed for a kind of fault.

    Attributes:
        group: Row of the fault matrix.
        outcome: What a client may conclude from what it sees.
        executes: Whether the request is executed, unless a `Fault` says otherwise.
        status: HTTP status of the answer, where the fault is one.
    """

    group: FaultGroup
    outcome: Outcome
    executes: bool
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fault(ShortRepr):
    """One fault to inject.

    Attributes:
        kind: What goes wrong.
        executes: Whether the request is executed (and billed) all the same; `None` takes what is
            usual for the kind. Only faults that are ambiguous can choose.
        at: Where in the body or the stream it strikes, as a fraction from 0 to 1.
        delay_s: Seconds of latency, of delay before closing, or between comments.
        piece_bytes: Size of the pieces of `SLICED` and `BANDWIDTH`.
        bytes_per_s: Rate of `BANDWIDTH`.
        n_bytes: Size of what is huge, or how much of an upload is read before the reset; `None`
            is 8 MiB for `STREAM_HUGE_LINE`, 0 for `UPLOAD_RESET`, else 1 MiB.
        retry_after: Form of the header that asks to wait, on any status.
        retry_after_s: The wait it asks for, where the form leaves a choice.
        location: Target of `REDIRECT`.

    Raises:
        ConfigurationError: `executes` contradicts the kind, or a value is out of range.
    """

    kind: FaultKind
    executes: bool | None = None
    at: float = 0.5
    delay_s: float = 0.02
    piece_bytes: int = 1
    bytes_per_s: int = 1_000_000
    n_bytes: int | None = None
    retry_after: RetryAfter = RetryAfter.ABSENT
    retry_after_s: float = 1.0
    location: str = "http://127.0.0.1:9/elsewhere"

    def __post_init__(self) -> None:
        facts = FAULT_FACTS[self.kind]
        if self.executes not in (None, facts.executes) and facts.outcome != "ambiguous":
            raise ConfigurationError(
                f"a fault of kind {self.kind.value!r} cannot choose whether it executes",
                fix="Leave `executes` out.",
            )
        if not 0 <= self.at <= 1:
            raise ConfigurationError(f"`at` is {self.at}", fix="Give a fraction from 0 to 1.")
        if self.piece_bytes < 1 or self.bytes_per_s < 1 or self.size_bytes < 0 or self.delay_s < 0:
            raise ConfigurationError(
                "a size, rate or delay is out of range", fix="Give sizes and rates of at least 1."
            )

    @property
    def facts(self) -> FaultFacts:
        """What is fixed for the kind."""
        return FAULT_FACTS[self.kind]

    @property
    def size_bytes(self) -> int:
        """`n_bytes`, or what is usual for the kind."""
        if self.n_bytes is not None:
            return self.n_bytes
        return {FaultKind.STREAM_HUGE_LINE: 8 << 20, FaultKind.UPLOAD_RESET: 0}.get(
            self.kind, 1 << 20
        )

    @property
    def is_executed(self) -> bool:
        """Whether the vendor's ledger will show an execution, if the request itself is valid."""
        return self.facts.executes if self.executes is None else self.executes


_BEFORE = (FaultKind.PROXY_AUTHENTICATION, FaultKind.UPLOAD_RESET, FaultKind.UPLOAD_STALL)
"""The last two are certain only while the client is still sending: a small body fits into the
socket's buffers, and then the client sees the same as after a full upload."""

_AMBIGUOUS = (
    FaultKind.RESET_AFTER_UPLOAD, FaultKind.CLOSE_BEFORE_HEADERS, FaultKind.NO_ANSWER,
    FaultKind.TRUNCATED_LENGTH, FaultKind.TRUNCATED_CHUNKED, FaultKind.STALL_IN_BODY,
    FaultKind.CLOSE_AFTER_DELAY,
)  # fmt: skip

_ODD = (
    FaultKind.LATENCY, FaultKind.BANDWIDTH, FaultKind.SLICED, FaultKind.SLOW_CLOSE,
    FaultKind.CLOSED_KEEP_ALIVE, FaultKind.REDIRECT,
)  # fmt: skip

_CUTS = (
    FaultKind.STREAM_NO_END, FaultKind.STREAM_CUT_IN_BASE64, FaultKind.STREAM_CUT_IN_UTF8,
    FaultKind.STREAM_ERROR_EVENT, FaultKind.STREAM_ONLY_COMMENTS,
)  # fmt: skip

_STATUSES: tuple[tuple[FaultKind, int, Outcome, bool], ...] = (
    # 429, 503 and 529 turn a request away at the door. A 408, 409 or 500 may come after the model
    # ran, and a 502 or 504 comes from something in between that does not know.
    (FaultKind.STATUS_400, 400, "settled", False),
    (FaultKind.STATUS_401, 401, "settled", False),
    (FaultKind.STATUS_403, 403, "settled", False),
    (FaultKind.STATUS_404, 404, "settled", False),
    (FaultKind.STATUS_408, 408, "ambiguous", False),
    (FaultKind.STATUS_409, 409, "ambiguous", False),
    (FaultKind.STATUS_413, 413, "settled", False),
    (FaultKind.STATUS_422, 422, "settled", False),
    (FaultKind.STATUS_429, 429, "before_execution", False),
    (FaultKind.QUOTA_429, 429, "before_execution", False),
    (FaultKind.STATUS_500, 500, "ambiguous", True),
    (FaultKind.STATUS_502, 502, "ambiguous", True),
    (FaultKind.STATUS_503, 503, "before_execution", False),
    (FaultKind.STATUS_504, 504, "ambiguous", True),
    (FaultKind.STATUS_529, 529, "before_execution", False),
)

_ANSWERED = (
    (FaultKind.PROXY_AUTHENTICATION, 407),
    (FaultKind.REDIRECT, 307),
    (FaultKind.AUDIO_NOT_FOUND, 400),
)
"""Further faults that are a status of their own and execute nothing."""


def _facts() -> dict[FaultKind, FaultFacts]:
    content = FaultFacts(group="content", outcome="settled", executes=True)
    stream = FaultFacts(group="stream", outcome="settled", executes=True)
    table = {kind: stream if kind.name.startswith("STREAM_") else content for kind in FaultKind}
    for kinds, facts in (
        (_BEFORE, FaultFacts(group="before", outcome="before_execution", executes=False)),
        (_AMBIGUOUS, FaultFacts(group="ambiguous", outcome="ambiguous", executes=True)),
        (_ODD, FaultFacts(group="odd", outcome="settled", executes=True)),
        (_CUTS, FaultFacts(group="stream", outcome="ambiguous", executes=True)),
    ):
        table.update(dict.fromkeys(kinds, facts))
    for kind, status, outcome, executes in _STATUSES:
        table[kind] = FaultFacts(group="status", outcome=outcome, executes=executes, status=status)
    for kind, status in _ANSWERED:
        table[kind] = replace(table[kind], executes=False, status=status)
    return table


FAULT_FACTS: Mapping[FaultKind, FaultFacts] = MappingProxyType(_facts())
"""The facts of every kind."""


def every_fault() -> tuple[Fault, ...]:
    """One fault of each kind, `STATUS_429` in every form of Retry-After."""
    waits = tuple(
        Fault(kind=FaultKind.STATUS_429, retry_after=form)
        for form in RetryAfter
        if form is not RetryAfter.ABSENT
    )
    return tuple(Fault(kind=kind) for kind in FaultKind) + waits
