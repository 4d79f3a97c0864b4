"""WavPack: lossless blocks, each with a header.

Source: D. Bryant, "WavPack 4 & 5 Binary File / Block Format" section 2.
"""

from __future__ import annotations

from ossicle.audio.containers.header import checked_format
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts

_RATES = (6000, 8000, 9600, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
          64_000, 88_200, 96_000, 192_000)  # fmt: skip
_IS_MONO, _IS_FINAL, _HAS_DATA_OF = 4, 0x1000, 0xFFFFFFFF
_MAX_BLOCKS = 32


def matches(head: bytes) -> bool:
    """Whether these first 4 bytes open a WavPack file."""
    return head[:4] == b"wvpk"


def read_facts(source: Source) -> AudioFacts:
    """What the first block says; more than two channels are spread over several blocks.

    Raises:
        MalformedAudioError: The header is cut off or impossible.
    """
    offset, channels = source.start, 0
    total, rate, depth = 0, 44_100, 16
    for number in range(_MAX_BLOCKS):
        size, total_low, flags = source.fields("<4xI4xI8xI4x", offset)
        if number == 0:
            total, rate, depth = _first(source, offset, size, total_low, flags)
        channels += 1 if flags & _IS_MONO else 2
        offset += 8 + size
        if flags & _IS_FINAL:
            break
    frames = None if total == _HAS_DATA_OF else total
    # A block of 24 bytes and more stands for at most 131,072 frames.
    if frames is not None and frames > (source.n_bytes // 24 + 1) << 17:
        frames = None
    return AudioFacts(
        format=checked_format("wavpack", "wavpack", sample_rate=rate, channels=channels),
        n_bytes=source.n_bytes,
        frames=frames,
        duration_s=None if frames is None else frames / rate,
        data_offset=source.start,
        bit_depth=depth,
    )


def _first(source: Source, offset: int, size: int, total: int, flags: int) -> tuple[int, int, int]:
    index = flags >> 23 & 15
    rate = _RATES[index] if index < len(_RATES) else _custom_rate(source, offset, size)
    return total, rate, 8 * ((flags & 3) + 1)


def _custom_rate(source: Source, offset: int, size: int) -> int:
    """The rate of a sub-block (ID 0x27), where the table has none."""
    at, end = offset + 32, min(offset + 8 + size, source.n_bytes)
    for _ in range(64):
        head = source.at(at, 8)
        if len(head) < 2 or at >= end:
            break
        is_large = bool(head[0] & 0x80)
        words = int.from_bytes(head[1 : 4 if is_large else 2], "little")
        body = at + (4 if is_large else 2)
        if head[0] & 0x3F == 0x27:
            return int.from_bytes(source.at(body, 3), "little")
        at = body + 2 * words
    return 0
