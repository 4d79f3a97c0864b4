"""Every fault of the vendor's, as the provider tells it; the vendor's ledger is the judge."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from tests.providers.calls import collect
from tests.providers.openai.vendor import KEY, ask, ask_once, fake, with_provider
from tests.providers.openai.wire import asking, clip

from ossicle.audio import AudioFormat
from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioReferenceNotFoundError,
    AuthenticationError,
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
from ossicle.messages import AudioPart, Message, Reply
from ossicle_openai.provider import OpenAIProvider
from ossicle_openai.response_audio import PCM16
from ossicle_testing.vendors import FAULT_FACTS, Fault, FaultKind, RetryAfter
from ossicle_testing.vendors.dead_endpoints import UNRESOLVABLE_URL, refusing_url, silent_url

WAV = AudioFormat.named("wav", sample_rate=24_000, channels=1)
TEXT = "Hello Zoë"
SAID = f"You said: {TEXT}"
SAID_S = 0.24 + 0.04 * len(SAID.encode())
"""How long the fake vendor's tones take to say it."""

HELLO = asking(TEXT, output=frozenset({"text", "audio"}), output_format=WAV)
STREAMED = asking(TEXT, output=frozenset({"text", "audio"}), output_format=PCM16, stream=True)

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
    K.OTHER_FORMAT: None,
    K.NONSENSE_AUDIO: InvalidReplyError,
    K.INVALID_BASE64: InvalidReplyError,
    K.USAGE_MISSING: None,
    K.USAGE_NEGATIVE: None,
    K.USAGE_NAN: None,
    K.USAGE_STRING: None,
    K.USAGE_HUGE: None,
    K.EXPIRY_MISSING: None,
    K.EXPIRY_PAST: None,
    K.EXPIRY_IN_MS: None,
    K.DUPLICATE_ID: None,
    K.WRONG_REQUEST_ID: None,
    K.AUDIO_MISSING: None,
    K.REFUSAL: None,
    K.AUDIO_NOT_FOUND: AudioReferenceNotFoundError,
    K.HUGE_TOOL_CALL: None,
}
STREAM: dict[FaultKind, type[OssicleError] | None] = {
    K.RESET_AFTER_UPLOAD: AmbiguousOutcomeError,
    K.NO_ANSWER: AmbiguousOutcomeError,
    K.TRUNCATED_CHUNKED: StreamIncompleteError,
    K.STALL_IN_BODY: StreamIncompleteError,
    K.SLICED: None,
    K.SLOW_CLOSE: None,
    K.STATUS_500: ProviderUnavailableError,
    K.STATUS_502: AmbiguousOutcomeError,
    K.HTML_200: InvalidReplyError,
    K.EMPTY_BODY: StreamIncompleteError,
    K.ERROR_BODY_200: ProviderUnavailableError,
    K.JSON_FOR_STREAM: InvalidReplyError,
    K.EMPTY_CHOICES: InvalidReplyError,
    K.OTHER_FORMAT: None,
    K.NONSENSE_AUDIO: InvalidReplyError,
    K.INVALID_BASE64: InvalidReplyError,
    K.PADDED_BASE64: None,
    K.USAGE_MISSING: None,
    K.USAGE_NAN: None,
    K.EXPIRY_REPEATED: None,
    K.EXPIRY_IN_MS: None,
    K.REFUSAL: None,
    K.HUGE_TOOL_CALL: None,
    K.STREAM_NO_END: StreamIncompleteError,
    K.STREAM_CUT_IN_BASE64: StreamIncompleteError,
    K.STREAM_CUT_IN_UTF8: StreamIncompleteError,
    K.STREAM_ERROR_EVENT: ProviderError,
    K.STREAM_OUT_OF_ORDER: None,
    K.STREAM_HUGE_LINE: None,
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


@pytest.mark.parametrize("kind", STREAM)
def test_a_streamed_answer(kind: FaultKind) -> None:
    # Under trio, which reports what is not closed.
    result, executed = outcome(kind, STREAMED, backend="trio")
    check(result, executed, kind, STREAM[kind])
    _check_reply(result, kind)


def _check_reply(result: Reply | OssicleError, kind: FaultKind) -> None:
    if not isinstance(result, Reply):
        return
    usage = result.usage
    match kind:
        case K.AUDIO_MISSING:
            assert (result.audio, result.content) == (None, SAID)
        case K.REFUSAL:
            assert result.refusal
        case K.HUGE_TOOL_CALL:
            assert len(result.tool_calls[0].arguments) >= 1 << 20
        case K.OTHER_FORMAT:
            assert result.audio is not None
            assert result.audio.format.container == "mp3"
        case K.USAGE_MISSING:
            assert usage.total_tokens is None
        case K.USAGE_NEGATIVE | K.USAGE_NAN | K.USAGE_STRING | K.USAGE_HUGE:
            told = [value for value in usage.model_dump().values() if value is not None]
            assert all(0 <= value < 10**9 for value in told)
        case _:
            assert result.transcript == SAID
            assert result.audio is not None
            assert result.audio.duration_s == pytest.approx(SAID_S, abs=0.01)
    reference = result.reference
    if reference is not None and reference.expires_at is not None:
        assert reference.expires_at < 10**11


@pytest.mark.parametrize("form", list(RetryAfter))
def test_every_form_of_retry_after(form: RetryAfter) -> None:
    fault = Fault(kind=K.STATUS_429, retry_after=form, retry_after_s=2.0)
    error, _ = outcome(fault, HELLO)
    assert isinstance(error, RateLimitedError)
    assert error.retryable
    assert error.billed is False
    if form in (RetryAfter.SECONDS, RetryAfter.MILLISECONDS, RetryAfter.FRACTION, RetryAfter.DATE):
        assert error.retry_after_s == pytest.approx(2.0, abs=1.5)
    elif form in (RetryAfter.AT_120, RetryAfter.AT_121):
        assert error.retry_after_s == int(form.value[3:])
    elif form in (RetryAfter.HUGE, RetryAfter.FAR_DATE):
        assert error.retry_after_s is None or error.retry_after_s > 10**6
    else:
        assert error.retry_after_s is None


@pytest.mark.parametrize("kind", [K.RESET_AFTER_UPLOAD, K.CLOSE_BEFORE_HEADERS, K.STATUS_500])
def test_an_uploaded_file_is_not_sent_twice(kind: FaultKind) -> None:
    # The SDK could: a file can be read again, unlike a body in pieces.
    message = Message(role="user", parts=(AudioPart(clip=clip()),))
    request = asking(task="transcribe", model="gpt-transcribe", messages=(message,))
    result, executed = outcome(kind, request)
    assert isinstance(result, ProviderError)
    assert result.billed is None
    assert executed == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", [K.UPLOAD_RESET, K.UPLOAD_STALL])
def test_an_upload_that_fails_executed_nothing(kind: FaultKind) -> None:
    large = asking("x" * 8_000_000, output=frozenset({"text", "audio"}), output_format=WAV)
    with fake(kind, receive_buffer_bytes=4096) as vendor:
        with pytest.raises(ProviderConnectionError) as caught:
            ask_once(vendor.base_url, large, **FAST)
        assert vendor.ledger.executed == ()
    assert caught.value.billed is False
    assert caught.value.retryable


@pytest.mark.slow
def test_a_stream_of_nothing_but_comments_ends_with_the_callers_patience() -> None:
    async def wait(provider: OpenAIProvider) -> bool:
        with anyio.move_on_after(0.3) as scope:
            await collect(provider, STREAMED)
        return scope.cancelled_caught

    with fake(K.STREAM_ONLY_COMMENTS) as vendor:
        assert with_provider(vendor.base_url, wait, backend="trio")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_where_nobody_answers_nothing_was_executed(backend: str) -> None:
    with refusing_url() as refusing, silent_url() as silent:
        for url in (UNRESOLVABLE_URL, refusing, silent):
            with pytest.raises(ProviderConnectionError) as caught:
                ask_once(url, HELLO, backend=backend, connect_timeout_s=0.3)
            assert caught.value.billed is False
            assert caught.value.retryable


def test_after_every_fault_the_provider_still_works() -> None:
    kinds = [K.RESET_AFTER_UPLOAD, K.TRUNCATED_CHUNKED, K.STATUS_500, K.HTML_200, K.STREAM_NO_END]

    async def again(provider: OpenAIProvider) -> None:
        for _ in kinds:
            with pytest.raises(ProviderError):
                await ask(provider, STREAMED)
        assert (await ask(provider, STREAMED)).audio is not None

    with fake(*kinds) as vendor:
        with_provider(vendor.base_url, again, **FAST)
        assert len(vendor.ledger.entries) == len(kinds) + 1


SPEECH = asking("Hello", task="speak", model="tts-1", output=frozenset({"audio"}),
                output_format=AudioFormat.named("mp3"))  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "stream", "wanted"),
    [
        (K.TRUNCATED_LENGTH, False, AmbiguousOutcomeError),
        (K.TRUNCATED_CHUNKED, True, StreamIncompleteError),
        (K.HTML_200, False, InvalidReplyError),
        (K.HTML_200, True, InvalidReplyError),
        (K.EMPTY_BODY, False, InvalidReplyError),
        (K.EMPTY_BODY, True, InvalidReplyError),
        (K.NONSENSE_AUDIO, False, InvalidReplyError),
        (K.ERROR_BODY_200, False, ProviderUnavailableError),
        (K.OTHER_FORMAT, False, None),
    ],
)
def test_speech(kind: FaultKind, stream: bool, wanted: Any) -> None:
    request = SPEECH
    if stream:
        request = SPEECH.model_copy(update={"stream": True, "output_format": PCM16})
    result, executed = outcome(kind, request)
    check(result, executed, kind, wanted)
