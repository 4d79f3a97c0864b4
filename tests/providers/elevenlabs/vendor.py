"""One call of the provider to a fake vendor over a real socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import SecretStr
from tests.providers.calls import collect, folded, run_with

from ossicle.abc import ProviderSettings
from ossicle.audio import AudioClip, AudioFormat
from ossicle.messages import AudioPart, Event, Message, Reply, Request, TextPart
from ossicle_elevenlabs.provider import ElevenLabsProvider
from ossicle_testing.vendors import Fault, FaultKind, ListedFaults, tone_ear, tone_voice
from ossicle_testing.vendors.audio import pcm16_bytes, wav_header
from ossicle_testing.vendors.elevenlabs import FakeElevenLabs

KEY = "sk_test0123456789abcdef0123456789abcdef"
PCM = AudioFormat.pcm(sample_rate=24_000)
SPEECH, FLASH, HEARING = "eleven_multilingual_v2", "eleven_flash_v2_5", "scribe_v2"
T = TypeVar("T")


def fake(*faults: Fault | FaultKind | None, **more: Any) -> FakeElevenLabs:
    """A vendor that fails in these ways, one request after the other, and then works."""
    return FakeElevenLabs(schedule=ListedFaults(faults), **more)


def with_provider(
    url: str,
    work: Callable[[ElevenLabsProvider], Awaitable[T]],
    *,
    backend: str = "asyncio",
    key: str | None = KEY,
    **options: Any,
) -> T:
    """Run `work` on a provider of its own, under asyncio or trio."""
    secret = None if key is None else SecretStr(key)
    settings = ProviderSettings(api_key=secret, base_url=url, options=options)

    return run_with(lambda: ElevenLabsProvider(settings), work, backend=backend)


def events_of(url: str, request: Request, **more: Any) -> list[Event]:
    """The events of one call by a provider of its own."""
    return with_provider(url, lambda provider: collect(provider, request), **more)


def ask(url: str, request: Request, **more: Any) -> Reply:
    """The reply of one call, which has to be complete."""
    return folded(events_of(url, request, **more), provider="elevenlabs", model=request.model)


def speaking(text: str = "Good morning.", **fields: Any) -> Request:
    """A request to say a text."""
    fields = {"model": SPEECH, "output_format": PCM, **fields}
    message = Message(role="user", parts=(TextPart(text=text),))
    return Request(task="speak", messages=(message,), output=frozenset({"audio"}), **fields)


def transcribing(clip: AudioClip, **fields: Any) -> Request:
    """A request to write a clip down."""
    message = Message(role="user", parts=(AudioPart(clip=clip),))
    return Request(task="transcribe", messages=(message,), **{"model": HEARING, **fields})


def said(text: str) -> AudioClip:
    """A text as tones in a WAV."""
    data = pcm16_bytes(tone_voice(text))
    return AudioClip.from_bytes(wav_header(len(data)) + data)


def heard(reply: Reply) -> str:
    """What the tones of a reply say."""
    assert reply.audio is not None
    pcm = reply.audio.to_pcm()
    return tone_ear(pcm.samples.mean(axis=1), pcm.sample_rate)
