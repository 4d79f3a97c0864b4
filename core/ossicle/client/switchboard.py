"""From a client's arguments to a call under way: which provider, which model, what draft."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from anyio import to_thread

from ossicle.client.asking import AudioSource, conversation_of, load_all
from ossicle.client.providers import ProviderPool, split_reference
from ossicle.errors import ConfigurationError
from ossicle.messages import Message, Task
from ossicle.pipeline import Draft, Explanation, ReplyStream, Shop, explain_call
from ossicle.plugins import PluginHost
from ossicle.telemetry import Stats


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a client's method was given.

    Attributes:
        task: What kind of call.
        text: What is written, or `None`.
        audio: What is spoken, or `None`.
        history: Earlier messages.
        model: Reference other than the client's, or `None`.
        timeout_s: Other than the client's, or `None`.
        fields: The remaining fields of the `Draft`.
    """

    task: Task
    text: str | None = None
    audio: AudioSource | Sequence[AudioSource] | None = None
    history: Sequence[Message] = ()
    model: str | None = None
    timeout_s: float | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switchboard:
    """Connects a client's asks with providers.

    Attributes:
        host: The plugins.
        pool: The providers.
        shop: What calls work with.
        provider: Name of the default provider.
        model: Name of the default model, or `None` for the provider's own default.
        tenant: On whose behalf.
        timeout_s: Total seconds for one call.
        stats: Figures over the calls.
    """

    host: PluginHost
    pool: ProviderPool
    shop: Shop
    provider: str
    model: str | None
    tenant: str
    timeout_s: float
    stats: Stats

    def for_tenant(self, tenant: str) -> Switchboard:
        """The same on behalf of someone else."""
        return replace(self, tenant=tenant)

    @asynccontextmanager
    async def connect(self, ask: Ask, *, streams: bool) -> AsyncIterator[ReplyStream]:
        """The call under way.

        Raises:
            OssicleError: Whatever stands against sending it.
        """
        name, model = self._resolve(ask)
        stream = ReplyStream(
            await self._draft(ask, streams=streams),
            provider=self.pool.get(name),
            capabilities=self.pool.capabilities(name, model),
            shop=self.shop,
            tenant=self.tenant,
            timeout_s=self._seconds(ask),
        )
        async with stream:
            yield stream

    async def explain(self, ask: Ask) -> Explanation:
        """What the call would do; nothing is sent."""
        name, model = self._resolve(ask)
        seconds = self._seconds(ask)
        return await explain_call(
            await self._draft(ask, streams=False),
            self.pool.capabilities(name, model),
            self.shop,
            deadline=self.shop.clock.monotonic() + seconds,
            timeout_s=seconds,
        )

    async def _draft(self, ask: Ask, *, streams: bool) -> Draft:
        limits = self.shop.settings.limits
        clips = await to_thread.run_sync(lambda: load_all(ask.audio, limits=limits))
        return Draft(
            task=ask.task,
            messages=conversation_of(ask.text, clips, ask.history),
            stream=streams,
            **ask.fields,
        )

    def _resolve(self, ask: Ask) -> tuple[str, str]:
        """Provider and model of a call."""
        name, model = self.provider, self.model
        if ask.model is not None:
            if ":" in ask.model:
                name, model = split_reference(ask.model)
            else:
                model = ask.model
        elif model is not None and ask.task not in self.pool.capabilities(name, model).tasks:
            # The client's model is a chat model, say, and this call transcribes.
            model = None
        return name, model or self.pool.default_model(name, ask.task)

    def _seconds(self, ask: Ask) -> float:
        seconds = self.timeout_s if ask.timeout_s is None else ask.timeout_s
        if not seconds > 0:
            raise ConfigurationError(
                f"timeout_s of {seconds} leaves no time", fix="Give a number of seconds above 0."
            )
        return seconds
