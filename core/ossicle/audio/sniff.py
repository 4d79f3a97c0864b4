"""The closed sniffer: from bytes to `AudioFacts`, by arithmetic on headers alone."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any, BinaryIO

from ossicle.audio.containers.id3 import skip_leading_tags
from ossicle.audio.containers.joined import with_further_parts
from ossicle.audio.containers.source import Source
from ossicle.audio.containers.tracks import no_such_track
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_HEAD_BYTES = 1024
_TEXT_BYTES = 512

# A magic decides alone; the order has no meaning but speed: a module is imported when all those
# before it have said no, so that a WAV file costs one of them.
_BY_MAGIC = (
    "riff", "flac", "ogg", "mp4", "matroska", "aiff", "au", "caf", "voc", "w64", "asf", "amr",
    "avi", "flv", "wavpack", "tta", "sphere", "mpegts",
)  # fmt: skip
# A sync word of 11 to 16 bits is no proof; these look at several frames and may say no.
_BY_FRAMES = ("ac3", "adts", "mpeg")


def sniff(file: BinaryIO, n_bytes: int, *, track: int | None = None) -> AudioFacts:
    """What the header of a seekable file says; its name and any label play no part.

    Total and bounded: any bytes give facts or `MalformedAudioError`, reading is limited to some
    hundred kilobytes and some thousand places, and nothing is allocated by what a header claims.
    Only where sizes are missing or false, or bytes follow the samples, up to 64 MiB are searched
    for further headers.

    Args:
        file: Seekable and binary; where it stands does not matter.
        n_bytes: Its size in bytes.
        track: Which of its audio tracks, from 1; `None` for the first.

    Raises:
        ConfigurationError: It has no track of this number.
        MalformedAudioError: The bytes are not audio that ossicle knows, or their header is
            impossible; the message says what they look like.
    """
    source = Source(file, n_bytes, track=track)
    if source.n_bytes == 0:
        raise MalformedAudioError("there are no bytes", fix="Give a file that is not empty.")
    start = skip_leading_tags(source)
    source.start = start
    facts = _read(source)
    if facts is None:
        raise MalformedAudioError(
            _stranger(source),
            fix="Give audio in a known format, such as WAV, FLAC or MP3. What headerless audio is "
            'must be said: AudioClip.from_raw(data, "pcmu:8000:1"), or --input-format.',
        )
    if track is not None and track != facts.track:
        raise no_such_track(track, max(len(facts.tracks), 1))
    if start:
        facts = replace(facts, notes=(*facts.notes, "id3"))
    return facts


def _read(source: Source) -> AudioFacts | None:
    head = source.at(source.start, _HEAD_BYTES)
    for name in _BY_MAGIC:
        container = _container(name)
        if container.matches(head):
            facts: AudioFacts = container.read_facts(source)
            return with_further_parts(source, facts, container.read_facts)
    if _container("foreign_files").describe(head[:_TEXT_BYTES]) is not None:
        return None
    found = (_container(name).read_facts(source) for name in _BY_FRAMES)
    return next((facts for facts in found if facts is not None), None)


def _container(name: str) -> Any:
    """A module of `ossicle.audio.containers`, imported when a file may need it."""
    return importlib.import_module(f"ossicle.audio.containers.{name}")


def _stranger(source: Source) -> str:
    if source.start >= source.n_bytes:
        return f"nothing but a tag in {source.n_bytes} bytes"
    name = _container("foreign_files").describe(source.at(source.start, _TEXT_BYTES))
    if name is not None:
        return f"looks like {name}"
    return f"no known audio format in {source.n_bytes} bytes"
