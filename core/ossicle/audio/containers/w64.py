"""Sony Wave64: WAV with 64-bit sizes and GUIDs for chunk names.

Source: Sony Pictures Digital Networks, "Wave64 Format Specification", 2003.
"""

from __future__ import annotations

from dataclasses import replace

from ossicle.audio.containers.header import is_fixed_width, pcm_facts
from ossicle.audio.containers.source import Source
from ossicle.audio.containers.wave_format import WaveFormat, read_wave_format
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_WAVE, _FMT, _DATA, _FACT = (name + _TAIL for name in (b"wave", b"fmt ", b"data", b"fact"))


def matches(head: bytes) -> bool:
    """Whether these first 40 bytes open a Wave64 file."""
    return head[:16] == _RIFF and head[24:40] == _WAVE


def read_facts(source: Source) -> AudioFacts:
    """What the header of a Wave64 file says; a data size beyond the file is not believed.

    Raises:
        MalformedAudioError: The header is cut off or impossible.
    """
    wave: WaveFormat | None = None
    claimed_frames: int | None = None
    offset = source.start + 40
    while len(header := source.at(offset, 24)) == 24:
        name, size = header[:16], int.from_bytes(header[16:], "little")
        body, size = offset + 24, size - 24  # sizes count their own 24 bytes
        if name == _DATA and wave is not None:
            return _facts(source, wave, body, size, claimed_frames)
        if size < 0:
            break
        if name == _FMT:
            wave = read_wave_format(source.at(body, min(size, 64)), container="w64")
        elif name == _FACT and size >= 8:
            (claimed_frames,) = source.fields("<Q", body)
        offset = body + size + (-size % 8)
    raise MalformedAudioError(
        f"the Wave64 file has no {'fmt' if wave is None else 'data'} chunk",
        format="w64",
        fix="Get the file again.",
    )


def _facts(
    source: Source, wave: WaveFormat, body: int, size: int, claimed_frames: int | None
) -> AudioFacts:
    available = max(source.n_bytes - body, 0)
    notes: tuple[str, ...] = wave.notes
    if size <= 0 < available:
        size, notes = available, (*notes, "sizes_unknown")
    elif size > available:
        word = "sizes_unknown" if size >= 1 << 62 else "truncated"
        size, notes = available, (*notes, word)
    elif available > size + (-size % 8):
        notes = (*notes, "trailing_bytes")
    size = max(size, 0)
    if is_fixed_width(wave.format.encoding):
        return pcm_facts(
            wave.format,
            n_bytes=source.n_bytes,
            data_offset=body,
            data_bytes=size,
            bit_depth=wave.bit_depth,
            notes=notes,
        )
    facts = wave.facts(
        n_bytes=source.n_bytes,
        data_offset=body,
        data_bytes=size,
        claimed_frames=claimed_frames,
    )
    return replace(facts, notes=notes)
