"""Other providers as stages: whoever transcribes hears, who answers thinks, who speaks speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial

from anyio import to_thread

from ossicle.abc import AudioInput, AudioProvider, Capabilities, FormatRule
from ossicle.audio import AudioClip, AudioFormat
from ossicle.cascade.relay import closing
from ossicle.cascade.samples import is_same, raw_samples
from ossicle.cascade.stages import Heard
from ossicle.errors import ConfigurationError, StreamIncompleteError, UnsupportedFeatureError
from ossicle.messages import (
    TEXT_TO_TEXT,
    AudioDelta,
    AudioPart,
    Event,
    Message,
    Reply,
    ReplyFold,
    Request,
    Task,
    TextDelta,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
)


class ProviderHearer:
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

    is_billed = True

    def __init__(self, provider: AudioProvider, model: str, *, owns_provider: bool = False) -> None:
        record = _record_with(provider, model, task="transcribe")
        self._provider = provider
        self._record = record
        self._owns_provider = owns_provider
        self.audio_input: AudioInput = record.audio_input or AudioInput(formats=())
        self.languages = record.languages

    async def hear(self, clip: AudioClip, *, language: str | None) -> Heard:
        """What the provider transcribes; see `Hearer.hear`.

        Raises:
            StreamIncompleteError: The provider broke off.
        """
        request = Request(
            task="transcribe",
            model=self._record.model,
            messages=(Message(role="user", parts=(AudioPart(clip=clip),)),),
            language=language,
        )
        reply = await _whole_reply(self._provider, request, record=self._record)
        return Heard(text=reply.text, language=reply.language, segments=reply.segments)

    async def aclose(self) -> None:
        """Close the provider, if it is owned."""
        if self._owns_provider:
            await self._provider.aclose()


class ProviderThinker:
    """Thinks with a provider's answers from text to text.

    Args:
        provider: One whose model has the row `text_to_text` of the task `respond`.
        model: Its own name of the model.
        owns_provider: Whether `aclose` closes the provider.

    Raises:
        ConfigurationError: The model does not answer text with text.
        UnknownModelError: There is no such model.
    """

    is_billed = True

    def __init__(self, provider: AudioProvider, model: str, *, owns_provider: bool = False) -> None:
        record = _record_with(provider, model, task="respond")
        if record.row_for("respond", TEXT_TO_TEXT.inputs, TEXT_TO_TEXT.outputs) is None:
            raise ConfigurationError(
                f"{record!s} does not answer text with text",
                fix="Use a text model as the thinker of a cascade.",
            )
        self._provider = provider
        self._record = record
        self._owns_provider = owns_provider
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
    ) -> AsyncIterator[str | ToolCall]:
        """What the provider answers; see `Thinker.think`.

        Raises:
            StreamIncompleteError: The provider broke off.
        """
        request = Request(
            task="respond",
            model=self._record.model,
            messages=tuple(messages),
            instructions=instructions,
            stream=self._record.streaming,
            tools=tuple(tools),
            tool_choice=tool_choice,
            max_output_tokens=max_output_tokens,
        )
        fold = ReplyFold(provider=self._record.provider, model=self._record.model)
        events = self._provider.respond(request)
        async with closing(events):
            async for event in events:
                fold.add(event)
                if isinstance(event, TextDelta):
                    yield event.text
        for call in _complete(fold, record=self._record).tool_calls:
            yield call

    async def aclose(self) -> None:
        """Close the provider, if it is owned."""
        if self._owns_provider:
            await self._provider.aclose()


class ProviderSpeaker:
    """Speaks with a provider's text to speech.

    Args:
        provider: One whose model has the task `speak` and gives raw 16-bit PCM.
        model: Its own name of the model.
        owns_provider: Whether `aclose` closes the provider.

    Raises:
        ConfigurationError: The model does not speak, or not as raw PCM of a known rate.
        UnknownModelError: There is no such model.
    """

    is_billed = True

    def __init__(self, provider: AudioProvider, model: str, *, owns_provider: bool = False) -> None:
        record = _record_with(provider, model, task="speak")
        self._provider = provider
        self._record = record
        self._owns_provider = owns_provider
        self._streams, self.format = _raw_output(record)
        self.voices = record.voices
        self.default_voice = record.default_voice
        self.languages = record.languages

    async def speak(self, text: str, *, voice: str | None, speed: float) -> AsyncIterator[bytes]:
        """What the provider speaks; see `Speaker.speak`.

        What comes in `format` is handed on as it comes. Anything else (a file
        after all, another rate) is kept until its end and converted.

        Raises:
            UnsupportedFeatureError: A speed other than 1.0, for which there is no common setting.
            InvalidReplyError: What came is no audio, or cannot be converted.
            PluginContractError: The provider changed the format within one answer.
            StreamIncompleteError: The provider broke off.
        """
        if speed != 1.0:
            raise UnsupportedFeatureError(
                f"a speed of {speed} with the speaker {self._record!s}",
                feature="speed",
                fix="Leave the speed at 1.0.",
            )
        request = Request(
            task="speak",
            model=self._record.model,
            # What stands between sentences is nothing to say, and vendors bill it by the character.
            messages=(Message(role="user", parts=(TextPart(text=text.strip()),)),),
            output=frozenset({"audio"}),
            voice=voice,
            output_format=self.format,
            stream=self._streams,
        )
        provider = self._record.provider
        fold = ReplyFold(provider=provider, model=self._record.model)
        events = self._provider.respond(request)
        async with closing(events):
            async for event in events:
                if isinstance(event, AudioDelta) and is_same(event.format, self.format):
                    # The fold checks order and format; the samples themselves it need not keep.
                    fold.add(replace(event, data=b""))
                    yield event.data
                else:
                    fold.add(event)
        clip = _complete(fold, record=self._record).audio
        if clip is not None:
            yield await to_thread.run_sync(
                partial(raw_samples, clip, self.format, provider=provider), abandon_on_cancel=True
            )

    async def aclose(self) -> None:
        """Close the provider, if it is owned."""
        if self._owns_provider:
            await self._provider.aclose()


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
        fix="Use a model that gives pcm16 as the speaker of a cascade.",
    )


async def _whole_reply(provider: AudioProvider, request: Request, *, record: Capabilities) -> Reply:
    fold = ReplyFold(provider=record.provider, model=record.model)
    events: AsyncIterator[Event] = provider.respond(request)
    async with closing(events):
        async for event in events:
            fold.add(event)
    return _complete(fold, record=record)


def _complete(fold: ReplyFold, *, record: Capabilities) -> Reply:
    if not fold.is_complete:
        raise _broken_off(record)
    return fold.reply()


def _broken_off(record: Capabilities) -> StreamIncompleteError:
    return StreamIncompleteError(
        f"{record!s} broke off within a cascade",
        provider=record.provider,
        fix="Ask again.",
    )
