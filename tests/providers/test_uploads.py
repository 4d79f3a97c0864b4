"""Uploads that fail or are cancelled, at every await of them, leave nothing behind."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import from_thread
from tests.providers.calls import collect
from tests.providers.elevenlabs import vendor as elevenlabs
from tests.providers.gemini import vendor as gemini
from tests.providers.gemini import wire as gemini_wire
from tests.providers.interruption import Interrupted, nothing_left
from tests.providers.openai import vendor as openai
from tests.providers.openai import wire as openai_wire

from ossicle.abc import AudioProvider
from ossicle.audio import AudioClip
from ossicle.errors import AmbiguousOutcomeError, FileAccessError, ProviderConnectionError
from ossicle.messages import AudioPart, Message, Request
from ossicle.rest.transport import Transport
from ossicle_openai.response_audio import PCM16
from ossicle_testing.vendors import Fault, FaultKind

N_FRAMES = 200_000
"""Frames of a clip: several pieces, more than a socket's buffers take at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One way of one provider's to send audio.

    Attributes:
        name: Names both.
        tests: The provider's module with `fake` and `with_provider`.
        request: Makes a request out of clips; without clips, one of text.
        n_text_bytes: About the size of the one of text.
    """

    name: str
    tests: Any
    request: Callable[..., Request]
    n_text_bytes: int = 36


def spoken_to(*clips: AudioClip) -> tuple[Message, ...]:
    return (Message(role="user", parts=tuple(AudioPart(clip=clip) for clip in clips)),)


def of_gemini(*clips: AudioClip) -> Request:
    if not clips:
        return gemini_wire.asking(stream=True)
    return gemini_wire.asking(messages=spoken_to(*clips))


def of_chat(*clips: AudioClip) -> Request:
    if clips:
        return openai_wire.asking(messages=spoken_to(*clips), output=frozenset({"text"}))
    both = frozenset({"text", "audio"})
    return openai_wire.asking(output=both, output_format=PCM16, stream=True)


def of_transcriptions(*clips: AudioClip) -> Request:
    if not clips:
        return of_chat()
    messages = spoken_to(clips[-1])
    return openai_wire.asking(task="transcribe", model="gpt-transcribe", messages=messages)


def of_elevenlabs(*clips: AudioClip) -> Request:
    return elevenlabs.transcribing(clips[-1]) if clips else elevenlabs.speaking(stream=True)


UPLOADS = (
    Upload(name="gemini", tests=gemini, request=of_gemini),
    Upload(name="openai-chat", tests=openai, request=of_chat),
    Upload(name="openai-form", tests=openai, request=of_transcriptions),
    Upload(name="elevenlabs", tests=elevenlabs, request=of_elevenlabs),
)
BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
EACH = pytest.mark.parametrize("upload", UPLOADS, ids=lambda one: one.name)
KINDS = pytest.mark.parametrize("kind", ["text", "memory", "file"])


def clips_of(kind: str, folder: Path) -> list[AudioClip]:
    """No clip, or one in memory or in a file."""
    if kind == "text":
        return []
    audio = openai_wire.clip(N_FRAMES)
    return [AudioClip.from_path(audio.save(folder / "a.wav")) if kind == "file" else audio]


@EACH
@BACKENDS
@KINDS
def test_a_call_cancelled_at_any_await_leaves_nothing_behind(
    upload: Upload, backend: str, kind: str, tmp_path: Path
) -> None:
    request = upload.request(*clips_of(kind, tmp_path))

    async def ask_until_it_passes(provider: AudioProvider) -> int:
        await collect(provider, upload.request())  # the client is built once
        at = 0
        with nothing_left():
            for at in itertools.count(1):
                call = Interrupted(collect(provider, request), at=at)
                if not await call.run() and call.n_awaits < at:
                    break
        return at

    with upload.tests.fake(
        ear=lambda samples, rate: "hello", receive_buffer_bytes=1 << 14
    ) as vendor:
        n_awaits = upload.tests.with_provider(vendor.base_url, ask_until_it_passes, backend=backend)
    assert n_awaits > 5


@EACH
@BACKENDS
@KINDS
def test_an_upload_that_breaks_off_anywhere_leaves_nothing_behind(
    upload: Upload, backend: str, kind: str, tmp_path: Path
) -> None:
    request = upload.request(*clips_of(kind, tmp_path))
    n_all = upload.n_text_bytes if kind == "text" else 2 * N_FRAMES
    places = range(0, n_all, n_all // 12)
    faults = [Fault(kind=FaultKind.UPLOAD_RESET, n_bytes=place) for place in places]

    async def ask_all(provider: AudioProvider) -> None:
        with nothing_left():
            for _ in places:
                with pytest.raises((ProviderConnectionError, AmbiguousOutcomeError)):
                    await collect(provider, request)

    with upload.tests.fake(*faults, receive_buffer_bytes=1 << 14) as vendor:
        upload.tests.with_provider(vendor.base_url, ask_all, backend=backend)
        assert vendor.ledger.executed == ()


@EACH
@BACKENDS
@pytest.mark.parametrize("what", ["goes", "changes"])
def test_a_file_that_is_lost_in_the_middle_is_told_as_that(
    upload: Upload, backend: str, what: str, tmp_path: Path
) -> None:
    path = openai_wire.clip(4801).save(tmp_path / "b.wav")
    request = upload.request(openai_wire.clip(), AudioClip.from_path(path))
    path.unlink() if what == "goes" else path.write_bytes(bytes(100))

    async def lose(provider: AudioProvider) -> None:
        with nothing_left(), pytest.raises(FileAccessError):
            await collect(provider, request)

    with upload.tests.fake() as vendor:
        upload.tests.with_provider(vendor.base_url, lose, backend=backend)
        assert vendor.ledger.executed == ()


@EACH
@BACKENDS
def test_a_call_out_of_time_does_not_wait_for_the_client_to_be_built(
    upload: Upload, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls once ended late by as long as the vendor's client took to import."""
    n_built, may_go_on = 0, threading.Event()

    async def leave_and_ask_again(provider: AudioProvider) -> None:
        scope = anyio.CancelScope()
        monkeypatch.setattr(Transport, "__init__", slowly(Transport.__init__, scope))
        with scope:
            await collect(provider, upload.request())
        assert scope.cancelled_caught
        may_go_on.set()
        await collect(provider, upload.request())
        await collect(provider, upload.request())

    def slowly(build: Callable[..., None], scope: anyio.CancelScope) -> Callable[..., None]:
        def init(*args: Any, **more: Any) -> None:
            nonlocal n_built
            n_built += 1
            from_thread.run_sync(scope.cancel)
            may_go_on.wait()
            build(*args, **more)

        return init

    with upload.tests.fake() as vendor:
        upload.tests.with_provider(vendor.base_url, leave_and_ask_again, backend=backend)
        assert len(vendor.ledger.executed) == 2
    assert n_built == 1
