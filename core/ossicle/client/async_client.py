"""`AsyncClient`: what an application holds, under asyncio and trio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import SecretStr

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings
from ossicle.client.call_router import CallArguments, CallRouter
from ossicle.client.client_backend import AsyncConversations, ClientBackend
from ossicle.client.inputs import AudioSource
from ossicle.client.ledger import open_budget
from ossicle.client.providers import ProviderPool, parse_model_references
from ossicle.conversation import (
    AsyncConversation,
    ConversationState,
    HistoryPolicy,
    RetentionChoice,
    Summarizer,
    ToolCallback,
    new_id,
    retention_of,
)
from ossicle.messages import Message, Reply, Task, Tool, ToolChoice
from ossicle.pipeline import CacheUse, Explanation, PipelineSettings, ReplyStream, make_runtime
from ossicle.pipeline.arguments import OUTPUTS, outputs_of
from ossicle.plugins import PluginHost
from ossicle.policy import Budget, BudgetLimits, Clock, RetryPolicy
from ossicle.storage import AudioCache, Store
from ossicle.telemetry import Stats

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

DEFAULT_TIMEOUT_S = 120.0
"""Total seconds for one call: preparation, waits and repeats included."""


class AsyncClient:
    """Talks with models that hear or speak.

    Args:
        provider: Name, `"provider:model"`, or an `AudioProvider` that the application built; of a
            list the later ones are asked when those before them fail and surely were not executed
            (in `respond`, `speak`, `transcribe` and conversations).
        model: Used when a call names none; `None` lets the provider's default decide.
        api_key: The vendor's key; `None` lets the provider look into its own environment
            variable.
        base_url: Endpoint other than the vendor's own.
        options: The provider's own settings, which it validates.
        settings: How audio is prepared, judged and delivered.
        retry: When to repeat; the default never repeats what may have been executed.
        max_concurrency: Calls at one provider at the same time, of all tenants' views of this
            client in one event loop; further ones wait in line, at most their own `timeout_s`. A
            cascade counts as one provider, its parts are not counted. `None`: any number.
        budget: Reserved before each call; shared by all tenants' views of this client. Of mere
            `BudgetLimits` the books are kept in the store, where all processes share them.
        allow_plugins: Names of third-party plugins that may load; a loaded plugin is trusted code.
        store: Keeps conversations; the application closes it.
        cache: Keeps speech, transcripts and prepared audio; the application closes its store.
        retention: What of conversations may be written down, unless they say otherwise, and of
            calls by the cache.
        plugins: Objects with hook implementations: an application's own providers, validators
            and listeners.
        tenant: On whose behalf; see `for_tenant`.
        timeout_s: Total seconds for one call, unless the call says otherwise.
        keeps_stats: Whether calls are counted; see `stats`.
        clock: For tests.

    Raises:
        ConfigurationError: A setting is wrong.
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
        stats = Stats()
        listeners = [stats] if keeps_stats else []
        host = PluginHost(
            allow=allow_plugins,
            plugins=[*plugins, *listeners],
        )
        (name, named_model), fallbacks, instances = parse_model_references(provider)
        model = model or named_model
        key = SecretStr(api_key) if isinstance(api_key, str) else api_key
        own = ProviderSettings(api_key=key, base_url=base_url, options=options or {})
        self._owns_pool, self._store = True, store
        self._router = CallRouter(
            host=host,
            pool=ProviderPool(host, settings={name: own}, instances=instances),
            runtime=make_runtime(
                host,
                settings=settings or PipelineSettings(),
                clock=clock,
                retry=retry,
                max_concurrency=max_concurrency,
                budget=open_budget(budget, store, clock),
                cache=cache,
            ),
            provider=name,
            model=model,
            tenant=tenant,
            timeout_s=timeout_s,
            stats=stats,
            fallbacks=fallbacks,
            retention=retention_of(retention),
        )

    def for_tenant(self, tenant: str) -> AsyncClient:
        """A view of this client on behalf of someone else; shares everything, closes nothing."""
        view = object.__new__(AsyncClient)
        view._router = self._router.for_tenant(tenant)
        view._owns_pool, view._store = False, self._store
        return view

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close all providers; closing twice is harmless, and what is asked afterwards is refused.

        Raises:
            PluginContractError: A provider could not be closed; all others are.
        """
        if self._owns_pool:
            with anyio.CancelScope(shield=True):
                await self._router.pool.aclose()

    async def respond(
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
        """Say something to a model, in text or audio or both, and get its whole answer.

        Args:
            text: What is written to the model.
            audio: What is spoken to it: paths, encoded bytes, clips, binary files, or a list.
            history: Earlier messages, oldest first.
            instructions: How the model shall behave.
            output: What the answer shall be made of: `text`, `audio` or both.
            voice: Name of the voice, or `None` for the model's default.
            output_format: `wav`, `mp3`, `flac`, `opus`, `aac`, `pcm16`, ... `None`: WAV, or what
                the model gives where that is no PCM.
            tools: What the model may call; the calls are on the reply, the application answers
                them with a message of role `tool` at the end of `history`.
            tool_choice: Whether the model may, must not or must call a tool.
            language: BCP 47 tag of the speech; `None`: detect.
            max_output_tokens: Upper bound of the answer.
            temperature: Sampling temperature.
            seed: For repeatable sampling, where the vendor has it.
            model: Other than the client's: `"model"` or `"provider:model"`.
            timeout_s: Total seconds for this call.
            cache: `use` takes the answer to the very same request from the client's cache, or
                keeps it there: it is no new sample then. `None`: only prepared audio is taken from
                it and kept. `renew`, `off`: as in `speak`.
            provider_options: Vendors' extras by provider name.

        Raises:
            OssicleError: See `ossicle.errors`; nothing was paid when it is an `AudioError`, an
                `UnsupportedFeatureError` or a `ConfigurationError`.
        """
        fields = {
            "instructions": instructions,
            "output": outputs_of("respond", output),
            "voice": voice,
            "output_format": output_format,
            "tools": tuple(tools or ()),
            "tool_choice": tool_choice,
            "language": language,
            "max_output_tokens": max_output_tokens,
            "temperature": temperature,
            "seed": seed,
            "provider_options": provider_options or {},
        }
        ask = CallArguments(
            task="respond",
            text=text,
            audio=audio,
            history=history,
            model=model,
            timeout_s=timeout_s,
            fields=fields,
            cache=cache,
        )
        return await self._router.collect(ask)

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
    ) -> AbstractAsyncContextManager[ReplyStream]:
        """The same as `respond`, as events while they come: `async with client.stream(...) as s`.

        Arguments are those of `respond`, and two differ: `output_format=None` gives audio events
        as the model streams them, mostly raw 16-bit samples; `task` may be `speak` or
        `transcribe` as well. What the cache has comes from there as events; streams of the same do
        not wait for each other.

        Raises:
            OssicleError: On entering the context, or while reading.
        """
        fields = {
            "instructions": instructions,
            "output": outputs_of(task, output),
            "voice": voice,
            "output_format": output_format,
            "tools": tuple(tools or ()),
            "tool_choice": tool_choice,
            "language": language,
            "max_output_tokens": max_output_tokens,
            "temperature": temperature,
            "seed": seed,
            "provider_options": provider_options or {},
        }
        ask = CallArguments(
            task=task,
            text=text,
            audio=audio,
            history=history,
            model=model,
            timeout_s=timeout_s,
            fields=fields,
            cache=cache,
        )
        return self._router.connect(ask, streams=True)

    async def speak(
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
        """Turn text into speech, word for word.

        Args:
            text: What is to be said.
            voice: Name of the voice, or `None` for the model's default.
            output_format: As in `respond`.
            instructions: How to say it, where the model takes that.
            language: BCP 47 tag, where the model can use it.
            model: Other than the provider's default: `"model"` or `"provider:model"`.
            timeout_s: Total seconds for this call.
            cache: `None`, `use`: taken from the client's cache, or kept there. `renew`: made anew
                and kept. `off`: the cache is neither read nor written.
            provider_options: Vendors' extras by provider name.

        Raises:
            OssicleError: See `ossicle.errors`.
        """
        fields = {
            "output": outputs_of("speak"),
            "voice": voice,
            "output_format": output_format,
            "instructions": instructions,
            "language": language,
            "provider_options": provider_options or {},
        }
        ask = CallArguments(
            task="speak", text=text, model=model, timeout_s=timeout_s, fields=fields, cache=cache
        )
        return await self._router.collect(ask)

    async def transcribe(
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
        """Turn speech into text.

        Args:
            audio: A path, encoded bytes, a clip or a binary file.
            language: BCP 47 tag of the speech; `None`: detect.
            instructions: Words and context that help to hear right, where the model takes that.
            model: Other than the provider's default: `"model"` or `"provider:model"`.
            timeout_s: Total seconds for this call.
            cache: `None`, `use`: taken from the client's cache, or kept there. `renew`: made anew
                and kept. `off`: the cache is neither read nor written.
            provider_options: Vendors' extras by provider name.

        Raises:
            OssicleError: See `ossicle.errors`.
        """
        fields = {
            "output": outputs_of("transcribe"),
            "language": language,
            "instructions": instructions,
            "provider_options": provider_options or {},
        }
        ask = CallArguments(
            task="transcribe",
            audio=audio,
            model=model,
            timeout_s=timeout_s,
            fields=fields,
            cache=cache,
        )
        return await self._router.collect(ask)

    async def explain(
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
        """What a call would do to the audio, what it would cost and whether it would be sent.

        The audio is prepared and judged on this machine; nothing is sent. Arguments are those of
        `respond`; `task` may be `speak` or `transcribe` as well.

        Raises:
            OssicleError: As the call would raise, but for quality, which stands in the findings.
        """
        fields = {
            "instructions": instructions,
            "output": outputs_of(task, output),
            "voice": voice,
            "output_format": output_format,
        }
        ask = CallArguments(
            task=task,
            text=text,
            audio=audio,
            history=history,
            model=model,
            timeout_s=timeout_s,
            fields=fields,
        )
        return await self._router.explain(ask)

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
    ) -> AsyncConversation:
        """A new conversation, kept in the client's store from its first turn on.

        Args:
            model: Other than the client's: `"model"`, `"provider"` or `"provider:model"`.
            instructions: How the model shall behave.
            history_policy: How much is told again on each turn.
            id: For the store; `None`: a random one. Go on with a stored one by
                `conversations.open`.
            tools: Offered on every turn.
            on_tool_call: Runs them, once their arguments fit their schema; `None` denies all.
            summarize: Sums up turns that leave the history over its budget.
            retention: What of it may be written down; `None`: as the client says.

        Raises:
            ConfigurationError: The id is not 1 to 256 bytes of text.
        """
        kept = self._router.retention if retention is None else retention_of(retention)
        backend = ClientBackend(self._router, kept)
        state = ConversationState(
            id=new_id() if id is None else id,
            instructions=instructions,
            references=backend.references if model is None else (model,),
            policy=history_policy or HistoryPolicy(),
            retention=kept,
        )
        return AsyncConversation(
            state,
            backend,
            tools=tools,
            on_tool_call=on_tool_call,
            summarize=summarize,
            store=self._store,
        )

    @property
    def conversations(self) -> AsyncConversations:
        """Conversations in the store, and from files."""
        return AsyncConversations(self._router, self._store)

    def models(self, provider: str | None = None) -> tuple[Capabilities, ...]:
        """What known models can do; nothing is sent and no SDK is imported.

        Args:
            provider: Only this provider's; `None` for all.
        """
        models = self._router.host.models()
        return tuple(model for model in models if provider in (None, model.provider))

    @property
    def plugins(self) -> PluginHost:
        """The plugins of this client."""
        return self._router.host

    @property
    def stats(self) -> Stats:
        """Figures over the calls of this client and all its tenants' views."""
        return self._router.stats
