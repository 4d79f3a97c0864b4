"""From what a client's method was given to a call under way: which provider, which model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import get_args

from ossicle.client.inputs import CallInputs
from ossicle.client.providers import ProviderPool, split_reference
from ossicle.conversation import RetentionPolicy
from ossicle.conversation.outcome import is_clean, may_use_another
from ossicle.errors import ConfigurationError, OssicleError
from ossicle.messages import Reply, Task
from ossicle.pipeline import (
    CachePolicy,
    CacheUse,
    CallOptions,
    CallRequest,
    Explanation,
    ReplyStream,
    Retention,
    Runtime,
    checked_seconds,
    explain_call,
    request_of,
)
from ossicle.plugins import PluginHost
from ossicle.telemetry import Stats


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
    async def connect(
        self, task: Task, inputs: CallInputs, options: CallOptions, *, stream: bool
    ) -> AsyncIterator[ReplyStream]:
        """The call under way.

        Raises:
            OssicleError: Whatever stands against sending it.
        """
        reference = options.get("model")
        self._check(reference, task, options)
        wanted = await self._request(task, inputs, options, stream=stream)
        async with self._routed(wanted, reference, options) as under_way:
            yield under_way

    async def collect(self, task: Task, inputs: CallInputs, options: CallOptions) -> Reply:
        """The whole answer; of the next model where one fails and surely was not executed.

        Raises:
            OssicleError: Of the last model that was asked.
        """
        reference = options.get("model")
        names = (reference,) if reference is not None else (None, *self.fallbacks)
        wanted: CallRequest | None = None
        notes: tuple[str, ...] = ()
        for name in names:
            try:
                self._check(name, task, options)
                wanted = wanted or await self._request(task, inputs, options, stream=False)
                async with self._routed(wanted, name, options) as under_way:
                    return with_notes(await under_way.collect(), notes)
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

    async def explain(self, task: Task, inputs: CallInputs, options: CallOptions) -> Explanation:
        """What the call would do; nothing is sent."""
        name, model = self.resolve(options.get("model"), task)
        self.check_options(options.get("provider_options"))
        seconds = self._seconds(options)
        return await explain_call(
            await self._request(task, inputs, options, stream=False),
            self.pool.capabilities(name, model),
            self.runtime,
            deadline=self.runtime.clock.monotonic() + seconds,
            timeout_s=seconds,
        )

    def _check(self, reference: str | None, task: Task, options: CallOptions) -> None:
        """Refuse what is wrong with names and numbers before any audio is loaded."""
        self.resolve(reference, task)
        self.check_options(options.get("provider_options"))

    async def _request(
        self, task: Task, inputs: CallInputs, options: CallOptions, *, stream: bool
    ) -> CallRequest:
        messages = await inputs.messages(task, limits=self.runtime.settings.limits)
        return request_of(task, messages, options, stream=stream)

    def _routed(
        self, wanted: CallRequest, reference: str | None, options: CallOptions
    ) -> ReplyStream:
        use = checked_use(options.get("cache"))
        return self._stream(
            wanted,
            *self.resolve(reference, wanted.task),
            timeout_s=self._seconds(options),
            cache_policy=CachePolicy(use=use, retention=self.retention.level),
        )

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

    def _seconds(self, options: CallOptions) -> float:
        given = options.get("timeout_s")
        return checked_seconds(self.timeout_s if given is None else given)


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
