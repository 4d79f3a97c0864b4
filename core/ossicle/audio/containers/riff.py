"""WAV in all its covers: RIFF, RIFX (big-endian) and RF64/BW64 (64-bit sizes).

Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991),
RIFF; EBU Tech 3306 (RF64); ITU-R BS.2088 (BW64).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ossicle.audio.containers.header import is_fixed_width, pcm_facts
from ossicle.audio.containers.source import Source
from ossicle.audio.containers.wave_format import WaveFormat, read_wave_format
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_COVERS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_UNKNOWN_32 = 0xFFFFFFFF
# Writers that cannot know the size put a very large one: 0xFFFFFFFF (OpenAI), 0x7FFFFFFF
# (ElevenLabs), 2000000036 (pocket-tts). Above this, a size beyond the file says "unknown".
_LARGE = 0x77000000
_MAX_BEHIND = 256
_OTHER_FORMS = {b"WEBP": "a WebP picture", b"ACON": "a cursor",
                b"RMID": "a MIDI file"}  # fmt: skip


def matches(head: bytes) -> bool:
    """Whether these first 12 bytes open a RIFF file of any kind but AVI."""
    return head[:4] in _COVERS and len(head) >= 12 and head[8:12] != b"AVI "


@dataclass(slots=True, kw_only=True)
class _Chunks:
    riff_size: int
    wave_format: WaveFormat | None = None
    data_offset: int | None = None
    data_size: int = 0
    ds64_data_size: int | None = None
    claimed_frames: int | None = None
    further: list[tuple[int, int]] = field(default_factory=list)
    end: int = 0


def read_facts(source: Source) -> AudioFacts:
    """What the header of a WAV file says.

    A data size of 0, of 0xFFFFFFFF and its like, or beyond the file is not believed: the samples
    then reach to the end of the file. A valid one is, and what follows is left unread.

    Raises:
        MalformedAudioError: The header is cut off, impossible, or not of a WAV.
    """
    head = source.exactly(source.start, 12)
    if head[8:12] != b"WAVE":
        seen = _OTHER_FORMS.get(head[8:12], "a RIFF file, but no WAV")
        raise MalformedAudioError(f"looks like {seen}", fix="Give an audio file.")
    big_endian = head[:4] == b"RIFX"
    chunks = _walk(source, big_endian=big_endian)
    if chunks.wave_format is None or chunks.data_offset is None:
        missing = "fmt" if chunks.wave_format is None else "data"
        raise MalformedAudioError(
            f"the WAV has no {missing} chunk", format="wav", fix="Get the file again."
        )
    data_bytes, notes = _true_size(source, chunks)
    wave = chunks.wave_format
    notes = (*wave.notes, *notes)
    unread = 0
    if "trailing_bytes" in notes:
        _walk_behind(source, chunks, chunks.data_offset + data_bytes, big_endian)
        unread = max(source.n_bytes - chunks.end, 0)
    if is_fixed_width(wave.format.encoding):
        facts = pcm_facts(
            wave.format,
            n_bytes=source.n_bytes,
            data_offset=chunks.data_offset,
            data_bytes=data_bytes,
            bit_depth=wave.bit_depth,
            notes=notes,
        )
        if chunks.further:
            facts = replace(facts, parts=((chunks.data_offset, data_bytes), *chunks.further))
        return replace(facts, unread_bytes=unread)
    facts = wave.facts(
        n_bytes=source.n_bytes,
        data_offset=chunks.data_offset,
        data_bytes=data_bytes,
        claimed_frames=chunks.claimed_frames,
    )
    return replace(facts, notes=notes, unread_bytes=unread)


def _walk(source: Source, *, big_endian: bool) -> _Chunks:
    """Chunk by chunk until both `fmt ` and `data` are found."""
    order = ">" if big_endian else "<"
    chunks = _Chunks(riff_size=source.fields(f"{order}I", source.start + 4)[0])
    offset = source.start + 12
    while len(header := source.at(offset, 8)) == 8:
        name = header[:4]
        size = int.from_bytes(header[4:], "big" if big_endian else "little")
        body = offset + 8
        if name == b"fmt ":
            chunks.wave_format = read_wave_format(
                source.at(body, min(size, 64)), container="wav", big_endian=big_endian
            )
        elif name == b"ds64" and size >= 16:
            chunks.riff_size, chunks.ds64_data_size = source.fields("<QQ", body)
        elif name == b"fact" and size >= 4 and chunks.claimed_frames is None:
            (chunks.claimed_frames,) = source.fields(f"{order}I", body)
        elif name == b"data" and chunks.data_offset is None:
            chunks.data_offset = body
            if size == _UNKNOWN_32 and chunks.ds64_data_size is not None:
                size = chunks.ds64_data_size
            chunks.data_size = size
            if chunks.wave_format is not None:
                break
        # Chunks begin at even offsets, except in files whose writer forgot that.
        offset = body + size + (size & 1)
        if size & 1 and not _is_chunk_name(source.at(offset, 4)) and offset < source.n_bytes:
            offset -= _is_chunk_name(source.at(offset - 1, 4))
    return chunks


def _walk_behind(source: Source, chunks: _Chunks, offset: int, big_endian: bool) -> None:
    """Further `data` chunks behind the first, and where what is made of chunks ends."""
    chunks.end = offset
    for _ in range(_MAX_BEHIND):
        offset += offset & 1 if _is_chunk_name(source.at(offset + (offset & 1), 4)) else 0
        header = source.at(offset, 8)
        size = int.from_bytes(header[4:], "big" if big_endian else "little")
        name = header[:4]
        if len(header) < 8 or not _is_chunk_name(name) or name in _COVERS:
            return
        size = min(size, source.n_bytes - offset - 8)
        if name == b"data":
            chunks.further.append((offset + 8, size))
        offset += 8 + size
        chunks.end = offset


def _true_size(source: Source, chunks: _Chunks) -> tuple[int, tuple[str, ...]]:
    """Bytes of samples that are there, and what was odd about the sizes."""
    assert chunks.data_offset is not None
    available = source.n_bytes - chunks.data_offset
    size = chunks.data_size
    riff_is_unknown = chunks.riff_size == 0 or chunks.riff_size >= _UNKNOWN_32 > source.n_bytes
    if size == 0 and available > 0 and not _ends_empty(source, chunks):
        return available, ("sizes_unknown",)
    if size > available:
        return available, ("sizes_unknown" if size >= _LARGE else "truncated",)
    notes: tuple[str, ...] = ("sizes_unknown",) if riff_is_unknown else ()
    if available > size + (size & 1):
        notes = (*notes, "trailing_bytes")
    return size, notes


def _ends_empty(source: Source, chunks: _Chunks) -> bool:
    """Whether a data size of 0 is meant: another chunk follows inside the RIFF's own size."""
    assert chunks.data_offset is not None
    riff_end = source.start + 8 + chunks.riff_size
    if riff_end <= chunks.data_offset or chunks.riff_size >= _LARGE:
        return False
    following = source.at(chunks.data_offset, 8)
    if len(following) < 8 or not _is_chunk_name(following[:4]):
        return False
    return chunks.data_offset + 8 + int.from_bytes(following[4:], "little") <= source.n_bytes


def _is_chunk_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= byte < 127 for byte in name)
