"""Every fault of the vendor's, as the provider tells it; the vendor's ledger is the judge."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.elevenlabs.vendor import (
    KEY,
    ask,
    fake,
    said,
    speaking,
    transcribing,
)

from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioMissingError,
    AuthenticationError,
    InvalidReplyError,
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
from ossicle.messages import Reply, Request
from ossicle_testing.vendors import FAULT_FACTS, Fault, FaultKind
from ossicle_testing.vendors.dead_endpoints import UNRESOLVABLE_URL, refusing_url, silent_url

K = FaultKind
Wanted = dict[FaultKind, type[OssicleError] | None]
BOTH: Wanted = {
    K.PROXY_AUTHENTICATION: ProviderConnectionError,
    K.RESET_AFTER_UPLOAD: AmbiguousOutcomeError,
    K.CLOSE_BEFORE_HEADERS: AmbiguousOutcomeError,
    K.NO_ANSWER: AmbiguousOutcomeError,
    K.CLOSE_AFTER_DELAY: AmbiguousOutcomeError,
    K.LATENCY: None,
    K.SLICED: None,
    K.SLOW_CLOSE: None,
    K.CLOSED_KEEP_ALIVE: None,
    K.REDIRECT: InvalidReplyError,
    K.STATUS_400: RequestRefusedError,
    K.STATUS_401: AuthenticationError,
    K.STATUS_403: PermissionRefusedError,
    K.STATUS_404: RequestRefusedError,
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
    K.ERROR_BODY_200: ProviderUnavailableError,
    K.WRONG_REQUEST_ID: None,
}
SPEECH: Wanted = {
    K.TRUNCATED_CHUNKED: StreamIncompleteError,
    K.STALL_IN_BODY: StreamIncompleteError,
    K.AUDIO_MISSING: AudioMissingError,
    K.OTHER_FORMAT: None,
    K.NONSENSE_AUDIO: InvalidReplyError,
    K.USAGE_MISSING: None,
    K.USAGE_NEGATIVE: None,
    K.USAGE_NAN: None,
    K.USAGE_STRING: None,
    K.USAGE_HUGE: None,
}
HEARING: Wanted = {
    K.TRUNCATED_LENGTH: AmbiguousOutcomeError,
    K.STALL_IN_BODY: AmbiguousOutcomeError,
    K.BROKEN_JSON: InvalidReplyError,
    K.WRONG_JSON_TYPE: InvalidReplyError,
    K.EMPTY_CHOICES: InvalidReplyError,
}
TEXT = "Hello Zoë"
SILENT = {K.NO_ANSWER, K.STALL_IN_BODY}
"""Faults that end by the client's patience alone."""


def outcome(
    kind: FaultKind, request: Request, *, backend: str = "asyncio"
) -> tuple[Reply | OssicleError, int]:
    """What the provider makes of one fault, and how often the vendor executed."""
    with fake(Fault(kind=kind)) as vendor:
        try:
            result: Reply | OssicleError = ask(
                vendor.base_url,
                request,
                backend=backend,
                read_timeout_s=0.3 if kind in SILENT else 30.0,
            )
        except OssicleError as error:
            result = error
        (entry,) = vendor.ledger.entries
        assert entry.fault is kind
        return result, len(vendor.ledger.executed)


def check(kind: FaultKind, request: Request, wanted: Any, **more: Any) -> Reply | None:
    result, executed = outcome(kind, request, **more)
    facts = FAULT_FACTS[kind]
    if wanted is None:
        assert isinstance(result, Reply), result
        assert executed == 1
        return result
    assert isinstance(result, wanted), result
    assert isinstance(result, ProviderError)
    assert KEY not in f"{result} {vars(result)}"
    assert result.fix
    if facts.outcome == "before_execution":
        assert result.billed is False
    if facts.outcome == "ambiguous":
        assert result.billed is None
    if result.billed is False:
        assert executed == 0
    if executed and facts.group == "ambiguous":
        assert not result.retryable
    return None


@pytest.mark.parametrize("kind", BOTH | SPEECH)
def test_speech(kind: FaultKind) -> None:
    # Under trio, which reports what is not closed.
    request = speaking(TEXT, stream=True)
    reply = check(kind, request, (BOTH | SPEECH)[kind], backend="trio")
    if reply is None:
        return
    # The text's length, whatever the header says that is no number of ours.
    assert reply.usage.characters == len(TEXT)
    assert reply.audio is not None
    if kind is K.OTHER_FORMAT:
        assert reply.audio.duration_s == pytest.approx(0.5)


@pytest.mark.parametrize("kind", BOTH | HEARING)
def test_transcription(kind: FaultKind) -> None:
    reply = check(kind, transcribing(said(TEXT)), (BOTH | HEARING)[kind], backend="trio")
    assert reply is None or reply.text == TEXT


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_endpoint_that_cannot_be_reached(backend: str) -> None:
    with refusing_url() as refusing, silent_url() as silent:
        for url in (UNRESOLVABLE_URL, refusing, silent):
            with pytest.raises(ProviderConnectionError) as caught:
                ask(url, speaking(), backend=backend, connect_timeout_s=0.5, read_timeout_s=0.5)
            assert caught.value.billed is False
            assert caught.value.retryable


def test_a_connection_lost_while_the_client_sends_executed_nothing() -> None:
    clip = said("Hello there, this is a rather long text. " * 60)
    fault = Fault(kind=K.UPLOAD_RESET, n_bytes=10_000)
    with fake(fault, receive_buffer_bytes=4096) as vendor:
        with pytest.raises(ProviderError) as caught:
            ask(vendor.base_url, transcribing(clip))
        assert not vendor.ledger.executed
    # Where the upload fitted into the system's buffers nobody can know.
    assert caught.value.billed in (False, None)
