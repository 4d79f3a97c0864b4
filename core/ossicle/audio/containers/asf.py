"""ASF, the container of Windows Media Audio.

Source: Microsoft, "Advanced Systems Format (ASF) Specification", revision 01.20.06, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.audio.containers.source import Source
from ossicle.audio.containers.wave_format import WaveFormat, read_wave_format
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_STREAM_PROPERTIES = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_AUDIO_MEDIA = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_MAX_OBJECTS = 256
_IS_BROADCAST = 1


def matches(head: bytes) -> bool:
    """Whether these first 16 bytes open an ASF file."""
    return head[:16] == _HEADER


@dataclass(slots=True)
class _Properties:
    wave: WaveFormat | None = None
    duration_s: float | None = None
    file_size: int = 0


def read_facts(source: Source) -> AudioFacts:
    """What the header objects say of the first audio stream.

    Raises:
        MalformedAudioError: There is no audio stream, or the header is cut off or impossible.
    """
    header_size, count = source.fields("<QI", source.start + 16)
    end = min(source.start + header_size, source.n_bytes)
    properties = _Properties()
    offset = source.start + 30
    for _ in range(min(count, _MAX_OBJECTS)):
        head = source.at(offset, 24)
        size = int.from_bytes(head[16:], "little")
        if len(head) < 24 or size < 24 or offset >= end:
            break
        if head[:16] == _FILE_PROPERTIES:
            _read_file(source, offset + 24, properties)
        elif head[:16] == _STREAM_PROPERTIES and properties.wave is None:
            _read_stream(source, offset + 24, properties)
        offset += size
    if properties.wave is None:
        raise MalformedAudioError(
            "the ASF file has no audio stream", format="asf", fix="Give a file with sound."
        )
    is_cut = properties.file_size > source.n_bytes
    duration_s = properties.duration_s
    if is_cut and duration_s is not None:
        duration_s *= source.n_bytes / properties.file_size
    return AudioFacts(
        format=properties.wave.format,
        n_bytes=source.n_bytes,
        duration_s=duration_s,
        is_estimate=is_cut and duration_s is not None,
        data_offset=end,
        notes=("truncated",) if is_cut else (),
    )


def _read_file(source: Source, body: int, properties: _Properties) -> None:
    file_size, play, preroll_ms, flags = source.fields("<16xQ8x8xQ8xQI", body)
    properties.file_size = file_size
    seconds = play / 1e7 - preroll_ms / 1e3
    if not flags & _IS_BROADCAST and 0 < seconds < 3.2e9:
        properties.duration_s = seconds


def _read_stream(source: Source, body: int, properties: _Properties) -> None:
    if source.exactly(body, 16) != _AUDIO_MEDIA:
        return
    (size,) = source.fields("<I", body + 40)
    properties.wave = read_wave_format(source.at(body + 54, min(size, 64)), container="asf")
