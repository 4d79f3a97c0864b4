"""Creative Voice (`.voc`).

Source: Creative Labs, "Creative Voice File Format", as kept in the Sound Blaster developer kit.
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.audio.containers.header import checked_format, is_fixed_width
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.audio.format import AudioFormat
from ossicle.errors import MalformedAudioError

_MAGIC = b"Creative Voice File\x1a"
_ENCODINGS = {0: "pcm_u8", 4: "pcm_s16le", 6: "alaw", 7: "mulaw"}
_END, _SOUND, _MORE_SOUND, _SILENCE, _EXTENDED, _NEW_SOUND = 0, 1, 2, 3, 8, 9


def matches(head: bytes) -> bool:
    """Whether these first 20 bytes open a VOC file."""
    return head[:20] == _MAGIC


@dataclass(slots=True)
class _Sound:
    format: AudioFormat | None = None
    data_offset: int = 0
    data_bytes: int = 0
    silence_s: float = 0.0
    is_truncated: bool = False
    extended: tuple[int, int] | None = None
    """Rate and channels of an extension block; they replace those of the next sound block."""


def read_facts(source: Source) -> AudioFacts:
    """What the blocks of a VOC file say; silence blocks count into the duration.

    Raises:
        MalformedAudioError: The header is cut off or impossible, or no sound block follows.
    """
    offset = source.start + source.fields("<H", source.start + 20)[0]
    sound = _Sound()
    while len(header := source.at(offset, 4)) >= 1 and header[0] != _END and len(header) == 4:
        size = int.from_bytes(header[1:], "little")
        _read_block(source, header[0], offset + 4, size, sound)
        offset += 4 + size
    if sound.format is None or sound.format.sample_rate is None:
        raise MalformedAudioError(
            "the VOC file has no sound block", format="voc", fix="Get the file again."
        )
    form = sound.format
    width = (form.sample_width or 1) * (form.channels or 1)
    frames = sound.data_bytes // width if is_fixed_width(form.encoding) else None
    seconds = None if frames is None else frames / sound.format.sample_rate + sound.silence_s
    return AudioFacts(
        format=form,
        n_bytes=source.n_bytes,
        frames=frames if not sound.silence_s else None,
        duration_s=seconds,
        data_offset=sound.data_offset,
        bit_depth=(form.sample_width or 1) * 8,
        notes=("truncated",) if sound.is_truncated else (),
    )


def _read_block(source: Source, kind: int, body: int, size: int, sound: _Sound) -> None:
    skip = {_SOUND: 2, _NEW_SOUND: 12, _MORE_SOUND: 0}.get(kind)
    if kind == _EXTENDED and size >= 4:
        constant, _, mode = source.fields("<HBB", body)
        channels = 2 if mode else 1
        sound.extended = 256_000_000 // (channels * (65536 - constant)), channels
    elif kind == _SILENCE and size >= 3:
        length, constant = source.fields("<HB", body)
        sound.silence_s += (length + 1) * (256 - constant) / 1e6
    elif skip is not None and size >= skip:
        if kind == _MORE_SOUND and sound.format is None:
            return
        if kind != _MORE_SOUND and sound.format is None:
            sound.format = _read_format(source, kind, body, sound.extended)
            sound.data_offset = body + skip
        there = max(source.n_bytes - body, 0)
        if kind == _NEW_SOUND and body + size + 8 == source.n_bytes - 1:
            # libsndfile counts 4 of the 12 bytes that describe the sound.
            size += 8
        sound.is_truncated = sound.is_truncated or size > there
        sound.data_bytes += max(min(size, there) - skip, 0)


def _read_format(
    source: Source, kind: int, body: int, extended: tuple[int, int] | None
) -> AudioFormat:
    if kind == _NEW_SOUND:
        sample_rate, _, channels, codec = source.fields("<IBBH", body)
    else:
        constant, codec = source.fields("<BB", body)
        sample_rate, channels = extended or (1_000_000 // (256 - constant), 1)
    return checked_format(
        "voc", _ENCODINGS.get(codec, "unknown"), sample_rate=sample_rate, channels=channels
    )
