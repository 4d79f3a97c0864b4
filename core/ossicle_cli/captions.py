"""Transcripts with times, as SubRip and WebVTT."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import Segment

_SHORTEST_S = 1.0
_LONGEST_S = 6.0
_LINES = 2
_LINE_CHARACTERS = 42
"""Two lines of 42 characters, for one to six seconds.
Source: BBC Subtitle Guidelines and Netflix Timed Text Style Guide, read 2026-11."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What stands on the screen for a while.

    Attributes:
        start_s: Seconds from the start of the audio.
        end_s: Seconds from the start of the audio.
        text: One line or several.
    """

    start_s: float
    end_s: float
    text: str


def captions_of(segments: Sequence[Segment], *, model: str) -> list[Caption]:
    """Captions from the segments of a transcription, in order of time; single words are joined.

    What is too long for a caption goes on in the next ones, its time shared out by characters. One
    that is too short stays until it can be read or the next one comes. No word is lost.

    Raises:
        UnsupportedFeatureError: The model reported no times.
    """
    timed = [part for part in segments if part.start_s is not None and part.end_s is not None]
    if not timed:
        raise UnsupportedFeatureError(
            f"{model} tells no times of what it heard",
            feature="segments",
            fix="Use --format text, or a model that gives segments; see `ossicle models`.",
        )
    whole = [part for part in timed if not part.is_word] or _joined(timed)
    spoken = [part for part in whole if part.text.strip()]
    spoken.sort(key=lambda part: part.start_s or 0.0)
    captions = [caption for part in spoken for caption in _pieces(part)]
    captions.sort(key=lambda one: one.start_s)
    starts = [*(one.start_s for one in captions), float("inf")]
    return [
        replace(one, end_s=max(one.end_s, min(one.start_s + _SHORTEST_S, next_s)))
        for one, next_s in zip(captions, starts[1:], strict=True)
    ]


def _joined(words: Sequence[Segment]) -> list[Segment]:
    made: list[Segment] = []
    for word in sorted(words, key=lambda one: one.start_s or 0.0):
        last = made[-1] if made else None
        if last is not None and _fits(last, word):
            text = f"{last.text} {word.text.strip()}"
            made[-1] = replace(last, text=text, end_s=word.end_s)
        else:
            made.append(replace(word, text=word.text.strip(), is_word=False))
    return made


def _fits(last: Segment, word: Segment) -> bool:
    length_s = (word.end_s or 0.0) - (last.start_s or 0.0)
    ends = last.text.endswith((".", "!", "?"))
    same = last.speaker == word.speaker
    if not same or ends or length_s > _LONGEST_S:
        return False
    return len(_lines(replace(last, text=f"{last.text} {word.text}"))) <= _LINES


def _pieces(part: Segment) -> list[Caption]:
    start_s, lines = part.start_s or 0.0, _lines(part)
    length_s = max(0.0, (part.end_s or 0.0) - start_s)
    texts = ["\n".join(lines[at : at + _LINES]) for at in range(0, len(lines), _LINES)]
    total, before, found = sum(map(len, texts)), 0, []
    for text in texts:
        first_s = start_s + length_s * before / total
        before += len(text)
        share_s = start_s + length_s * before / total - first_s
        found.append(Caption(start_s=first_s, end_s=first_s + min(share_s, _LONGEST_S), text=text))
    return found


def _lines(part: Segment) -> list[str]:
    # A blank line or an arrow inside a caption would end it.
    words = " ".join(part.text.split()).replace("-->", "->")
    who = f"{part.speaker}: " if part.speaker else ""
    return textwrap.wrap(who + words, _LINE_CHARACTERS)


def to_srt(captions: Sequence[Caption]) -> str:
    """SubRip."""
    return "\n".join(
        f"{number}\n{_stamp(one.start_s, ',')} --> {_stamp(one.end_s, ',')}\n{one.text}\n"
        for number, one in enumerate(captions, start=1)
    )


def to_vtt(captions: Sequence[Caption]) -> str:
    """WebVTT; what would be markup is escaped.

    Source: W3C, "WebVTT: The Web Video Text Tracks Format", 2019.
    """
    cues = [
        f"{_stamp(one.start_s, '.')} --> {_stamp(one.end_s, '.')}\n"
        + one.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        + "\n"
        for one in captions
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _stamp(seconds: float, mark: str) -> str:
    milliseconds = max(0, round(seconds * 1000))
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{mark}{rest % 1000:03d}"
