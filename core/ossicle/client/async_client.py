"""`AsyncClient`: what an application holds, under asyncio and trio."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Unpack

import anyio
from pydantic import SecretStr

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings
from ossicle.client.call_router import CallInputs, CallRouter
from ossicle.client.client_backend import AsyncConversations, ClientBackend
from ossicle.client.client_settings import DEFAULT_TIMEOUT_S, ClientSettings, check_kinds
from ossicle.client.ledger import open_budget
from ossicle.client.providers import ProviderPool, parse_model_references
from ossicle.conversation import (
    AsyncConversation,
    ConversationState,
    HistoryPolicy,
    NewConversationOptions,
    new_id,
    retention_of,
)
from ossicle.messages import Message, Reply
from ossicle.pipeline import (
    AudioSource,
    CallOptions,
    Explanation,
    PipelineSettings,
    ReplyStream,
    RespondOptions,
    SpeakOptions,
    TranscribeOptions,
    as_call_options,
    check_names,
    make_runtime,
    takes,
)
from ossicle.plugins import PluginHost
from ossicle.telemetry import Stats

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class AsyncClient:
    """Talks with models that hear or speak.

    Args:
        provider: Name, `"provider:model"`, or an `AudioProvider` that the application built; of a
            list the later ones are asked when those before them fail and surely were not executed
            (in `respond`, `speak`, `transcribe` and conversations).
        **settings: As `ClientSettings` names them.

    Raises:
        ConfigurationError: A setting is wrong.
    """

    @takes(ClientSettings)
    def __init__(
        self,
        provider: str | AudioProvider | Sequence[str | AudioProvider],
        **settings: Unpack[ClientSettings],
    ) -> None:
        """Make a client.

        Args:
            provider: As above.
        """
        check_names("AsyncClient", settings, ClientSettings)
        check_kinds(settings)
        clock, store = settings.get("clock"), settings.get("store")
        stats = Stats()
        listeners = [stats] if settings.get("keeps_stats", True) else []
        host = PluginHost(
            allow=settings.get("allow_plugins", ()),
            plugins=[*settings.get("plugins", ()), *listeners],
        )
        (name, named_model), fallbacks, instances = parse_model_references(provider)
        for one in (name, *(one.partition(":")[0] for one in fallbacks if ":" in one)):
            if one not in instances:
                host.check_provider(one)
        key = settings.get("api_key")
        own = ProviderSettings(
            api_key=SecretStr(key) if isinstance(key, str) else key,
            base_url=settings.get("base_url"),
            options=settings.get("options") or {},
        )
        self._owns_pool, self._store = True, store
        self._router = CallRouter(
            host=host,
            pool=ProviderPool(host, settings={name: own}, instances=instances),
            runtime=make_runtime(
                host,
                settings=settings.get("settings") or PipelineSettings(),
                clock=clock,
                retry=settings.get("retry"),
                max_concurrency=settings.get("max_concurrency"),
                budget=open_budget(settings.get("budget"), store, clock),
                cache=settings.get("cache"),
            ),
            provider=name,
            model=settings.get("model") or named_model,
            tenant=settings.get("tenant", "default"),
            timeout_s=settings.get("timeout_s", DEFAULT_TIMEOUT_S),
            stats=stats,
            fallbacks=fallbacks,
            retention=retention_of(settings.get("retention", "audio")),
        )

    def __repr__(self) -> str:
        """Which provider and model, on whose behalf; no key and no address."""
        router = self._router
        model = "" if router.model is None else f":{router.model}"
        return f"{type(self).__name__}('{router.provider}{model}', tenant={router.tenant!r})"

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

    @takes(RespondOptions)
    async def respond(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        history: Sequence[Message] = (),
        **options: Unpack[RespondOptions],
    ) -> Reply:
        """Say something to a model, in text or audio or both, and get its whole answer.

        Args:
            text: What is written to the model.
            audio: What is spoken to it: paths, encoded bytes, clips, binary files, or a list.
            history: Earlier messages, oldest first.

        Raises:
            OssicleError: See `ossicle.errors`; nothing was paid when it is an `AudioError`, an
                `UnsupportedFeatureError` or a `ConfigurationError`.
        """
        check_names("respond", options, RespondOptions)
        inputs = CallInputs(text=text, audio=audio, history=history)
        return await self._router.collect("respond", inputs, as_call_options(options))

    @takes(CallOptions)
    def stream(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        history: Sequence[Message] = (),
        **options: Unpack[CallOptions],
    ) -> AbstractAsyncContextManager[ReplyStream]:
        """The same as `respond`, as events while they come: `async with client.stream(...) as s`.

        Without `output_format` audio events come as the model streams them, mostly raw 16-bit
        samples. What the cache has comes from there as events; streams of the same do not wait for
        each other.

        Args:
            text: What is written to the model.
            audio: What is spoken to it: paths, encoded bytes, clips, binary files, or a list.
            history: Earlier messages, oldest first.

        Raises:
            OssicleError: On entering the context, or while reading.
        """
        check_names("stream", options, CallOptions)
        inputs = CallInputs(text=text, audio=audio, history=history)
        return self._router.connect(options.get("task", "respond"), inputs, options, stream=True)

    @takes(SpeakOptions)
    async def speak(self, text: str, **options: Unpack[SpeakOptions]) -> Reply:
        """Turn text into speech, word for word.

        Args:
            text: What is to be said.

        Raises:
            OssicleError: See `ossicle.errors`.
        """
        check_names("speak", options, SpeakOptions)
        return await self._router.collect("speak", CallInputs(text=text), as_call_options(options))

    @takes(TranscribeOptions)
    async def transcribe(self, audio: AudioSource, **options: Unpack[TranscribeOptions]) -> Reply:
        """Turn speech into text.

        Args:
            audio: A path, encoded bytes, a clip or a binary file.

        Raises:
            OssicleError: See `ossicle.errors`.
        """
        check_names("transcribe", options, TranscribeOptions)
        inputs = CallInputs(audio=audio)
        return await self._router.collect("transcribe", inputs, as_call_options(options))

    @takes(CallOptions)
    async def explain(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        history: Sequence[Message] = (),
        **options: Unpack[CallOptions],
    ) -> Explanation:
        """What a call would do to the audio, what it would cost and whether it would be sent.

        The audio is prepared and judged on this machine; nothing is sent, and the cache is neither
        read nor written.

        Args:
            text: What would be written to the model.
            audio: What would be spoken to it.
            history: Earlier messages, oldest first.

        Raises:
            OssicleError: As the call would raise, but for quality, which stands in the findings.
        """
        check_names("explain", options, CallOptions)
        inputs = CallInputs(text=text, audio=audio, history=history)
        return await self._router.explain(options.get("task", "respond"), inputs, options)

    @takes(NewConversationOptions)
    def conversation(self, **options: Unpack[NewConversationOptions]) -> AsyncConversation:
        """A new conversation, kept in the client's store from its first turn on.

        Raises:
            ConfigurationError: The id is not 1 to 256 bytes of text.
        """
        check_names("conversation", options, NewConversationOptions)
        wanted, model, name = options.get("retention"), options.get("model"), options.get("id")
        retention = self._router.retention if wanted is None else retention_of(wanted)
        backend = ClientBackend(self._router, retention)
        state = ConversationState(
            id=new_id() if name is None else name,
            instructions=options.get("instructions"),
            references=backend.references if model is None else (model,),
            policy=options.get("history_policy") or HistoryPolicy(),
            retention=retention,
        )
        return AsyncConversation(state, backend, options, store=self._store)

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
