"""AIFF and AIFC.

Source: Apple, "Audio Interchange File Format 1.3" (1989) and "AIFF-C" draft (1991).
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.audio.containers.header import (
    checked_format,
    float_encoding,
    integer_encoding,
    is_fixed_width,
    pcm_facts,
)
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.audio.format import AudioFormat
from ossicle.errors import MalformedAudioError

_COMPRESSED = {
    b"alaw": "alaw", b"ALAW": "alaw", b"ulaw": "mulaw", b"ULAW": "mulaw",
    b"ima4": "ima_adpcm", b"GSM ": "gsm", b"agsm": "gsm",
}  # fmt: skip
_INTEGER_WIDTHS = {
    b"in24": 3, b"in32": 4, b"42n1": 3, b"23ni": 4, b"twos": None, b"NONE": None, b"sowt": None,
}  # fmt: skip
_LITTLE_ENDIAN = (b"sowt", b"42n1", b"23ni")
_FLOAT_WIDTHS = {b"fl32": 4, b"FL32": 4, b"fl64": 8, b"FL64": 8}


def matches(head: bytes) -> bool:
    """Whether these first 12 bytes open an AIFF or AIFC file."""
    return head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")


@dataclass(slots=True, kw_only=True)
class _Common:
    format: AudioFormat
    frames: int
    bit_depth: int


def read_facts(source: Source) -> AudioFacts:
    """What the header of an AIFF or AIFC file says.

    Raises:
        MalformedAudioError: The header is cut off or impossible.
    """
    is_aifc = source.at(source.start + 8, 4) == b"AIFC"
    common: _Common | None = None
    sound: tuple[int, int] | None = None
    offset = source.start + 12
    while len(header := source.at(offset, 8)) == 8 and (common is None or sound is None):
        name, size = header[:4], int.from_bytes(header[4:], "big")
        if name == b"COMM":
            common = _read_common(source, offset + 8, size, is_aifc=is_aifc)
        elif name == b"SSND" and sound is None:
            skip = int.from_bytes(source.at(offset + 8, 4), "big")
            sound = (offset + 16 + skip, size - 8 - skip)
        offset += 8 + size + (size & 1)
    if common is None or (sound is None and common.frames > 0):
        raise MalformedAudioError(
            f"the AIFF file has no {'COMM' if common is None else 'SSND'} chunk",
            format="aiff",
            fix="Get the file again.",
        )
    return _facts(source, common, sound or (source.n_bytes, 0))


def _facts(source: Source, common: _Common, sound: tuple[int, int]) -> AudioFacts:
    data_offset, size = sound
    available = max(source.n_bytes - data_offset, 0)
    notes: tuple[str, ...] = ()
    if size <= 0 and available > 0 and common.frames == 0:
        size, notes = available, ("sizes_unknown",)
    elif size < 0:
        raise MalformedAudioError(
            "the AIFF sound begins behind its own end", format="aiff", fix="Get the file again."
        )
    elif size > available:
        size, notes = available, ("sizes_unknown" if size >= 0x77000000 else "truncated",)
    elif available > size + (size & 1):
        notes = ("trailing_bytes",)
    if not is_fixed_width(common.format.encoding):
        return AudioFacts(
            format=common.format,
            n_bytes=source.n_bytes,
            data_offset=data_offset,
            data_bytes=size,
            notes=notes,
        )
    width = (common.format.sample_width or 1) * (common.format.channels or 1)
    if common.frames and not notes:
        size = min(size, common.frames * width)
    return pcm_facts(
        common.format,
        n_bytes=source.n_bytes,
        data_offset=data_offset,
        data_bytes=size,
        bit_depth=common.bit_depth,
        notes=notes,
    )


def _read_common(source: Source, offset: int, size: int, *, is_aifc: bool) -> _Common:
    channels, frames, bits = source.fields(">HIH", offset)
    sample_rate = extended_to_int(source.exactly(offset + 8, 10))
    kind = source.exactly(offset + 18, 4) if is_aifc and size >= 22 else b"NONE"
    width = (bits + 7) // 8
    encoding: str | None
    if kind in _COMPRESSED:
        encoding, bits = _COMPRESSED[kind], 16
    elif kind == b"raw ":
        encoding = "pcm_u8" if width == 1 else None
    elif kind in _FLOAT_WIDTHS:
        encoding, bits = float_encoding(_FLOAT_WIDTHS[kind], big_endian=True), 0
    elif kind in _INTEGER_WIDTHS:
        width = _INTEGER_WIDTHS[kind] or width
        encoding = integer_encoding(width, big_endian=kind not in _LITTLE_ENDIAN)
    else:
        encoding = "unknown"
    if encoding is None:
        raise MalformedAudioError(
            f"the AIFF header claims samples of {bits} bits", format="aiff", fix="Export it again."
        )
    form = checked_format("aiff", encoding, sample_rate=sample_rate, channels=channels)
    depth = bits if 0 < bits <= 8 * (form.sample_width or 2) else 0
    return _Common(format=form, frames=frames, bit_depth=depth)


def extended_to_int(data: bytes) -> int:
    """An 80-bit IEEE 754 extended number as a whole number, rounded; 0 for what is no rate.

    Args:
        data: Ten bytes, big-endian.
    """
    exponent = int.from_bytes(data[:2], "big")
    mantissa = int.from_bytes(data[2:10], "big")
    shift = exponent - 16383 - 63
    # Negative, below 1, or above 2**32: none of these is a sample rate.
    if not -63 <= shift <= -32:
        return 0
    return (mantissa + (1 << (-shift - 1))) >> -shift
