"""From a client's arguments to a call under way: which provider, which model, what draft."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from anyio import to_thread

from ossicle.audio import AudioClip
from ossicle.client.inputs import AudioSource, conversation_of, load_all
from ossicle.client.providers import ProviderPool, split_reference
from ossicle.conversation import RetentionPolicy
from ossicle.conversation.outcome import is_clean, may_use_another
from ossicle.errors import ConfigurationError, OssicleError
from ossicle.messages import Message, Reply, Task
from ossicle.pipeline import (
    CachePolicy,
    CacheUse,
    CallRequest,
    Explanation,
    ReplyStream,
    Retention,
    Runtime,
    explain_call,
)
from ossicle.pipeline.arguments import checked_seconds, naming_arguments
from ossicle.plugins import PluginHost
from ossicle.telemetry import Stats


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArguments:
    """What a client's method was given.

    Attributes:
        task: What kind of call.
        text: What is written, or `None`.
        audio: What is spoken, or `None`.
        history: Earlier messages.
        model: Reference other than the client's, or `None`.
        timeout_s: Other than the client's, or `None`.
        fields: The remaining fields of the `CallRequest`.
        cache: What of it may come from the cache; `None`: what is usual for the task.
    """

    task: Task
    text: str | None = None
    audio: AudioSource | Sequence[AudioSource] | None = None
    history: Sequence[Message] = ()
    model: str | None = None
    timeout_s: float | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    cache: CacheUse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRouter:
    """Connects a client's asks with providers.

    Attributes:
        host: The plugins.
        pool: The providers.
        runtime: What calls work with.
        provider: Name of the default provider.
        model: Name of the default model, or `None` for the provider's own default.
        tenant: On whose behalf.
        timeout_s: Total seconds for one call.
        stats: Figures over the calls.
        fallbacks: References of models that are asked when those before them fail cleanly.
        retention: What of its calls may be written down.
    """

    host: PluginHost
    pool: ProviderPool
    runtime: Runtime
    provider: str
    model: str | None
    tenant: str
    timeout_s: float
    stats: Stats
    fallbacks: tuple[str, ...] = ()
    retention: RetentionPolicy = field(default_factory=RetentionPolicy)

    def for_tenant(self, tenant: str) -> CallRouter:
        """The same on behalf of someone else."""
        return replace(self, tenant=tenant)

    @asynccontextmanager
    async def connect(self, ask: CallArguments, *, streams: bool) -> AsyncIterator[ReplyStream]:
        """The call under way.

        Raises:
            OssicleError: Whatever stands against sending it.
        """
        name, model = self.resolve(ask.model, ask.task)
        self.check_options(ask.fields.get("provider_options"))
        stream = self._stream(
            await self._request_of(ask, streams=streams),
            name,
            model,
            timeout_s=self._seconds(ask),
            cache_policy=CachePolicy(use=checked_use(ask.cache), retention=self.retention.level),
        )
        async with stream:
            yield stream

    async def collect(self, ask: CallArguments) -> Reply:
        """The whole answer; of the next model where one fails and surely was not executed.

        Raises:
            OssicleError: Of the last model that was asked.
        """
        names = (None, *self.fallbacks) if ask.model is None else (ask.model,)
        notes: tuple[str, ...] = ()
        for name in names:
            try:
                async with self.connect(replace(ask, model=name), streams=False) as stream:
                    return with_notes(await stream.collect(), notes)
            except OssicleError as error:
                if name == names[-1] or not (may_use_another(error) and is_clean(error)):
                    raise
                notes += (f"{name or self.provider} failed ({error.code}): the next one is asked",)
        raise AssertionError("unreachable: the last model returns or raises")

    def call(
        self,
        wanted: CallRequest,
        *,
        reference: str | None,
        timeout_s: float,
        conversation_id: str | None = None,
        retention: Retention = "audio",
    ) -> ReplyStream:
        """The call of a request that is ready, not begun yet.

        Args:
            wanted: What is asked for.
            reference: Of the model; `None`: the client's.
            timeout_s: Total seconds for the call.
            conversation_id: To which conversation it belongs, for the budget.
            retention: What of it may be written down.

        Raises:
            OssicleError: There is no such model, or its provider cannot be used.
        """
        name, model = self.resolve(reference, wanted.task)
        return self._stream(
            wanted,
            name,
            model,
            timeout_s=timeout_s,
            conversation_id=conversation_id,
            cache_policy=CachePolicy(retention=retention),
        )

    async def explain(self, ask: CallArguments) -> Explanation:
        """What the call would do; nothing is sent."""
        name, model = self.resolve(ask.model, ask.task)
        self.check_options(ask.fields.get("provider_options"))
        seconds = self._seconds(ask)
        return await explain_call(
            await self._request_of(ask, streams=False),
            self.pool.capabilities(name, model),
            self.runtime,
            deadline=self.runtime.clock.monotonic() + seconds,
            timeout_s=seconds,
        )

    async def _request_of(self, ask: CallArguments, *, streams: bool) -> CallRequest:
        clips: list[AudioClip] = []
        if ask.audio is not None:  # a turn of text has no business in another thread
            limits = self.runtime.settings.limits
            clips = await to_thread.run_sync(lambda: load_all(ask.audio, limits=limits))
        messages = conversation_of(ask.text, clips, ask.history, task=ask.task)
        with naming_arguments():
            return CallRequest(task=ask.task, messages=messages, stream=streams, **ask.fields)

    def resolve(self, reference: str | None, task: Task) -> tuple[str, str]:
        """Provider and model of a call.

        Args:
            reference: `"provider:model"`, `"provider"` or `"model"`; `None`: the client's.
            task: What kind of call.
        """
        name, model = self.provider, self.model
        if reference is not None:
            if ":" in reference:
                name, model = split_reference(reference)
            elif self.pool.knows(reference):
                name, model = reference, None
            else:
                model = reference
        elif model is not None and task not in self.pool.capabilities(name, model).tasks:
            # The client's model is a chat model, say, and this call transcribes.
            model = None
        return name, model or self.pool.default_model(name, task)

    def _stream(
        self,
        wanted: CallRequest,
        name: str,
        model: str,
        *,
        timeout_s: float,
        conversation_id: str | None = None,
        cache_policy: CachePolicy,
    ) -> ReplyStream:
        if self.runtime.call_cache is not None:
            cache_policy = replace(cache_policy, endpoint_key=self.pool.endpoint_key(name))
        return ReplyStream(
            wanted,
            provider=self.pool.get(name),
            capabilities=self.pool.capabilities(name, model),
            runtime=self.runtime,
            tenant=self.tenant,
            timeout_s=timeout_s,
            conversation_id=conversation_id,
            cache_policy=cache_policy,
        )

    def check_options(self, named: object) -> None:
        """Options of other providers wait for a call to those; a name nobody has is a mistake.

        Args:
            named: By provider name.

        Raises:
            ConfigurationError: There is no provider of such a name.
        """
        if not isinstance(named, Mapping):
            return  # the draft says what is wrong with it
        for name in named:
            if not self.pool.knows(name):
                raise ConfigurationError(
                    f"provider_options names {name!r}, which is no provider here",
                    fix="Use the names that `ossicle plugins` shows.",
                )

    def _seconds(self, ask: CallArguments) -> float:
        return checked_seconds(self.timeout_s if ask.timeout_s is None else ask.timeout_s)


def checked_use(use: CacheUse | None) -> CacheUse | None:
    """The same.

    Raises:
        ConfigurationError: There is no such use.
    """
    if use is not None and use not in get_args(CacheUse):
        raise ConfigurationError(
            f"the cache cannot be told {use!r}", fix='Use "use", "renew", "off", or None.'
        )
    return use


def with_notes(reply: Reply, notes: tuple[str, ...]) -> Reply:
    """The reply with more notes on its receipt."""
    if not notes or reply.receipt is None:
        return reply
    receipt = reply.receipt.model_copy(update={"notes": (*reply.receipt.notes, *notes)})
    return reply.model_copy(update={"receipt": receipt})
