"""The client's two faces, asyncio and trio, behind one blocking surface for tests."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import pytest
from anyio.from_thread import start_blocking_portal
from tests.providers.openai.vendor import KEY
from tests.providers.openai.wire import wav

from ossicle import AsyncClient, Client, PipelineSettings
from ossicle.audio import AudioClip
from ossicle.messages import Event, Reply
from ossicle.policy import RetryPolicy, SystemClock
from ossicle_testing.vendors.tones import tone_ear, tone_voice

FACES = ("blocking", "asyncio", "trio")
OPTIONS = {"profile": "openai", "read_timeout_s": 5.0, "connect_timeout_s": 2.0}


EVERY_FACE = pytest.mark.parametrize("face", FACES)
STREAMED_OR_NOT = pytest.mark.parametrize("streams", [False, True])
BOTH = {"text", "audio"}


def spoken(text: str) -> bytes:
    """A WAV in which the vendor's ear finds this text."""
    return wav((np.clip(tone_voice(text), -1, 1) * 32767).astype("<i2").tobytes())


def heard(clip: AudioClip | None) -> str:
    assert clip is not None
    pcm = clip.to_pcm()
    return tone_ear(pcm.samples.mean(axis=1), pcm.sample_rate)


class Today(SystemClock):
    """The loop's clock on another day."""

    def __init__(self, today: datetime.date) -> None:
        noon = datetime.time(12, tzinfo=datetime.UTC)
        self.wall_s = datetime.datetime.combine(today, noon).timestamp()

    def wall(self) -> float:
        return self.wall_s


class Talker:
    """A client on a vendor; every method runs to its end before it returns.

    Args:
        face: `blocking` for `Client`, else the event loop under an `AsyncClient`.
        url: Of the vendor.
        options: Of the endpoint, over the usual ones.
        more: Further arguments of the client.
    """

    def __init__(
        self, face: str, url: str, *, options: dict[str, Any] | None = None, **more: Any
    ) -> None:
        self._stack = ExitStack()
        arguments: dict[str, Any] = {
            "api_key": KEY,
            "base_url": url,
            "options": OPTIONS | (options or {}),
            "settings": PipelineSettings(quality="warn"),
            "retry": RetryPolicy(base_s=0.0),
            **more,
        }
        provider = arguments.pop("provider", "openai:gpt-audio-1.5")
        self._portal = None
        self._client: Any
        if face == "blocking":
            self._client = self._stack.enter_context(Client(provider, **arguments))
        else:
            self._portal = self._stack.enter_context(start_blocking_portal(face))
            self._client = AsyncClient(provider, **arguments)
            self._stack.callback(self._portal.call, self._client.aclose)

    def _run(self, name: str, *args: Any, **more: Any) -> Any:
        work = functools.partial(getattr(self._client, name), *args, **more)
        return work() if self._portal is None else self._portal.call(work)

    def respond(self, *args: Any, **more: Any) -> Reply:
        reply: Reply = self._run("respond", *args, **more)
        return reply

    def speak(self, *args: Any, **more: Any) -> Reply:
        reply: Reply = self._run("speak", *args, **more)
        return reply

    def transcribe(self, *args: Any, **more: Any) -> Reply:
        reply: Reply = self._run("transcribe", *args, **more)
        return reply

    def stream(self, *args: Any, **more: Any) -> tuple[list[Event], Reply]:
        """All events of a streamed call, and its reply."""
        manager = self._client.stream(*args, **more)
        if self._portal is None:
            with manager as stream:
                return list(stream), stream.reply

        async def read() -> tuple[list[Event], Reply]:
            async with manager as stream:
                return [event async for event in stream], stream.reply

        found: tuple[list[Event], Reply] = self._portal.call(read)
        return found

    def ask(self, *args: Any, streams: bool, **more: Any) -> Reply:
        """The reply of one call, streamed or not."""
        return self.stream(*args, **more)[1] if streams else self.respond(*args, **more)

    def close(self) -> None:
        self._stack.close()


@contextmanager
def talking(face: str, url: str, **more: Any) -> Iterator[Talker]:
    """A talker that is closed in the end."""
    talker = Talker(face, url, **more)
    try:
        yield talker
    finally:
        talker.close()
