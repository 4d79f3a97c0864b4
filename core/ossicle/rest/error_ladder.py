"""Which error a refusal or a reported failure is: one ladder, which a provider refines with data.

What `billed` says decides about repeating: `False`, surely not executed; `None`, may be executed.
Pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ossicle.errors import (
    AuthenticationError,
    ContentRefusedError,
    ModelNotFoundError,
    OssicleError,
    PermissionRefusedError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.rest.error_body import ErrorBody
from ossicle.rest.failures import Failures, Refusal
from ossicle.rest.json_values import parse_json
from ossicle.rest.redaction import redact
from ossicle.words import without_quotes

Meaning = Literal["key", "spent", "denied", "model", "content", "limited", "busy", "invalid"]
"""What a vendor's code can mean; each is one kind of error."""

_RUNGS: Mapping[Meaning, tuple[type[ProviderError], str, str]] = {
    "key": (AuthenticationError, "the vendor refused the key",
            "Check the key and that it belongs to this endpoint."),
    "spent": (QuotaExhaustedError, "the account's quota or credit is spent",
              "Check the plan and billing of the account."),
    "denied": (PermissionRefusedError, "the key may not do this",
               "Check the rights of the key and the account's plan."),
    "model": (ModelNotFoundError, "the endpoint has no model {model!r}",
              "Check the model's name."),
    "content": (ContentRefusedError, "the vendor's policy refused the content",
                "Change what is sent."),
    "limited": (RateLimitedError, "too many requests", "Wait, or send fewer at a time."),
    "busy": (ProviderUnavailableError, "the vendor is overloaded", "Wait and ask again."),
    "invalid": (RequestRefusedError, "the vendor calls the request invalid",
                "Change the request as the vendor says."),
}  # fmt: skip
_BY_STATUS: Mapping[int, Meaning] = {
    401: "key", 402: "spent", 403: "denied", 429: "limited", 503: "busy", 529: "busy",
}  # fmt: skip
_LONGEST_MESSAGE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLadder:
    """What a vendor's errors mean.

    The vendor's own code decides before the status; but a failure (408, 409, 5xx) stays one,
    whatever its code, as it is unknown whether the request was executed.

    Attributes:
        failures: Builds the errors that any REST provider has.
        read: What JSON data says as an error body; `None` where it is none. Given anything.
        read_in_answer: The same where an answer should stand; `None` takes `read`.
        meanings: By the vendor's codes, kinds and marks.
        too_many: The same for a 429 alone, where a code means something else.
        fixes: What to do next, by meaning, where the vendor's own advice is better.
        hints: What to do next by words of the message, in lower case, when a request is invalid.
        special: Builds an error that only this vendor has, from what was said, the facts of the
            error and the call; `None` where it is none.

    Example:
        ErrorLadder(
            failures=Failures(provider="acme"),
            read=lambda data: ErrorBody(code=data["err"], is_own=True) if "err" in data else None,
            meanings={"NO_CREDIT": "spent"},
        )
    """

    failures: Failures
    read: Callable[[object], ErrorBody | None]
    read_in_answer: Callable[[object], ErrorBody | None] | None = None
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    too_many: Mapping[str, Meaning] = field(default_factory=dict)
    fixes: Mapping[Meaning, str] = field(default_factory=dict)
    hints: tuple[tuple[str, str], ...] = ()
    special: Callable[[ErrorBody, dict[str, Any], CallErrors], OssicleError | None] | None = None

    def meaning_of(self, status: int, said: ErrorBody) -> Meaning | None:
        """What a status and a body mean; `None`: a failure of which no more is known."""
        table: dict[str, Meaning] = dict(self.meanings)
        if status == 429:
            table.update(self.too_many)
        names = (said.code, said.kind, *sorted(said.marks))
        known: Meaning | None = next(
            (table[name] for name in names if name and name in table), None
        )
        if status in (408, 409) or status >= 500:
            return "busy" if known == "busy" else _BY_STATUS.get(status)
        if known is None and status >= 400:
            return _BY_STATUS.get(status) or "invalid"
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class CallErrors:
    """Translates what goes wrong in one call.

    Attributes:
        ladder: What the vendor's errors mean.
        model: The model that was asked.
        successor: Its successor, if known.
        key: The key that was sent; only ever used to take it out of texts.
        said: What the caller said in words; likewise.
        origins: For each message on the wire, the index of the request's message it stands for.
        failed_requests_are_billed: Whether an error reply may still be charged; `None`: unknown.

    Example:
        errors = CallErrors(ladder=LADDER, model=request.model, said=request.texts)
        answer = await client.send(outgoing, errors.explain)
    """

    ladder: ErrorLadder
    model: str
    successor: str | None = None
    key: str | None = field(default=None, repr=False)
    said: tuple[str, ...] = field(default=(), repr=False)
    origins: tuple[int | None, ...] = ()
    failed_requests_are_billed: bool | None = None

    @property
    def failures(self) -> Failures:
        """Builds the errors that any REST provider has."""
        return self.ladder.failures

    def explain(self, refusal: Refusal) -> OssicleError:
        """The error that a reply with a status other than 2xx means."""
        on_the_way = self.failures.of_the_way(refusal)
        if on_the_way is not None:
            return on_the_way
        said = self._read(refusal.body)
        status, request_id = refusal.status, self.failures.request_id_of(refusal.headers)
        wait = said.retry_after_s or refusal.retry_after_s
        meaning = self.ladder.meaning_of(status, said)
        if meaning is not None:
            facts = self._facts(said, status, request_id)
            return self._error(meaning, said, {**facts, "billed": False}, wait)
        if not said.is_own:
            what = f"something between here and the vendor answered {status}"
            error = self.failures.ambiguous(what, status=status, request_id=request_id)
            error.retry_after_s = wait
            return error
        return ProviderUnavailableError(
            self._says(f"the vendor failed ({status})", said),
            **self._facts(said, status, request_id),
            billed=False if self.failed_requests_are_billed is False else None,
            retry_after_s=wait,
            fix="Ask again; whether it was billed is not known.",
        )

    def check(self, data: object, *, request_id: str | None, started: bool = False) -> None:
        """Refuse an error that stands where an answer should, whatever its status.

        Args:
            data: JSON data of the answer, or of an event of it.
            request_id: The vendor's id of the request.
            started: Whether a part of the answer came before it.

        Raises:
            ProviderError: It is the vendor's error.
        """
        read = self.ladder.read_in_answer or self.ladder.read
        said = read(data)
        if said is not None:
            raise self.in_answer(said, request_id=request_id, started=started)

    def in_answer(
        self, said: ErrorBody, *, request_id: str | None, started: bool = False
    ) -> OssicleError:
        """The error that stands where an answer should, with status 200.

        Args:
            said: What it says.
            request_id: The vendor's id of the request.
            started: Whether a part of the answer came before it.
        """
        inner = said.status if said.status is not None and 400 <= said.status < 600 else None
        facts = self._facts(said, inner or 200, request_id)
        meaning = self.ladder.meaning_of(inner or 200, said)
        if meaning is not None and meaning not in ("busy", "limited"):
            billed = False if inner is not None else None
            return self._error(meaning, said, {**facts, "billed": billed}, None)
        if meaning == "limited":
            error = self._error("limited", said, facts, said.retry_after_s)
        else:
            where = " in the middle of its answer" if started else ""
            error = ProviderUnavailableError(
                self._says(f"the vendor failed{where}", said),
                **facts, fix="Ask again; it may have been billed.",
            )  # fmt: skip
        error.retryable = not started
        return error

    def replace(self, **changes: Any) -> CallErrors:
        """The same with other attributes."""
        return dataclasses.replace(self, **changes)

    def _read(self, body: bytes) -> ErrorBody:
        """Whatever is not JSON was not written by the vendor."""
        try:
            return self.ladder.read(parse_json(body)) or ErrorBody()
        except (ValueError, RecursionError):
            return ErrorBody()

    def _error(
        self, meaning: Meaning, said: ErrorBody, facts: dict[str, Any], wait: float | None
    ) -> OssicleError:
        special = self.ladder.special
        error = special(said, facts, self) if special is not None else None
        if error is not None:
            return error
        kind, what, fix = _RUNGS[meaning]
        fix = self.ladder.fixes.get(meaning, fix)
        if meaning == "model" and self.successor:
            fix = f"Use {self.successor!r} instead."
        elif meaning == "invalid":
            fix = self._hint(said, facts["status"]) or fix
        elif meaning in ("limited", "busy"):
            facts = {**facts, "retry_after_s": wait}
        what = f"{what.format(model=self.model)} ({facts['status']})"
        return kind(self._says(what, said), fix=fix, **facts)

    def _hint(self, said: ErrorBody, status: int) -> str | None:
        if status == 413:
            return "Send less audio at a time."
        text = f"{said.code} {said.kind} {said.message}".lower()
        for mark, fix in self.ladder.hints:
            if mark in text:
                return fix
        if status == 404:
            return "Check base_url: this server may not have this endpoint."
        return None

    def _facts(self, said: ErrorBody, status: int, request_id: str | None) -> dict[str, Any]:
        code = said.code or said.kind
        return {
            "provider": self.failures.provider,
            "status": status,
            "vendor_code": code and redact(code, key=self.key)[:64],
            "param": said.param and redact(said.param, key=self.key)[:64],
            "request_id": request_id,
        }

    def _says(self, what: str, said: ErrorBody) -> str:
        message = without_quotes(said.message[:_LONGEST_MESSAGE], self.said)
        message = redact(message, key=self.key)
        return f"{what}: {message}" if message else what
