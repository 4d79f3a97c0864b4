"""Making messages readable for a thinker: what was spoken becomes its transcript."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ossicle.cascade.counting import Counter, part_tokens, text_tokens
from ossicle.cascade.stages import Heard, Hearer, worst
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


async def text_turns(request: Request, *, hearer: Hearer | None, counter: Counter) -> Turns:
    """Replace all audio by what it says, and count what came in.

    A transcript that came with the audio is believed; else the clip is heard, in the history too.

    Raises:
        UnsupportedFeatureError: There is audio to hear and no hearer, or a reference without a
            transcript.
    """
    counter.words_in += text_tokens(request.instructions or "")
    messages: list[Message] = []
    heard: list[Heard] = []
    reason: FinishReason = "stop"
    for message in request.messages:
        heard.clear()
        parts: list[Part] = []
        for part in message.parts:
            if isinstance(part, AudioPart) and part.transcript is None:
                said = await hear_clip(
                    part, hearer=hearer, language=request.language, counter=counter
                )
                heard.append(said)
                reason = worst(reason, said.finish_reason)
                parts.append(TextPart(text=said.text))
            else:
                written = _written(part)
                counter.words_in += part_tokens(written)
                parts.append(written)
        messages.append(Message(role=message.role, parts=tuple(parts)))
    return Turns(messages=tuple(messages), heard=tuple(heard), finish_reason=reason)


async def hear_clip(
    part: AudioPart, *, hearer: Hearer | None, language: str | None, counter: Counter
) -> Heard:
    """What is said in one clip, with at least one segment where anything is said; counted.

    Raises:
        UnsupportedFeatureError: There is no hearer.
    """
    if hearer is None:
        raise UnsupportedFeatureError(
            "this cascade cannot hear", feature="audio_input", fix="Build it with a hearer."
        )
    with counter.charging(hearer):
        heard = await hearer.hear(part.clip, language=language)
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
