"""A vendor of a few lines, over a real socket: what the frame does for it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import anyio
import pytest
from pydantic import SecretStr
from tests.core.rest.loopback import answering
from tests.providers.calls import collect, run_with

from ossicle.abc import AudioInput, AudioOutput, Capabilities, FormatRule, ProviderSettings
from ossicle.audio import AudioClip, AudioFormat
from ossicle.audio.wav import wav_header
from ossicle.errors import (
    AudioMissingError,
    InvalidReplyError,
    MissingKeyError,
    QuotaExhaustedError,
    UnsupportedModalityError,
)
from ossicle.messages import (
    SPEAK,
    TRANSCRIBE,
    AudioDelta,
    AudioPart,
    Event,
    Finished,
    Message,
    ReplyStarted,
    Request,
    TextDelta,
    TextPart,
)
from ossicle.rest import (
    JSON,
    EndpointRules,
    ErrorBody,
    ErrorLadder,
    Failures,
    Outgoing,
    RestOptions,
    RestProvider,
    audio_body,
    audio_events,
    clip_of,
    json_body,
    json_events,
    mapping_of,
    spoken_text,
    started,
    text_of,
)

PCM = AudioFormat.pcm(sample_rate=24_000)
KEY = "acme-0123456789"
RULES = EndpointRules(
    provider="acme",
    base_url="https://api.acme.example/v1",
    options=RestOptions,
    key_variables=("ACME_API_KEY_THAT_IS_NOT_SET",),
    key_prefix="Token ",
)


def read_error(data: object) -> ErrorBody | None:
    code = text_of(mapping_of(data).get("err_code"))
    return None if code is None else ErrorBody(code=code, is_own=True)


LADDER = ErrorLadder(
    failures=Failures(provider="acme"), read=read_error, meanings={"NO_CREDIT": "spent"}
)


def transcription_events(data: object) -> Iterator[Event]:
    text = mapping_of(data).get("transcript")
    if not isinstance(text, str):
        raise LADDER.failures.invalid_reply("the reply is no transcription")
    yield TextDelta(text=text)
    yield Finished()


class AcmeProvider(RestProvider[RestOptions]):
    name = "acme"

    def __init__(self, settings: ProviderSettings) -> None:
        super().__init__(settings, rules=RULES, ladder=LADDER)

    def capabilities(self, model: str) -> Capabilities:
        wav = FormatRule(container="wav", encodings=("pcm_s16le",))
        raw = FormatRule(container="raw", encodings=("pcm_s16le",))
        return Capabilities(
            provider="acme",
            model=model,
            rows={"transcribe": (TRANSCRIBE,), "speak": (SPEAK,)},
            audio_input=AudioInput(formats=(wav,)),
            audio_output=AudioOutput(whole=(raw,)),
            source="made up",
            as_of="2026-12-01",
        )

    async def transcribe(self, request: Request) -> AsyncGenerator[Event, None]:
        errors = self.errors_of(request)
        outgoing = Outgoing(path="/listen", accept=JSON, body=audio_body(clip_of(request)))
        async with await self.send(outgoing, errors) as answer:
            yield started(answer)
            for event in await json_events(answer, errors, transcription_events):
                yield event

    async def speak(self, request: Request) -> AsyncGenerator[Event, None]:
        errors = self.errors_of(request)
        body = json_body({"text": spoken_text(request)})
        outgoing = Outgoing(path="/speak", accept="*/*", body=body)
        async with await self.send(outgoing, errors) as answer:
            yield started(answer)
            async with aclosing(audio_events(answer, PCM, errors)) as events:
                async for event in events:
                    yield event
        yield Finished()


def asking(task: str) -> Request:
    clip = AudioClip.from_bytes(wav_header(PCM, 4) + bytes(8))
    part = AudioPart(clip=clip) if task == "transcribe" else TextPart(text="Hello")
    message = Message(role="user", parts=(part,))
    output = frozenset({"audio" if task == "speak" else "text"})
    return Request.model_validate(
        {"task": task, "model": "acme-1", "messages": (message,), "output": output}
    )


def ask(
    task: str, status: int, media_type: str, body: bytes, *, key: str | None = KEY
) -> tuple[list[Event], list[bytes]]:
    """The events of one call to a server that answers so, and what it got."""
    with answering(status, media_type, body) as server:
        settings = ProviderSettings(
            base_url=server.url, api_key=None if key is None else SecretStr(key)
        )
        events = run_with(
            lambda: AcmeProvider(settings),
            lambda provider: collect(provider, asking(task)),
            backend="asyncio",
        )
        return events, server.requests


def test_a_transcription() -> None:
    body = json.dumps({"transcript": "hello"}).encode()
    events, (request,) = ask("transcribe", 200, JSON, body)
    assert events[1:] == [TextDelta(text="hello"), Finished()]
    assert isinstance(events[0], ReplyStarted)
    assert request.startswith(b"POST /v1/listen ")
    assert b"authorization: token acme-0123456789" in request.lower()
    assert b"content-type: audio/" in request.lower()
    assert request.endswith(bytes(8))


def test_speech() -> None:
    events, _ = ask("speak", 200, "audio/pcm", b"\x00\x01" * 100)
    audio = [event for event in events if isinstance(event, AudioDelta)]
    assert b"".join(event.data for event in audio) == b"\x00\x01" * 100
    assert events[-1] == Finished()


def test_what_goes_wrong_is_of_one_ladder() -> None:
    with pytest.raises(QuotaExhaustedError):
        ask("speak", 403, JSON, b'{"err_code": "NO_CREDIT"}')
    with pytest.raises(QuotaExhaustedError):
        ask("speak", 200, JSON, b'{"err_code": "NO_CREDIT"}')
    with pytest.raises(AudioMissingError):
        ask("speak", 200, "audio/pcm", b"")
    with pytest.raises(InvalidReplyError) as caught:
        ask("transcribe", 200, JSON, b'{"words": "paid for, with acme-0123456789"}')
    assert caught.value.partial == b'{"words": "paid for, with [key]"}'


def test_a_task_that_the_vendor_has_not_and_a_missing_key() -> None:
    with pytest.raises(UnsupportedModalityError):
        ask("respond", 200, JSON, b"{}")
    with pytest.raises(MissingKeyError):
        ask("speak", 200, JSON, b"{}", key=None)


def test_one_provider_serves_loops_one_after_the_other() -> None:
    body = json.dumps({"transcript": "hello"}).encode()
    with answering(200, JSON, body) as server:
        provider = AcmeProvider(ProviderSettings(base_url=server.url, api_key=SecretStr(KEY)))
        for _ in range(3):
            assert len(anyio.run(collect, provider, asking("transcribe"))) == 3
        assert len(server.requests) == 3
