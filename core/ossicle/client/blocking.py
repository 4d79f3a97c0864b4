"""`Client`: the blocking face of `AsyncClient`, running it on a private loop thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Unpack

from ossicle.client.async_client import AsyncClient
from ossicle.client.blocking_conversation import Conversation, Conversations
from ossicle.client.blocking_stream import BlockingReplyStream, entered
from ossicle.client.client_settings import ClientSettings
from ossicle.client.loop import LoopThread
from ossicle.conversation import NewConversationOptions
from ossicle.messages import Message, Reply
from ossicle.pipeline import (
    AudioSource,
    CallOptions,
    Explanation,
    RespondOptions,
    SpeakOptions,
    TranscribeOptions,
    takes,
)

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from ossicle.abc import AudioProvider, Capabilities
    from ossicle.plugins import PluginHost
    from ossicle.telemetry import Stats


class Client:
    """Talks with models that hear or speak; blocking, safe from several threads.

    Every argument and method is that of `AsyncClient`; see there. Inside async code use
    `AsyncClient` itself: this one would block the loop.

    Example:
        >>> with Client("echo") as client:
        ...     client.respond("good morning").text
        'You said: good morning'
    """

    @takes(ClientSettings)
    def __init__(
        self,
        provider: str | AudioProvider | Sequence[str | AudioProvider],
        **settings: Unpack[ClientSettings],
    ) -> None:
        """Make a client; see `AsyncClient`."""
        self._client = AsyncClient(provider, **settings)
        self._loop = LoopThread()
        self._owns_loop = True

    def __repr__(self) -> str:
        """Which provider and model, on whose behalf; no key and no address."""
        return repr(self._client).removeprefix("Async")

    def for_tenant(self, tenant: str) -> Client:
        """A view of this client on behalf of someone else; shares everything, closes nothing."""
        view = object.__new__(Client)
        view._client, view._loop = self._client.for_tenant(tenant), self._loop
        view._owns_loop = False
        return view

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """End open streams, close all providers and end the loop thread; closing twice is harmless.

        Raises:
            PluginContractError: A provider could not be closed; everything else is.
        """
        if not self._owns_loop:
            return
        try:
            self._loop.end_streams()
            if self._loop.is_running:
                self._loop.run(self._client.aclose)
        finally:
            self._loop.close()

    @takes(RespondOptions)
    def respond(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        history: Sequence[Message] = (),
        **options: Unpack[RespondOptions],
    ) -> Reply:
        """Say something to a model and get its whole answer; see `AsyncClient.respond`."""
        return self._loop.run(
            lambda: self._client.respond(text, audio=audio, history=history, **options)
        )

    @contextmanager
    @takes(CallOptions)
    def stream(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        history: Sequence[Message] = (),
        **options: Unpack[CallOptions],
    ) -> Iterator[BlockingReplyStream]:
        """The answer as events while they come; see `AsyncClient.stream`."""
        manager = self._client.stream(text, audio=audio, history=history, **options)
        with entered(manager, self._loop) as stream:
            yield stream

    @takes(SpeakOptions)
    def speak(self, text: str, **options: Unpack[SpeakOptions]) -> Reply:
        """Turn text into speech, word for word; see `AsyncClient.speak`."""
        return self._loop.run(lambda: self._client.speak(text, **options))

    @takes(TranscribeOptions)
    def transcribe(self, audio: AudioSource, **options: Unpack[TranscribeOptions]) -> Reply:
        """Turn speech into text; see `AsyncClient.transcribe`."""
        return self._loop.run(lambda: self._client.transcribe(audio, **options))

    @takes(CallOptions)
    def explain(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        history: Sequence[Message] = (),
        **options: Unpack[CallOptions],
    ) -> Explanation:
        """What a call would do, without sending it; see `AsyncClient.explain`."""
        return self._loop.run(
            lambda: self._client.explain(text, audio=audio, history=history, **options)
        )

    @takes(NewConversationOptions)
    def conversation(self, **options: Unpack[NewConversationOptions]) -> Conversation:
        """A new conversation; see `AsyncClient.conversation`."""
        return Conversation(self._client.conversation(**options), self._loop)

    @property
    def conversations(self) -> Conversations:
        """Conversations in the store, and from files; see `AsyncClient.conversations`."""
        return Conversations(self._client.conversations, self._loop)

    def models(self, provider: str | None = None) -> tuple[Capabilities, ...]:
        """What known models can do; see `AsyncClient.models`."""
        return self._client.models(provider)

    @property
    def plugins(self) -> PluginHost:
        """The plugins of this client."""
        return self._client.plugins

    @property
    def stats(self) -> Stats:
        """Figures over the calls of this client; see `AsyncClient.stats`."""
        return self._client.stats
