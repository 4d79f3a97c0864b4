"""`Client`: the blocking face of `AsyncClient`, running it on a private loop thread."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ossicle.client.async_client import DEFAULT_TIMEOUT_S, AsyncClient
from ossicle.client.blocking_conversation import Conversation, Conversations
from ossicle.client.blocking_stream import BlockingReplyStream, entered
from ossicle.client.inputs import AudioSource
from ossicle.client.loop import LoopThread
from ossicle.conversation import HistoryPolicy, RetentionChoice, Summarizer, ToolCallback
from ossicle.messages import Message, Reply, Task, Tool, ToolChoice
from ossicle.pipeline import CacheUse, Explanation, PipelineSettings
from ossicle.pipeline.arguments import OUTPUTS

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from pydantic import SecretStr

    from ossicle.abc import AudioProvider, Capabilities
    from ossicle.plugins import PluginHost
    from ossicle.policy import Budget, BudgetLimits, Clock, RetryPolicy
    from ossicle.storage import AudioCache, Store
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

    def __init__(
        self,
        provider: str | AudioProvider | Sequence[str | AudioProvider],
        *,
        model: str | None = None,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        options: Mapping[str, Any] | None = None,
        settings: PipelineSettings | None = None,
        retry: RetryPolicy | None = None,
        max_concurrency: int | None = None,
        budget: Budget | BudgetLimits | None = None,
        store: Store | None = None,
        cache: AudioCache | None = None,
        retention: RetentionChoice = "audio",
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
            max_concurrency=max_concurrency,
            budget=budget,
            store=store,
            cache=cache,
            retention=retention,
            allow_plugins=allow_plugins,
            plugins=plugins,
            tenant=tenant,
            timeout_s=timeout_s,
            keeps_stats=keeps_stats,
            clock=clock,
        )
        self._loop = LoopThread()
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
        cache: CacheUse | None = None,
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
                cache=cache,
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
        cache: CacheUse | None = None,
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
            cache=cache,
            provider_options=provider_options,
        )
        with entered(manager, self._loop) as stream:
            yield stream

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
        cache: CacheUse | None = None,
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
                cache=cache,
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
        cache: CacheUse | None = None,
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
                cache=cache,
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

    def conversation(
        self,
        *,
        model: str | None = None,
        instructions: str | None = None,
        history_policy: HistoryPolicy | None = None,
        id: str | None = None,
        tools: Sequence[Tool] = (),
        on_tool_call: ToolCallback | None = None,
        summarize: Summarizer | None = None,
        retention: RetentionChoice | None = None,
    ) -> Conversation:
        """A new conversation; see `AsyncClient.conversation`."""
        made = self._client.conversation(
            model=model,
            instructions=instructions,
            history_policy=history_policy,
            id=id,
            tools=tools,
            on_tool_call=on_tool_call,
            summarize=summarize,
            retention=retention,
        )
        return Conversation(made, self._loop)

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
