"""Other providers as stages: whoever transcribes hears, who answers thinks, who speaks speaks."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any, Self

from anyio import to_thread

from ossicle.abc import AudioInput, AudioProvider, Capabilities, FormatRule, cost_of
from ossicle.audio import AudioClip, AudioFormat
from ossicle.cascade.relay import closing
from ossicle.cascade.samples import is_same, raw_samples
from ossicle.cascade.stages import Heard, Piece
from ossicle.errors import ConfigurationError, StreamIncompleteError, UnsupportedFeatureError
from ossicle.messages import (
    TEXT_TO_TEXT,
    AudioDelta,
    AudioPart,
    Cost,
    Finished,
    Message,
    RefusalDelta,
    Reply,
    ReplyFold,
    Request,
    Task,
    TextDelta,
    TextPart,
    Tool,
    ToolChoice,
    sum_costs,
)
from ossicle.messages.events import FinishReason

_OWN_SETTINGS = ("temperature", "seed", "max_output_tokens")


class _ProviderStage:
    """What the three stages have in common."""

    is_billed = True

    def __init__(
        self, provider: AudioProvider, model: str, *, task: Task, owns_provider: bool
    ) -> None:
        self._provider = provider
        self._record = _record_with(provider, model, task=task)
        self._task: Task = task
        self._owns_provider = owns_provider
        self._settings: dict[str, Any] = {}
        self._costs: list[Cost | None] = []  # one for each time it was asked

    @property
    def cost(self) -> Cost | None:
        """What its work has cost, as the provider tells and prices it; see `stages`."""
        return sum_costs(self._costs)

    def for_request(self, request: Request) -> Self:
        """The stage with a request's settings; see `PerRequest`.

        Raises:
            UnsupportedFeatureError: The model cannot take them.
        """
        bound = copy(self)
        bound._settings = self._settings_of(request)
        bound._costs = []
        return bound

    def _settings_of(self, request: Request) -> dict[str, Any]:
        settings: dict[str, Any] = {"deadline": request.deadline}
        if request.task != self._task:
            return settings
        if self._task != "respond" and request.instructions:
            # A language model is given them by the cascade.
            if not self._record.instructions:
                raise _unsupported("instructions", self._record)
            settings["instructions"] = request.instructions
        return settings | {name: getattr(request, name) for name in _OWN_SETTINGS}

    @contextlib.contextmanager
    def _paying(self) -> Iterator[ReplyFold]:
        """Around one request: what its answer cost, if that came to its end."""
        fold = ReplyFold(provider=self._record.provider, model=self._record.model)
        self._costs.append(None)
        place = len(self._costs) - 1
        yield fold
        if not fold.is_complete:
            raise _broken_off(self._record)
        if fold.usage is not None:
            self._costs[place] = cost_of(fold.usage, self._record.prices)

    async def aclose(self) -> None:
        """Close the provider, if it is owned."""
        if self._owns_provider:
            await self._provider.aclose()


class ProviderRecognizer(_ProviderStage):
    """Hears with a provider's transcription.

    The provider stays the caller's: closing the stage closes it too only when asked to.

    Attributes:
        is_billed: Its work counts as paid.

    Args:
        provider: One whose model has the task `transcribe`.
        model: Its own name of the model.
        owns_provider: Whether `aclose` closes the provider.

    Raises:
        ConfigurationError: The model does not transcribe.
        UnknownModelError: There is no such model.
    """

    def __init__(self, provider: AudioProvider, model: str, *, owns_provider: bool = False) -> None:
        super().__init__(provider, model, task="transcribe", owns_provider=owns_provider)
        record = self._record
        self.audio_input: AudioInput = record.audio_input or AudioInput(formats=())
        self.languages = record.languages

    async def hear(self, clip: AudioClip, *, language: str | None) -> Heard:
        """What the provider transcribes; see `Recognizer.hear`.

        Raises:
            StreamIncompleteError: The provider broke off.
        """
        request = Request(
            task="transcribe",
            model=self._record.model,
            messages=(Message(role="user", parts=(AudioPart(clip=clip),)),),
            language=language,
            **self._settings,
        )
        with self._paying() as fold:
            events = self._provider.respond(request)
            async with closing(events):
                async for event in events:
                    fold.add(event)
        reply = fold.reply()
        return Heard(
            text=reply.content or "",
            language=reply.language,
            segments=reply.segments,
            finish_reason=_reason_of(reply),
        )


class ProviderLanguageModel(_ProviderStage):
    """Thinks with a provider's answers from text to text.

    Args:
        provider: One whose model has the row `text_to_text` of the task `respond`.
        model: Its own name of the model.
        owns_provider: Whether `aclose` closes the provider.

    Raises:
        ConfigurationError: The model does not answer text with text.
        UnknownModelError: There is no such model.
    """

    def __init__(self, provider: AudioProvider, model: str, *, owns_provider: bool = False) -> None:
        super().__init__(provider, model, task="respond", owns_provider=owns_provider)
        record = self._record
        if record.row_for("respond", TEXT_TO_TEXT.inputs, TEXT_TO_TEXT.outputs) is None:
            raise ConfigurationError(
                f"{record!s} does not answer text with text",
                fix="Use a text model as the language model of a cascade.",
            )
        self.supports_tools = record.tools
        self.supports_instructions = record.instructions

    async def think(
        self,
        messages: Sequence[Message],
        *,
        instructions: str | None,
        tools: Sequence[Tool],
        tool_choice: ToolChoice | None,
        max_output_tokens: int | None,
    ) -> AsyncIterator[Piece]:
        """What the provider answers; see `LanguageModel.think`.

        Raises:
            StreamIncompleteError: The provider broke off.
        """
        settings: dict[str, Any] = {**self._settings, "max_output_tokens": max_output_tokens}
        request = Request(
            task="respond",
            model=self._record.model,
            messages=tuple(messages),
            instructions=instructions,
            stream=self._record.streaming,
            tools=tuple(tools),
            tool_choice=tool_choice,
            **settings,
        )
        with self._paying() as fold:
            events = self._provider.respond(request)
            async with closing(events):
                async for event in events:
                    fold.add(event)
                    if isinstance(event, TextDelta):
                        yield event.text
                    elif isinstance(event, RefusalDelta):
                        yield event
        reply = fold.reply()
        for call in reply.tool_calls:
            yield call
        yield Finished(reason=reply.finish_reason)


class ProviderSynthesizer(_ProviderStage):
    """Speaks with a provider's text to speech.

    Args:
        provider: One whose model has the task `speak` and gives raw 16-bit PCM.
        model: Its own name of the model.
        owns_provider: Whether `aclose` closes the provider.

    Raises:
        ConfigurationError: The model does not speak, or not as raw PCM of a known rate.
        UnknownModelError: There is no such model.
    """

    def __init__(self, provider: AudioProvider, model: str, *, owns_provider: bool = False) -> None:
        super().__init__(provider, model, task="speak", owns_provider=owns_provider)
        record = self._record
        self._streams, self.format = _raw_output(record)
        self.voices = record.voices
        self.default_voice = record.default_voice
        self.languages = record.languages
        self.max_text_chars = record.max_text_chars

    async def speak(
        self, text: str, *, voice: str | None, speed: float
    ) -> AsyncIterator[bytes | Finished]:
        """What the provider speaks; see `Synthesizer.speak`.

        What comes in `format` is handed on as it comes. Anything else (a file
        after all, another rate) is kept until its end and converted.

        Raises:
            UnsupportedFeatureError: A speed other than 1.0, for which there is no common setting.
            InvalidReplyError: What came is no audio, or cannot be converted.
            PluginContractError: The provider changed the format within one answer.
            StreamIncompleteError: The provider broke off.
        """
        if speed != 1.0:
            raise _unsupported("speed", self._record)
        request = Request(
            task="speak",
            model=self._record.model,
            # What stands between sentences is nothing to say, and vendors bill it by the character.
            messages=(Message(role="user", parts=(TextPart(text=text.strip()),)),),
            output=frozenset({"audio"}),
            voice=voice,
            output_format=self.format,
            stream=self._streams,
            **self._settings,
        )
        with self._paying() as fold:
            events = self._provider.respond(request)
            async with closing(events):
                async for event in events:
                    if isinstance(event, AudioDelta) and is_same(event.format, self.format):
                        # The fold checks order and format; the samples it need not keep.
                        fold.add(replace(event, data=b""))
                        yield event.data
                    else:
                        fold.add(event)
        reply = fold.reply()
        if reply.audio is not None:
            provider = self._record.provider
            convert = partial(raw_samples, reply.audio, self.format, provider=provider)
            yield await to_thread.run_sync(convert, abandon_on_cancel=True)
        if (reason := _reason_of(reply)) != "stop":
            yield Finished(reason=reason)

    def _settings_of(self, request: Request) -> dict[str, Any]:
        settings = super()._settings_of(request)
        if settings.pop("max_output_tokens", None) is not None:
            # Each sentence is a request of its own: none of them knows what the others used.
            raise _unsupported("max_output_tokens", self._record)
        if not any(isinstance(part, AudioPart) for one in request.messages for part in one.parts):
            settings["language"] = request.language
        return settings


def _record_with(provider: AudioProvider, model: str, *, task: Task) -> Capabilities:
    record = provider.capabilities(model)
    if task not in record.tasks:
        raise ConfigurationError(
            f"{record!s} does not {task}",
            fix=f"Use a model with the task {task!r} for this stage.",
        )
    return record


def _raw_output(record: Capabilities) -> tuple[bool, AudioFormat]:
    """Whether to stream, and the raw format that the model gives then."""
    output = record.audio_output
    streamed: tuple[FormatRule, ...] = () if output is None else output.streamed
    whole: tuple[FormatRule, ...] = () if output is None else output.whole
    for is_streamed, rules in ((True, streamed), (False, whole)):
        for rule in rules:
            encodings = rule.encodings or ("pcm_s16le",)
            if rule.container == "raw" and "pcm_s16le" in encodings and rule.sample_rates:
                channels = rule.channels[0] if rule.channels else 1
                rate = rule.sample_rates[0]
                return is_streamed, AudioFormat.pcm(sample_rate=rate, channels=channels)
    raise ConfigurationError(
        f"{record!s} gives no raw 16-bit PCM of a known sample rate",
        fix="Use a model that gives pcm16 as the synthesizer of a cascade.",
    )


def _broken_off(record: Capabilities) -> StreamIncompleteError:
    return StreamIncompleteError(
        f"{record!s} broke off within a cascade",
        provider=record.provider,
        fix="Ask again.",
    )


def _reason_of(reply: Reply) -> FinishReason:
    """Why it ended, where a model that declines to hear or to speak counts as filtered."""
    return "content_filter" if reply.refusal else reply.finish_reason


def _unsupported(feature: str, record: Capabilities) -> UnsupportedFeatureError:
    return UnsupportedFeatureError(
        f"{record!s} takes no {feature} as a part of a cascade",
        feature=feature,
        fix="Leave it out.",
    )
