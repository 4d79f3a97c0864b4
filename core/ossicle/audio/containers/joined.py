"""Whole files one behind the other, as streaming speech servers and `cat` leave them.

Also with sizes that are not known: a header within the samples would be heard as a click.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ossicle.audio.containers.header import is_fixed_width
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_MAX_PARTS = 4096
_LEFT_BYTES = 512
"""Fewer bytes behind the samples than this are padding or a tag."""
_OPENERS = {
    "wav": re.compile(rb"(?:RIFF|RIFX|RF64|BW64)[\x00-\xff]{4}WAVE"),
    "aiff": re.compile(rb"FORM[\x00-\xff]{4}AIF[FC]"),
    "au": re.compile(rb"\.snd\x00\x00|dns\.[\x00-\xff]{2}\x00\x00"),
    "caf": re.compile(rb"caff\x00\x01\x00\x00desc"),
    "w64": re.compile(rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"),
}
_DOUBTS = ("sizes_unknown", "truncated")


def with_further_parts(
    source: Source, first: AudioFacts, read_facts: Callable[[Source], AudioFacts]
) -> AudioFacts:
    """The facts of all files in a row that are of one format; what is left is counted.

    Args:
        source: Its `start` moves.
        first: Of the file in front, of any format.
        read_facts: Its reader.
    """
    opener = _OPENERS.get(first.format.container)
    if opener is None or first.data_offset is None or first.data_bytes is None:
        return first
    parts = list(first.parts) or [(first.data_offset, first.data_bytes)]
    facts, unread = first, first.unread_bytes
    while len(parts) < _MAX_PARTS:
        if not {*_DOUBTS, "trailing_bytes"}.intersection(facts.notes):
            break
        begin, n_bytes = parts[-1]
        found = _next(source, opener, begin if _is_doubtful(facts) else begin + n_bytes)
        if found is None:
            unread = facts.unread_bytes
            break
        parts[-1] = (begin, min(n_bytes, found - begin))
        following = _facts_at(source, found, read_facts)
        if following is None or following.format != first.format or not _joins(first):
            unread = source.n_bytes - found
            break
        facts, unread = following, following.unread_bytes
        parts += list(facts.parts) or [(facts.data_offset or 0, facts.data_bytes or 0)]
    else:
        unread = source.n_bytes - sum(parts[-1])
    return _joined(first, facts, parts, unread)


def _is_doubtful(facts: AudioFacts) -> bool:
    return bool({*_DOUBTS}.intersection(facts.notes))


def _joins(facts: AudioFacts) -> bool:
    return is_fixed_width(facts.format.encoding)


def _next(source: Source, opener: re.Pattern[bytes], start: int) -> int | None:
    """Where the next header begins that a program could have written."""
    while (found := source.find(opener, start)) is not None:
        if opener is not _OPENERS["au"] or _is_au(source.at(found, 24)):
            return found
        start = found + 1
    return None


def _is_au(head: bytes) -> bool:
    """Four letters are no proof in the midst of samples."""
    order = "big" if head[:4] == b".snd" else "little"
    offset, _, code, rate, channels = (
        int.from_bytes(head[at : at + 4], order)  # type: ignore[arg-type]  # a literal
        for at in range(4, 24, 4)
    )
    return 24 <= offset <= 4096 and 1 <= code <= 27 and 4000 <= rate <= 192_000 and channels <= 16


def _facts_at(
    source: Source, start: int, read_facts: Callable[[Source], AudioFacts]
) -> AudioFacts | None:
    source.start = start
    try:
        return read_facts(source)
    except MalformedAudioError:
        return None


def _joined(
    first: AudioFacts, last: AudioFacts, parts: list[tuple[int, int]], unread: int
) -> AudioFacts:
    unread = unread if unread >= _LEFT_BYTES else 0
    notes = [note for note in first.notes if note != "truncated"]
    notes += [note for note in last.notes if note not in notes]
    if len(parts) > 1:
        # All that follows was read, or is counted below.
        notes = [note for note in notes if note != "trailing_bytes"] + ["joined"]
    if unread:
        notes.append("unread_bytes")
    total = sum(n_bytes for _, n_bytes in parts)
    facts = replace(first, notes=tuple(notes), unread_bytes=unread)
    if not _joins(first):
        return facts
    assert first.format.channels is not None
    assert first.format.sample_rate is not None
    width = (first.format.sample_width or 1) * first.format.channels
    whole = [(begin, n_bytes // width * width) for begin, n_bytes in parts]
    total = sum(n_bytes for _, n_bytes in whole)
    return replace(
        facts,
        frames=total // width,
        duration_s=total / width / first.format.sample_rate,
        data_bytes=total,
        parts=tuple(part for part in whole if part[1]) if len(whole) > 1 else (),
    )
