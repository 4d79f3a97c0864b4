"""The closed sniffer: from bytes to `AudioFacts`, by arithmetic on headers alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from ossicle.audio.containers import (
    ac3,
    adts,
    aiff,
    amr,
    asf,
    au,
    caf,
    flac,
    matroska,
    mp4,
    mpeg,
    ogg,
    riff,
    voc,
    w64,
)
from ossicle.audio.containers.foreign_files import describe
from ossicle.audio.containers.id3 import skip_leading_tags
from ossicle.audio.containers.joined import with_further_parts
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_HEAD_BYTES = 512

# A magic decides alone; the order has no meaning but speed.
_BY_MAGIC: tuple[tuple[Callable[[bytes], bool], Callable[[Source], AudioFacts]], ...] = (
    (riff.matches, riff.read_facts),
    (flac.matches, flac.read_facts),
    (ogg.matches, ogg.read_facts),
    (mp4.matches, mp4.read_facts),
    (matroska.matches, matroska.read_facts),
    (aiff.matches, aiff.read_facts),
    (au.matches, au.read_facts),
    (caf.matches, caf.read_facts),
    (voc.matches, voc.read_facts),
    (w64.matches, w64.read_facts),
    (asf.matches, asf.read_facts),
    (amr.matches, amr.read_facts),
)
# A sync word of 11 to 16 bits is no proof; these look at several frames and may say no.
_BY_FRAMES: tuple[Callable[[Source], AudioFacts | None], ...] = (
    ac3.read_facts,
    adts.read_facts,
    mpeg.read_facts,
)


def sniff(file: BinaryIO, n_bytes: int) -> AudioFacts:
    """What the header of a seekable file says; its name and any label play no part.

    Total and bounded: any bytes give facts or `MalformedAudioError`, reading is limited to some
    hundred kilobytes and some thousand places, and nothing is allocated by what a header claims.
    Only where sizes are missing or false, or bytes follow the samples, up to 64 MiB are searched
    for further headers.

    Args:
        file: Seekable and binary; where it stands does not matter.
        n_bytes: Its size in bytes.

    Raises:
        MalformedAudioError: The bytes are not audio that ossicle knows, or their header is
            impossible; the message says what they look like.
    """
    source = Source(file, n_bytes)
    if source.n_bytes == 0:
        raise MalformedAudioError("there are no bytes", fix="Give a file that is not empty.")
    start = skip_leading_tags(source)
    source.start = start
    facts = _read(source)
    if facts is None:
        raise MalformedAudioError(
            _stranger(source), fix="Give audio in a known format, such as WAV, FLAC or MP3."
        )
    if start:
        facts = replace(facts, notes=(*facts.notes, "id3"))
    return facts


def _read(source: Source) -> AudioFacts | None:
    head = source.at(source.start, _HEAD_BYTES)
    for matches, read_facts in _BY_MAGIC:
        if matches(head):
            return with_further_parts(source, read_facts(source), read_facts)
    if describe(head) is not None:
        return None
    for read_frames in _BY_FRAMES:
        facts = read_frames(source)
        if facts is not None:
            return facts
    return None


def _stranger(source: Source) -> str:
    if source.start >= source.n_bytes:
        return f"nothing but a tag in {source.n_bytes} bytes"
    name = describe(source.at(source.start, _HEAD_BYTES))
    if name is not None:
        return f"looks like {name}"
    return f"no known audio format in {source.n_bytes} bytes"
