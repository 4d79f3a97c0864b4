"""`Client`: the blocking face of `AsyncClient`, running it on a private loop thread."""

from __future__ import annotations

import functools
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from ossicle.client.asking import OUTPUTS, AudioSource
from ossicle.client.async_client import DEFAULT_TIMEOUT_S, AsyncClient
from ossicle.errors import ConfigurationError
from ossicle.messages import Event, Message, Reply, Task, Tool, ToolChoice
from ossicle.pipeline import Explanation, PipelineSettings, ReplyStream

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from pydantic import SecretStr

    from ossicle.abc import AudioProvider, Capabilities
    from ossicle.plugins import PluginHost
    from ossicle.policy import Budget, Clock, RetryPolicy
    from ossicle.telemetry import Stats

T = TypeVar("T")


class _Loop:
    """One event loop in one thread, started when first needed; used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self._is_closed = False

    def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function to its end; an interrupt here cancels it there."""
        future = self._open().start_task_soon(call)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def enter(self, manager: Any) -> AbstractContextManager[Any]:
        """An async context manager of the loop as a blocking one."""
        return self._open().wrap_async_context_manager(manager)

    def close(self) -> None:
        with self._lock:
            self._is_closed, self._portal = True, None
            stack, self._stack = self._stack, ExitStack()
        stack.close()

    @property
    def is_running(self) -> bool:
        return self._portal is not None

    def _open(self) -> BlockingPortal:
        with self._lock:
            if self._is_closed:
                raise ConfigurationError("the client is closed", fix="Make a new one.")
            if self._portal is None:
                self._portal = self._stack.enter_context(start_blocking_portal("asyncio"))
            return self._portal


class BlockingReplyStream:
    """The answer while it comes; an iterator of events, like `ReplyStream`."""

    def __init__(self, stream: ReplyStream, loop: _Loop) -> None:
        self._stream, self._loop = stream, loop

    @property
    def reply(self) -> Reply:
        """The whole reply, once the last event was read."""
        return self._stream.reply

    def __iter__(self) -> Iterator[Event]:
        """Iterate over the events, once."""
        return self

    def __next__(self) -> Event:
        """The next event, audio in the wanted format."""
        event = self._loop.run(self._next)
        if event is None:
            raise StopIteration
        return event

    async def _next(self) -> Event | None:
        return await anext(self._stream, None)

    def collect(self) -> Reply:
        """Read to the end and return the whole reply."""
        return self._loop.run(self._stream.collect)


class Client:
    """Talks with models that hear or speak; blocking, safe from several threads.

    Every argument and method is that of `AsyncClient`; see there. Inside async code use
    `AsyncClient` itself: this one would block the loop.

    Example:
        >>> with Client("echo") as client:
        ...     client.respond("good morning").text
        'You said: good morning'
    """

    def __init__(
        self,
        provider: str | AudioProvider,
        *,
        model: str | None = None,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        options: Mapping[str, Any] | None = None,
        settings: PipelineSettings | None = None,
        retry: RetryPolicy | None = None,
        budget: Budget | None = None,
        allow_plugins: Iterable[str] = (),
        plugins: Iterable[object] = (),
        tenant: str = "default",
        timeout_s: float = DEFAULT_TIMEOUT_S,
        keeps_stats: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._client = AsyncClient(
            provider,
            model=model,
            api_key=api_key,
            base_url=base_url,
            options=options,
            settings=settings,
            retry=retry,
            budget=budget,
            allow_plugins=allow_plugins,
            plugins=plugins,
            tenant=tenant,
            timeout_s=timeout_s,
            keeps_stats=keeps_stats,
            clock=clock,
        )
        self._loop = _Loop()
        self._owns_loop = True

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
        """Close all providers and end the loop thread; closing twice is harmless."""
        if not self._owns_loop:
            return
        if self._loop.is_running:
            self._loop.run(self._client.aclose)
        self._loop.close()

    def respond(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        history: Sequence[Message] = (),
        instructions: str | None = None,
        output: Iterable[str] = OUTPUTS,
        voice: str | None = None,
        output_format: str | None = None,
        tools: Sequence[Tool] | None = None,
        tool_choice: ToolChoice | None = None,
        language: str | None = None,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        model: str | None = None,
        timeout_s: float | None = None,
        provider_options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Reply:
        """Say something to a model and get its whole answer; see `AsyncClient.respond`."""
        return self._loop.run(
            functools.partial(
                self._client.respond,
                text,
                audio=audio,
                history=history,
                instructions=instructions,
                output=output,
                voice=voice,
                output_format=output_format,
                tools=tools,
                tool_choice=tool_choice,
                language=language,
                max_output_tokens=max_output_tokens,
                temperature=temperature,
                seed=seed,
                model=model,
                timeout_s=timeout_s,
                provider_options=provider_options,
            )
        )

    @contextmanager
    def stream(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        history: Sequence[Message] = (),
        instructions: str | None = None,
        output: Iterable[str] = OUTPUTS,
        voice: str | None = None,
        output_format: str | None = None,
        tools: Sequence[Tool] | None = None,
        tool_choice: ToolChoice | None = None,
        language: str | None = None,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        task: Task = "respond",
        model: str | None = None,
        timeout_s: float | None = None,
        provider_options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Iterator[BlockingReplyStream]:
        """The answer as events while they come; see `AsyncClient.stream`."""
        manager = self._client.stream(
            text,
            audio=audio,
            history=history,
            instructions=instructions,
            output=output,
            voice=voice,
            output_format=output_format,
            tools=tools,
            tool_choice=tool_choice,
            language=language,
            max_output_tokens=max_output_tokens,
            temperature=temperature,
            seed=seed,
            task=task,
            model=model,
            timeout_s=timeout_s,
            provider_options=provider_options,
        )
        with self._loop.enter(manager) as stream:
            yield BlockingReplyStream(stream, self._loop)

    def speak(
        self,
        text: str,
        *,
        voice: str | None = None,
        output_format: str | None = None,
        instructions: str | None = None,
        language: str | None = None,
        model: str | None = None,
        timeout_s: float | None = None,
        provider_options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Reply:
        """Turn text into speech, word for word; see `AsyncClient.speak`."""
        return self._loop.run(
            functools.partial(
                self._client.speak,
                text,
                voice=voice,
                output_format=output_format,
                instructions=instructions,
                language=language,
                model=model,
                timeout_s=timeout_s,
                provider_options=provider_options,
            )
        )

    def transcribe(
        self,
        audio: AudioSource,
        *,
        language: str | None = None,
        instructions: str | None = None,
        model: str | None = None,
        timeout_s: float | None = None,
        provider_options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Reply:
        """Turn speech into text; see `AsyncClient.transcribe`."""
        return self._loop.run(
            functools.partial(
                self._client.transcribe,
                audio,
                language=language,
                instructions=instructions,
                model=model,
                timeout_s=timeout_s,
                provider_options=provider_options,
            )
        )

    def explain(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        history: Sequence[Message] = (),
        instructions: str | None = None,
        output: Iterable[str] = OUTPUTS,
        voice: str | None = None,
        output_format: str | None = None,
        task: Task = "respond",
        model: str | None = None,
        timeout_s: float | None = None,
    ) -> Explanation:
        """What a call would do, without sending it; see `AsyncClient.explain`."""
        return self._loop.run(
            functools.partial(
                self._client.explain,
                text,
                audio=audio,
                history=history,
                instructions=instructions,
                output=output,
                voice=voice,
                output_format=output_format,
                task=task,
                model=model,
                timeout_s=timeout_s,
            )
        )

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
