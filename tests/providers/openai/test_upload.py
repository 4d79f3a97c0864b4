"""An upload that fails or is cancelled, at every await of it, leaves nothing behind."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.providers.interruption import Interrupted, nothing_left
from tests.providers.openai.vendor import collect, fake, with_provider
from tests.providers.openai.wire import asking, clip

from ossicle.audio import AudioClip
from ossicle.errors import AmbiguousOutcomeError, FileAccessError, ProviderConnectionError
from ossicle.messages import AudioPart, Message, Request
from ossicle.testing.vendors import Fault, FaultKind
from ossicle_openai.body import ClipText, JsonBody
from ossicle_openai.provider import OpenAIProvider
from ossicle_openai.sound import PCM16
from ossicle_openai.upload import Upload

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
KINDS = pytest.mark.parametrize("kind", ["text", "memory", "file", "form"])
SPOKEN = asking(output=frozenset({"text", "audio"}), output_format=PCM16, stream=True)
N_FRAMES = 200_000
"""Frames of the clip: several pieces, more than a socket's buffers take at once."""


def request_of(kind: str, folder: Path, *, n_frames: int = N_FRAMES) -> Request:
    """A request whose body is text, holds a clip in memory or in a file, or is a form."""
    if kind == "text":
        return SPOKEN
    audio = clip(n_frames)
    if kind == "file":
        audio = AudioClip.from_path(audio.save(folder / "a.wav"))
    message = Message(role="user", parts=(AudioPart(clip=audio),))
    if kind == "form":
        return asking(task="transcribe", model="gpt-transcribe", messages=(message,))
    return asking(messages=(message,), output=frozenset({"text"}))


@BACKENDS
@KINDS
def test_a_call_cancelled_at_any_await_leaves_nothing_behind(
    backend: str, kind: str, tmp_path: Path
) -> None:
    request = request_of(kind, tmp_path)

    async def ask_until_it_passes(provider: OpenAIProvider) -> int:
        await collect(provider, SPOKEN)  # the client is built once
        with nothing_left():
            for at in itertools.count(1):
                call = Interrupted(collect(provider, request), at=at)
                if not await call.run() and call.n_awaits < at:
                    break
        return at

    with fake(ear=lambda samples, rate: "hello", receive_buffer_bytes=1 << 14) as vendor:
        n_awaits = with_provider(vendor.base_url, ask_until_it_passes, backend=backend)
    assert n_awaits > 5


@BACKENDS
@KINDS
def test_an_upload_that_breaks_off_anywhere_leaves_nothing_behind(
    backend: str, kind: str, tmp_path: Path
) -> None:
    request = request_of(kind, tmp_path)
    n_all = 36 if kind == "text" else 2 * N_FRAMES
    places = range(0, n_all, n_all // 12)
    faults = [Fault(kind=FaultKind.UPLOAD_RESET, n_bytes=place) for place in places]

    async def ask_all(provider: OpenAIProvider) -> None:
        with nothing_left():
            for _ in places:
                with pytest.raises((ProviderConnectionError, AmbiguousOutcomeError)):
                    await collect(provider, request)

    with fake(*faults, receive_buffer_bytes=1 << 14) as vendor:
        with_provider(vendor.base_url, ask_all, backend=backend)
        assert vendor.ledger.executed == ()


@BACKENDS
@pytest.mark.parametrize("what", ["goes", "changes"])
def test_a_file_that_is_lost_in_the_middle_is_told_as_that(
    backend: str, what: str, tmp_path: Path
) -> None:
    first, second = clip(), clip(4801)
    path = second.save(tmp_path / "b.wav")
    parts = (AudioPart(clip=first), AudioPart(clip=AudioClip.from_path(path)))
    request = asking(messages=(Message(role="user", parts=parts),), output=frozenset({"text"}))
    path.unlink() if what == "goes" else path.write_bytes(bytes(100))

    async def lose(provider: OpenAIProvider) -> None:
        with nothing_left(), pytest.raises(FileAccessError):
            await collect(provider, request)

    with fake() as vendor:
        with_provider(vendor.base_url, lose, backend=backend)
        assert vendor.ledger.executed == ()


def pieces_of(upload: Upload, count: int | None = None) -> list[bytes]:
    async def take() -> list[bytes]:
        found: list[bytes] = []
        if count == 0:
            return found
        async for piece in upload:
            found.append(piece)
            if len(found) == count:
                break
        return found

    return anyio.run(take)


@pytest.mark.parametrize("payload", [{"a": 1}, {"a": ClipText(clip(150_000), prefix="data:,")}])
def test_it_is_complete_only_when_all_was_taken(payload: dict[str, Any]) -> None:
    body = JsonBody(payload)
    whole = pieces_of(Upload(body))
    assert b"".join(whole) == body.to_bytes()
    assert max(map(len, whole)) <= 1 << 16
    for count in range(len(whole) + 1):
        upload = Upload(body)
        pieces_of(upload, count)
        assert not upload.is_complete
        upload.close()
        upload.close()
    upload = Upload(body)
    assert pieces_of(upload, 1) == whole[:1]
    assert pieces_of(upload) == whole  # from its first byte again
    assert upload.is_complete


def test_a_body_that_is_closed_closes_its_file(tmp_path: Path) -> None:
    audio = AudioClip.from_path(clip(300_000).save(tmp_path / "a.wav"))
    upload = Upload(JsonBody({"audio": ClipText(audio)}))

    async def stop() -> None:
        with nothing_left():
            async for piece in upload:
                if len(piece) > 1000:
                    break
            upload.close()
            with pytest.raises(StopAsyncIteration):
                await anext(upload)

    anyio.run(stop)
    assert not upload.is_complete
