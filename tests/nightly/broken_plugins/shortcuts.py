"""Providers that take a shortcut which no single answer shows."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import AsyncGenerator
from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import anyio
import pytest
from pydantic import SecretStr
from tests.nightly.broken_plugins.broken_plugin import BrokenPlugin, with_spec
from tests.nightly.broken_plugins.habits import Asking, Translating, house
from tests.nightly.broken_plugins.parrot.provider import SPEC, ParrotProvider
from tests.nightly.broken_plugins.parrot.suite import ParrotSuite
from tests.nightly.broken_plugins.parrot.vendor import KEY

from ossicle.abc import ProviderSettings
from ossicle.errors import OssicleError
from ossicle.messages import AudioDelta, AudioPart, Event, Request, TextDelta, UsageReported

BROKEN_PLUGINS: list[BrokenPlugin] = []
PIECES = "test_streams_come_in_pieces"

broken = house(BROKEN_PLUGINS)


@broken(PIECES, "respond: text → text[+]audio, streamed: .* collected, and cut afterwards")
class CollectsAndCuts(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        for event in [event async for event in super().respond(request)]:
            yield event


@broken(PIECES, "speak: text → audio, streamed: .* collected, and cut afterwards")
class CollectsWhatItSpeaks(CollectsAndCuts):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        kind = CollectsAndCuts if request.task == "speak" else ParrotProvider
        async for event in kind.respond(self, request):
            yield event


@broken(PIECES, "text → text[+]audio, streamed: .* collected, and cut afterwards")
class CollectsTheSoundAlone(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        held: list[Event] = []
        async for event in super().respond(request):
            if isinstance(event, AudioDelta):
                held.append(event)
                continue
            while held and not isinstance(event, TextDelta):
                yield held.pop(0)
            yield event


@broken(PIECES, "text → text[+]audio, streamed: all of its audio came in one piece")
class JoinsItsSound(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        whole: AudioDelta | None = None
        async for event in super().respond(request):
            if isinstance(event, AudioDelta) and request.stream:
                whole = replace(event, data=(whole.data if whole else b"") + event.data)
                continue
            if isinstance(event, UsageReported) and whole is not None:
                yield whole
            yield event


@broken("test_every_voice_speaks", "all of its 2 voices alike")
class SpeaksInOneVoice(Asking):
    async def before(self, request: Request) -> Request:
        return request.model_copy(update={"voice": "polly"}) if request.voice else request


@broken("test_history_is_taken", "nothing of .*Ada.* reaches the vendor")
class ForgetsWhatWasSaid(Asking):
    async def before(self, request: Request) -> Request:
        return request.model_copy(update={"messages": request.messages[-1:]})


@broken("test_history_is_taken", ".Hello Ada.* does not reach the vendor")
class ForgetsWhatItSaid(Asking):
    async def before(self, request: Request) -> Request:
        kept = tuple(one for one in request.messages if one.role != "assistant")
        return request.model_copy(update={"messages": kept})


@broken("test_history_is_taken", "nothing of .*Be brief.* reaches the vendor")
class IgnoresInstructions(Asking):
    async def before(self, request: Request) -> Request:
        return request.model_copy(update={"instructions": None})


def with_clips_of(request: Request, other: Request) -> Request:
    """A request that plays the sounds of another one."""
    *history, newest = request.messages
    clips = [part for part in other.messages[-1].parts if isinstance(part, AudioPart)]
    parts = [part for part in newest.parts if not isinstance(part, AudioPart)]
    heard = newest.model_copy(update={"parts": (*parts, *clips)})
    return request.model_copy(update={"messages": (*history, heard)})


@broken("test_calls_do_not_meet", "differs|of another call")
class HearsTheLastCaller(Asking):
    async def before(self, request: Request) -> Request:
        self.request = request
        await anyio.sleep(0.01)
        return with_clips_of(request, self.request)


@broken("test_threads_do_not_meet", "differs|of another call")
class HearsTheLastThread(Asking):
    last: ClassVar[list[Request]] = []

    async def before(self, request: Request) -> Request:
        self.last[:] = [request]
        await anyio.sleep(0.1)
        return with_clips_of(request, self.last[0])


class LibraryError(Exception):
    """An error as HTTP clients raise them: nothing in its message, the request beside it."""

    def __init__(self, request: object) -> None:
        super().__init__("it failed")
        self._request = request


@broken("test_failures_are_translated", "reached from the error, at LibraryError._request.headers")
class CausesHoldTheRequest(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        key = self._settings.api_key
        assert key is not None
        headers = [(b"authorization", f"Bearer {key.get_secret_value()}".encode())]
        error.__cause__ = LibraryError(SimpleNamespace(headers=headers))
        return error


@broken("test_nothing_secret_is_told", "reached from the error, at JSONDecodeError.doc")
class CausesHoldTheReply(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        error.__cause__ = json.JSONDecodeError("no JSON", f"<p>{request.messages[-1].text}</p>", 0)
        return error


BROKEN_PLUGINS.append(
    BrokenPlugin(
        name="says that it is local and asks a vendor",
        suite=with_spec(ParrotSuite, replace(SPEC, is_local=True)),
        check="test_nothing_leaves_the_machine",
        because="says that it is local, and: socket.connect .*127.0.0.1",
    )
)


class ConnectsInAThread(ParrotProvider):
    """Looks for news in a thread of its own when it is built."""

    def __init__(self, settings: ProviderSettings) -> None:
        super().__init__(settings)
        thread = threading.Thread(target=self._look)
        thread.start()
        thread.join()

    def _look(self) -> None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as news:
            news.sendto(b"any news?", ("127.0.0.1", 9))


BROKEN_PLUGINS.append(
    BrokenPlugin(
        name="says that it is local and sends in a thread",
        suite=with_spec(ParrotSuite, replace(SPEC, is_local=True, factory=ConnectsInAThread)),
        check="test_nothing_leaves_the_machine",
        because="built, it says that it is local, and: socket.sendto",
    )
)


class VendorlessSuite(ParrotSuite):
    @pytest.fixture
    def settings(self) -> ProviderSettings:
        return ProviderSettings(api_key=SecretStr(KEY))


BROKEN_PLUGINS.append(
    BrokenPlugin(
        name="has a vendor and is tried without one",
        suite=VendorlessSuite,
        check="test_there_is_a_vendor",
        because="give a fixture `settings` with the http:// base_url of a fake vendor",
    )
)
