"""Every fault of the vendor's, as the provider tells it; the vendor's ledger is the judge."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.gemini.vendor import KEY, ask_once, fake
from tests.providers.gemini.wire import asking, said, speaking, user

from ossicle.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    ContentRefusedError,
    InvalidReplyError,
    ModelNotFoundError,
    OssicleError,
    PermissionRefusedError,
    ProviderConnectionError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
    StreamIncompleteError,
)
from ossicle.messages import Reply
from ossicle_testing.vendors import FAULT_FACTS, Fault, FaultKind, RetryAfter
from ossicle_testing.vendors.dead_endpoints import UNRESOLVABLE_URL, refusing_url, silent_url

TEXT = "Hello Zoë"
HELLO = asking(TEXT)
STREAMED = asking(TEXT, stream=True)
SPOKEN = speaking(TEXT)
SPOKEN_STREAM = speaking(TEXT, stream=True)

K = FaultKind
WHOLE: dict[FaultKind, type[OssicleError] | None] = {
    K.PROXY_AUTHENTICATION: ProviderConnectionError,
    K.RESET_AFTER_UPLOAD: AmbiguousOutcomeError,
    K.CLOSE_BEFORE_HEADERS: AmbiguousOutcomeError,
    K.NO_ANSWER: AmbiguousOutcomeError,
    K.TRUNCATED_LENGTH: AmbiguousOutcomeError,
    K.TRUNCATED_CHUNKED: AmbiguousOutcomeError,
    K.STALL_IN_BODY: AmbiguousOutcomeError,
    K.CLOSE_AFTER_DELAY: AmbiguousOutcomeError,
    K.LATENCY: None,
    K.BANDWIDTH: None,
    K.SLOW_CLOSE: None,
    K.CLOSED_KEEP_ALIVE: None,
    K.REDIRECT: InvalidReplyError,
    K.STATUS_400: RequestRefusedError,
    K.STATUS_401: AuthenticationError,
    K.STATUS_403: PermissionRefusedError,
    K.STATUS_404: ModelNotFoundError,
    K.STATUS_408: ProviderUnavailableError,
    K.STATUS_409: ProviderUnavailableError,
    K.STATUS_413: RequestRefusedError,
    K.STATUS_422: RequestRefusedError,
    K.STATUS_429: RateLimitedError,
    K.QUOTA_429: QuotaExhaustedError,
    K.STATUS_500: ProviderUnavailableError,
    K.STATUS_502: AmbiguousOutcomeError,
    K.STATUS_503: ProviderUnavailableError,
    K.STATUS_504: AmbiguousOutcomeError,
    K.STATUS_529: ProviderUnavailableError,
    K.HTML_200: InvalidReplyError,
    K.EMPTY_BODY: InvalidReplyError,
    K.BROKEN_JSON: InvalidReplyError,
    K.WRONG_JSON_TYPE: InvalidReplyError,
    K.ERROR_BODY_200: ProviderUnavailableError,
    K.EMPTY_CHOICES: InvalidReplyError,
    K.USAGE_MISSING: None,
    K.USAGE_NEGATIVE: None,
    K.USAGE_NAN: None,
    K.USAGE_STRING: None,
    K.USAGE_HUGE: None,
    K.DUPLICATE_ID: None,
    K.WRONG_REQUEST_ID: None,
    K.REFUSAL: ContentRefusedError,
    K.HUGE_TOOL_CALL: None,
}
STREAM: dict[FaultKind, type[OssicleError] | None] = {
    K.RESET_AFTER_UPLOAD: AmbiguousOutcomeError,
    K.NO_ANSWER: AmbiguousOutcomeError,
    K.TRUNCATED_CHUNKED: StreamIncompleteError,
    K.STALL_IN_BODY: StreamIncompleteError,
    K.SLICED: None,
    K.SLOW_CLOSE: None,
    K.STATUS_429: RateLimitedError,
    K.STATUS_500: ProviderUnavailableError,
    K.STATUS_502: AmbiguousOutcomeError,
    K.HTML_200: InvalidReplyError,
    K.EMPTY_BODY: StreamIncompleteError,
    K.ERROR_BODY_200: ProviderUnavailableError,
    K.JSON_FOR_STREAM: InvalidReplyError,
    K.EMPTY_CHOICES: InvalidReplyError,
    K.USAGE_MISSING: None,
    K.USAGE_NAN: None,
    K.REFUSAL: ContentRefusedError,
    K.HUGE_TOOL_CALL: None,
    K.STREAM_NO_END: StreamIncompleteError,
    K.STREAM_CUT_IN_UTF8: StreamIncompleteError,
    K.STREAM_ERROR_EVENT: ProviderUnavailableError,
    K.STREAM_HUGE_LINE: None,
}
SPEECH: dict[FaultKind, type[OssicleError] | None] = {
    K.AUDIO_MISSING: InvalidReplyError,
    K.OTHER_FORMAT: None,
    K.NONSENSE_AUDIO: InvalidReplyError,
    K.INVALID_BASE64: InvalidReplyError,
    K.PADDED_BASE64: None,
}
FAST: dict[str, Any] = {"read_timeout_s": 0.3, "connect_timeout_s": 2.0}


def outcome(
    fault: Fault | FaultKind, request: Any, *, backend: str = "asyncio"
) -> tuple[Reply | OssicleError, int]:
    """What the provider makes of one fault, and how often the vendor executed."""
    kind = fault.kind if isinstance(fault, Fault) else fault
    with fake(fault) as vendor:
        try:
            result: Reply | OssicleError = ask_once(
                vendor.base_url, request, backend=backend, **FAST
            )
        except OssicleError as error:
            result = error
        (entry,) = vendor.ledger.entries
        assert entry.fault is kind
        return result, len(vendor.ledger.executed)


def check(result: Reply | OssicleError, executed: int, kind: FaultKind, wanted: Any) -> None:
    facts = FAULT_FACTS[kind]
    if wanted is None:
        assert isinstance(result, Reply), result
        assert executed == 1
        return
    assert isinstance(result, wanted), result
    assert isinstance(result, ProviderError)
    assert KEY not in f"{result} {vars(result)}"
    if result.billed is False:
        assert executed == 0
    if facts.outcome == "before_execution":
        assert result.billed is False
    if facts.outcome == "ambiguous":
        assert result.billed is None
    if facts.status is not None and result.status is not None:
        assert result.status == facts.status
    if executed and facts.group in ("ambiguous", "stream"):
        assert not result.retryable


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_answer(kind: FaultKind) -> None:
    result, executed = outcome(kind, HELLO)
    check(result, executed, kind, WHOLE[kind])
    _check_reply(result, kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", STREAM)
def test_a_streamed_answer(kind: FaultKind) -> None:
    # Under trio, which reports what is not closed.
    result, executed = outcome(kind, STREAMED, backend="trio")
    check(result, executed, kind, STREAM[kind])
    _check_reply(result, kind)


# A file in every event is no answer that anyone could join.
SPOKEN_CASES = [(kind, stream) for kind in SPEECH for stream in (False, True)
                if not (kind is K.OTHER_FORMAT and stream)]  # fmt: skip


@pytest.mark.parametrize(("kind", "stream"), SPOKEN_CASES)
def test_spoken_text(kind: FaultKind, stream: bool) -> None:
    request_ = SPOKEN_STREAM if stream else SPOKEN
    result, executed = outcome(kind, request_)
    check(result, executed, kind, SPEECH[kind])
    if kind is K.OTHER_FORMAT:
        assert isinstance(result, Reply)
        assert result.audio is not None
        assert result.audio.format.container == "wav"
        assert result.audio.duration_s == pytest.approx(0.5)


def test_a_stream_cut_inside_base64_keeps_what_came() -> None:
    result, executed = outcome(K.STREAM_CUT_IN_BASE64, SPOKEN_STREAM, backend="trio")
    assert isinstance(result, StreamIncompleteError), result
    assert executed == 1


def _check_reply(result: Reply | OssicleError, kind: FaultKind) -> None:
    if not isinstance(result, Reply):
        return
    if kind is K.HUGE_TOOL_CALL:
        assert len(result.tool_calls[0].arguments) >= 1 << 20
        return
    assert result.text == f"You said: {TEXT}"
    if kind is K.USAGE_MISSING:
        assert result.usage.total_tokens is None
    if kind in (K.USAGE_NEGATIVE, K.USAGE_NAN, K.USAGE_STRING, K.USAGE_HUGE):
        assert result.usage.output_tokens is None
        assert result.usage.input_tokens == 3


@pytest.mark.parametrize(
    ("form", "wait"),
    [(RetryAfter.SECONDS, 1.0), (RetryAfter.FRACTION, 1.25), (RetryAfter.AT_121, 121.0),
     (RetryAfter.ZERO, None), (RetryAfter.NAN, None), (RetryAfter.PAST, None),
     (RetryAfter.NO_DATE, None), (RetryAfter.EMPTY, None)],
)  # fmt: skip
def test_a_wait_is_read_without_trust(form: RetryAfter, wait: float | None) -> None:
    result, executed = outcome(Fault(kind=K.STATUS_429, retry_after=form), HELLO)
    assert isinstance(result, RateLimitedError)
    assert result.retryable
    assert result.retry_after_s == (None if wait is None else pytest.approx(wait))
    assert executed == 0


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_endpoint_that_cannot_be_reached(backend: str) -> None:
    with refusing_url() as refusing, silent_url() as silent:
        for url in (UNRESOLVABLE_URL, refusing, silent):
            with pytest.raises(ProviderConnectionError) as caught:
                ask_once(url, HELLO, backend=backend, connect_timeout_s=0.5, read_timeout_s=0.5)
            assert caught.value.billed is False
            assert caught.value.retryable


def test_a_connection_lost_while_the_client_sends_executed_nothing() -> None:
    clip = said("Hello there, this is a rather long text. " * 20)
    fault = Fault(kind=K.UPLOAD_RESET, n_bytes=10_000)
    with fake(fault, receive_buffer_bytes=4096) as vendor:
        with pytest.raises(ProviderError) as caught:
            ask_once(vendor.base_url, asking(messages=(user(clip, clip, clip, clip),)))
        assert not vendor.ledger.executed
    # Where the upload fitted into the system's buffers nobody can know.
    assert caught.value.billed in (False, None)
