"""The one pure fold from a stream of events to a reply."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from ossicle.audio import AudioClip, AudioFormat
from ossicle.audio.wav import repair_wav
from ossicle.errors import InvalidReplyError, MalformedAudioError, PluginContractError
from ossicle.messages.events import (
    AudioDelta,
    Event,
    Finished,
    InputHeard,
    LanguageDetected,
    ReferenceIssued,
    RefusalDelta,
    ReplyStarted,
    Segment,
    SegmentReported,
    TextDelta,
    ToolCallDelta,
    TranscriptDelta,
    UsageReported,
)
from ossicle.messages.parts import AudioReference
from ossicle.messages.reply import Reply
from ossicle.messages.tools import ToolCall
from ossicle.messages.usage import Usage


class ReplyFold:
    """Adds events up to a `Reply`.

    The fold, not the provider, carries half samples over, joins text, repairs headers and decides
    whether the stream was complete. Any splitting of deltas folds to the same reply.

    Args:
        provider: Name of the provider, for the reply and for errors.
        model: The model that was asked.
    """

    def __init__(self, *, provider: str, model: str) -> None:
        self._provider = provider
        self._started = ReplyStarted(model=model)
        self._heard: list[str] = []
        self._text: list[str] = []
        self._transcript: list[str] = []
        self._refusal: list[str] = []
        self._audio = bytearray()
        self._audio_format: AudioFormat | None = None
        self._calls = ToolCallFold(provider)
        self._reference_id: str | None = None
        self._expires_at: float | None = None
        self._segments: list[Segment] = []
        self._language: str | None = None
        self._usage: Usage | None = None
        self._finished: Finished | None = None

    @property
    def is_complete(self) -> bool:
        """Whether `Finished` has come."""
        return self._finished is not None

    @property
    def has_content(self) -> bool:
        """Whether anything has come that a caller would miss."""
        return bool(self._text or self._transcript or self._audio or self._calls or self._refusal)

    @property
    def usage(self) -> Usage | None:
        """What was used so far, as told; `None`: not told."""
        return self._usage

    @property
    def audio_bytes(self) -> int:
        """How many bytes of audio have come."""
        return len(self._audio)

    def add(self, event: Event) -> None:
        """Take one more event.

        Raises:
            PluginContractError: The provider sent something after `Finished`, or changed the
                audio format on the way.
        """
        if self._finished is not None:
            raise PluginContractError(
                f"provider {self._provider!r} sent {type(event).__name__} after Finished",
                plugin=self._provider,
                fix="Report it to the author of the provider.",
            )
        match event:
            case TextDelta(text=text):
                self._text.append(text)
            case TranscriptDelta(text=text):
                self._transcript.append(text)
            case RefusalDelta(text=text):
                self._refusal.append(text)
            case AudioDelta():
                self._add_audio(event)
            case ToolCallDelta():
                self._calls.add(event)
            case _:
                self._add_fact(event)

    def _add_fact(self, event: Event) -> None:
        match event:
            case ReplyStarted():
                self._started = ReplyStarted(
                    request_id=event.request_id or self._started.request_id,
                    reply_id=event.reply_id or self._started.reply_id,
                    model=event.model or self._started.model,
                    server_time_s=event.server_time_s or self._started.server_time_s,
                )
            case InputHeard(text=text):
                self._heard.append(text)
            case ReferenceIssued():
                self._reference_id = event.id or self._reference_id
                self._expires_at = event.expires_at or self._expires_at
            case SegmentReported(segment=segment):
                self._segments.append(segment)
            case LanguageDetected(language=language):
                self._language = language
            case UsageReported(usage=usage):
                self._usage = usage
            case Finished():
                self._finished = event
            case _:
                raise PluginContractError(
                    f"provider {self._provider!r} sent a {type(event).__name__}, which is no event",
                    plugin=self._provider,
                )

    def _add_audio(self, event: AudioDelta) -> None:
        if self._audio_format is None:
            self._audio_format = event.format
        elif self._audio_format != event.format:
            raise PluginContractError(
                f"provider {self._provider!r} changed the audio format from "
                f"{self._audio_format} to {event.format} within one reply",
                plugin=self._provider,
            )
        self._audio += event.data

    def reply(self) -> Reply:
        """Everything so far as a reply; of an incomplete stream, the part that was received.

        Raises:
            InvalidReplyError: The audio is no audio, or a tool call has no name.
        """
        finished = self._finished or Finished(reason="length")
        transcript = "".join(self._transcript) or None
        audio = self._clip()
        reference = None
        if self._reference_id is not None:
            reference = AudioReference(
                provider=self._provider,
                id=self._reference_id,
                expires_at=self._expires_at,
                transcript=transcript,
                duration_s=None if audio is None else audio.duration_s,
            )
        return Reply(
            provider=self._provider,
            model=self._started.model or "",
            id=self._started.reply_id,
            request_id=self._started.request_id,
            server_time_s=self._started.server_time_s,
            heard="\n".join(self._heard) if self._heard else None,
            content="".join(self._text) or None,
            transcript=transcript,
            refusal="".join(self._refusal) or None,
            audio=audio,
            reference=reference,
            tool_calls=self._calls.calls(),
            finish_reason=finished.reason,
            segments=tuple(self._segments),
            language=self._language,
            usage=self._usage or Usage(),
        )

    def _clip(self) -> AudioClip | None:
        form = self._audio_format
        if form is None or not self._audio:
            return None
        data = bytes(self._audio)
        if form.container == "raw":
            return raw_clip(data, form)
        try:
            clip = AudioClip.from_bytes(data)
        except MalformedAudioError as error:
            raise InvalidReplyError(
                f"the audio of {len(data)} bytes in the reply is not audio: {error.what}",
                provider=self._provider,
                request_id=self._started.request_id,
                billed=True,
                fix="Ask again; if it repeats, report the request id to the vendor.",
            ) from error
        if clip.format.container == "wav" and {"sizes_unknown", "joined"} & set(clip.facts.notes):
            clip = AudioClip.from_bytes(repair_wav(data, clip.facts))
        return clip


def raw_clip(data: bytes, form: AudioFormat) -> AudioClip:
    """A clip over raw little-endian PCM of a known format; a last part of a frame is cut off."""
    width = form.frame_width
    if width is None or form.sample_rate is None or form.channels is None:
        raise PluginContractError(
            f"raw audio without a full format: {form}",
            plugin="provider",
            fix="Give sample_format, sample_rate and channels with every AudioDelta.",
        )
    return AudioClip.from_pcm(
        data[: len(data) - len(data) % width],
        sample_rate=form.sample_rate,
        channels=form.channels,
        sample_format=form.sample_format,
    )


@dataclass(slots=True)
class _Call:
    index: int
    id: str | None = None
    name: str | None = None
    arguments: list[str] = field(default_factory=list)

    def is_another(self, event: ToolCallDelta) -> bool:
        """Whether the event begins the next call at the same index."""
        if event.id is not None and self.id is not None:
            return event.id != self.id
        return event.name is not None and self.name is not None and event.name != self.name


class ToolCallFold:
    """Adds deltas up to whole calls; any splitting of deltas gives the same calls.

    Args:
        provider: Name of the provider, for errors.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._calls: list[_Call] = []

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._calls)

    def add(self, event: ToolCallDelta) -> None:
        """Take one more piece: of the call with its id, else of the last one at its index."""
        call = self._call_of(event)
        call.id = event.id or call.id
        call.name = event.name or call.name
        call.arguments.append(event.arguments)

    def _call_of(self, event: ToolCallDelta) -> _Call:
        at_index = [call for call in self._calls if call.index == event.index]
        for call in at_index:
            if event.id is not None and call.id == event.id:
                return call
        if at_index and not at_index[-1].is_another(event):
            return at_index[-1]
        self._calls.append(_Call(index=event.index))
        return self._calls[-1]

    def calls(self) -> tuple[ToolCall, ...]:
        """All of them, by index and then as they came.

        Raises:
            InvalidReplyError: One has no name.
        """
        found: list[ToolCall] = []
        for call in sorted(self._calls, key=lambda one: one.index):
            if call.name is None:
                raise InvalidReplyError(
                    f"tool call {call.index} has no name", provider=self._provider, billed=True
                )
            for nth, arguments in enumerate(_objects("".join(call.arguments))):
                name = call.id or f"call_{call.index}"
                taken = {one.id for one in found}
                while name in taken:
                    name = f"{name}_{nth + 1}"
                found.append(ToolCall(id=name, name=call.name, arguments=arguments))
        return tuple(found)


def _objects(text: str) -> list[str]:
    """The text, cut where one JSON object ends and the next begins; whole where it is no such."""
    decoder, parts, at = json.JSONDecoder(), [], 0
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            return [text]
        if not isinstance(value, dict):
            return [text]
        parts.append(text[at:end])
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return parts if len(parts) > 1 else [text or "{}"]
