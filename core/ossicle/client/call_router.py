"""From what a client's method was given to a call under way: messages, provider and model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast, get_args

from anyio import from_thread, to_thread

from ossicle.audio import AudioClip
from ossicle.audio.file_objects import read_to_end
from ossicle.audio.sample_source import rate_and_samples
from ossicle.client.loop import is_private_loop
from ossicle.client.providers import ProviderPool, split_reference
from ossicle.conversation import RetentionPolicy
from ossicle.conversation.outcome import is_clean, may_use_another
from ossicle.errors import ConfigurationError, OssicleError
from ossicle.intake import IntakeLimits, load
from ossicle.messages import (
    AudioPart,
    Message,
    Part,
    Reply,
    Task,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from ossicle.pipeline import (
    AudioSource,
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
from ossicle.pipeline.call_request import is_encodable
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


_MISSING: dict[Task, tuple[str, str]] = {
    "respond": ("neither text nor audio was given", "Give text=..., audio=..., or both."),
    "speak": ("the text to speak is empty", "Give what is to be said."),
    "transcribe": ("no audio was given", "Give a path, bytes, an AudioClip or a binary file."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInputs:
    """What is said in a call.

    Attributes:
        text: What is written, or `None`.
        audio: What is spoken, or `None`.
        history: Earlier messages, oldest first.
    """

    text: str | None = None
    audio: AudioSource | Sequence[AudioSource] | None = None
    history: Sequence[Message] = ()

    async def messages(self, task: Task, *, limits: IntakeLimits) -> tuple[Message, ...]:
        """History and the newest message, with its audio loaded.

        Raises:
            ConfigurationError: There is nothing to answer, to say or to write down.
            AudioError: The audio is beyond the limits or no audio.
            FileAccessError: A path cannot be read.
        """
        clips: list[AudioClip] = []
        if self.audio is not None:  # a turn of text has no business in another thread
            clips = await to_thread.run_sync(lambda: load_all(self.audio, limits=limits))
        return conversation_of(self.text, clips, self.history, task=task)


def load_all(
    audio: AudioSource | Sequence[AudioSource] | None, *, limits: IntakeLimits
) -> list[AudioClip]:
    """Clips of one source or a list of them; blocks a worker thread of the loop."""
    if audio is None:
        return []
    is_several = isinstance(audio, list | tuple) and rate_and_samples(audio) is None
    sources = cast("Sequence[AudioSource]", audio if is_several else [audio])
    return [_load(source, limits) for source in sources]


def _load(source: AudioSource, limits: IntakeLimits) -> AudioClip:
    if not isinstance(source, AudioClip) and hasattr(source, "read"):
        # A file object bound to its caller's loop cannot be awaited on the blocking client's.
        wait = None if from_thread.run_sync(is_private_loop) else _wait
        source = read_to_end(source, max_bytes=limits.encoded_bytes, wait=wait)
    return load(source, limits=limits)


def _wait(result: Awaitable[Any]) -> Any:
    async def awaited() -> Any:
        return await result

    return from_thread.run(awaited)


def user_message(text: str | None, clips: Sequence[AudioClip]) -> Message | None:
    """The newest user message, text before audio; `None` when there is neither.

    A text of nothing but white space counts as none: vendors refuse it, or bill it for nothing.

    Raises:
        ConfigurationError: The text is none.
    """
    if text is not None and not isinstance(text, str):
        raise ConfigurationError(
            f"text is of type {type(text).__name__}", fix="Give text as a str."
        )
    if text is not None and not is_encodable(text):
        raise ConfigurationError(
            "text holds half of a surrogate pair, which is no character",
            fix="Decode it again from where it comes, with errors='replace'.",
        )
    parts: list[Part] = [TextPart(text=text)] if text is not None and text.strip() else []
    parts += [AudioPart(clip=clip) for clip in clips]
    return Message(role="user", parts=tuple(parts)) if parts else None


def check_pairs(history: Sequence[Message]) -> None:
    """Refuse a history whose tool calls and results do not pair up: every vendor does, later.

    Raises:
        ConfigurationError: A call has no result before somebody goes on, or a result no call.
    """
    if not all(isinstance(message, Message) for message in history):
        return  # the call's own check names the argument that is wrong
    waiting: dict[str, str] = {}
    for message in history:
        if message.role != "tool" and waiting:
            raise _unanswered(waiting)
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                waiting[part.call.id] = part.call.name
            elif isinstance(part, ToolResultPart) and waiting.pop(part.call_id, None) is None:
                raise ConfigurationError(
                    f"history has a result of tool call {part.call_id!r}, which it does not hold",
                    fix="Give the assistant's message with the call before it.",
                )
    if waiting:
        raise _unanswered(waiting)


def _unanswered(waiting: Mapping[str, str]) -> ConfigurationError:
    call_id, name = next(iter(waiting.items()))
    return ConfigurationError(
        f"history has a call of tool {name!r} ({call_id!r}) without a result",
        fix="Answer it: Message(role='tool', parts=(ToolResultPart(call_id=..., content=...),)).",
    )


def conversation_of(
    text: str | None, clips: Sequence[AudioClip], history: Sequence[Message], *, task: Task
) -> tuple[Message, ...]:
    """History and the newest message.

    Raises:
        ConfigurationError: There is nothing to answer, to say or to write down.
    """
    check_pairs(history)
    newest = user_message(text, clips)
    if newest is not None:
        return (*history, newest)
    if history and history[-1].role in ("user", "tool"):
        return tuple(history)
    missing, fix = _MISSING[task]
    raise ConfigurationError(missing, fix=fix)
