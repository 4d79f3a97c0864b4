"""Making messages readable for a language model: what was spoken becomes its transcript."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ossicle.cascade.counting import Counter, part_tokens, text_tokens
from ossicle.cascade.stages import Heard, Recognizer, worst
from ossicle.cascade.transcript_cache import TranscriptCache
from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import AudioPart, AudioReference, Message, Part, Request, Segment, TextPart
from ossicle.messages.events import FinishReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """A request's messages as text.

    Attributes:
        messages: The same messages with each audio part replaced by a text part.
        heard: What was heard in the newest message, clip by clip.
        finish_reason: Why hearing ended; other than `stop`, not all of it was heard.
    """

    messages: tuple[Message, ...]
    heard: tuple[Heard, ...]
    finish_reason: FinishReason = "stop"


async def text_turns(
    request: Request, *, recognizer: Recognizer | None, counter: Counter, memory: TranscriptCache
) -> Turns:
    """Replace all audio by what it says, and count what came in.

    A transcript that came with the audio is believed; else the clip is heard, one of an earlier
    message only where its words are not remembered.

    Raises:
        UnsupportedFeatureError: There is audio to hear and no recognizer, or a reference without a
            transcript.
    """
    counter.words_in += text_tokens(request.instructions or "")
    messages: list[Message] = []
    heard: list[Heard] = []
    reason: FinishReason = "stop"
    language = request.language
    for message in request.messages:
        heard.clear()
        parts: list[Part] = []
        for given in message.parts:
            part = given
            if message is not request.messages[-1]:
                part = await _remembered(given, memory, language=language)
            if isinstance(part, AudioPart) and part.transcript is None:
                said = await hear_clip(
                    part, recognizer=recognizer, language=language, counter=counter
                )
                if said.finish_reason == "stop":
                    await memory.keep(part.clip, said.text, language=language)
                reason = worst(reason, said.finish_reason)
                heard.append(said)
                parts.append(TextPart(text=said.text))
            else:
                written = _written(part)
                counter.words_in += part_tokens(written)
                parts.append(written)
        messages.append(Message(role=message.role, parts=tuple(parts)))
    return Turns(messages=tuple(messages), heard=tuple(heard), finish_reason=reason)


async def _remembered(part: Part, memory: TranscriptCache, *, language: str | None) -> Part:
    if not isinstance(part, AudioPart) or part.transcript is not None:
        return part
    words = await memory.find(part.clip, language=language)
    return part if words is None else TextPart(text=words)


async def hear_clip(
    part: AudioPart, *, recognizer: Recognizer | None, language: str | None, counter: Counter
) -> Heard:
    """What is said in one clip, with at least one segment where anything is said; counted.

    Raises:
        UnsupportedFeatureError: There is no recognizer.
    """
    if recognizer is None:
        raise UnsupportedFeatureError(
            "this cascade cannot hear", feature="audio_input", fix="Build it with a recognizer."
        )
    with counter.charging(recognizer):
        heard = await recognizer.hear(part.clip, language=language)
    counter.add_heard(heard, part.clip.duration_s)
    if heard.segments or not heard.text:
        return heard
    whole = Segment(text=heard.text, start_s=0.0, end_s=part.clip.duration_s)
    return replace(heard, segments=(whole,))


def _written(part: Part) -> Part:
    if isinstance(part, AudioPart):
        return TextPart(text=part.transcript or "")
    if isinstance(part, AudioReference):
        if part.transcript is None:
            raise UnsupportedFeatureError(
                f"a cascade cannot follow the audio reference of provider {part.provider!r}",
                feature="audio_references",
                fix="Send the audio itself, or its transcript.",
            )
        return TextPart(text=part.transcript)
    return part
