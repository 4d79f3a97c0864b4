"""AC-3 and E-AC-3 frames.

Source: ETSI TS 102 366 V1.4.1 clauses 4.3, 4.4 and E.1.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.audio.containers.header import checked_format
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts

_SAMPLE_RATES = (48_000, 44_100, 32_000)
_BIT_RATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576,
              640)  # fmt: skip
_CHANNELS = (2, 1, 2, 3, 3, 4, 4, 5)
_WALK_FRAMES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    encoding: str
    sample_rate: int
    channels: int
    size: int
    frames: int


def _read_frame(data: bytes) -> _Frame | None:
    if len(data) < 8 or data[:2] != b"\x0b\x77":
        return None
    stream_id = data[5] >> 3
    if stream_id > 10:
        return _read_enhanced(data) if stream_id <= 16 else None
    rate_index, size_code = data[4] >> 6, data[4] & 63
    if rate_index == 3 or size_code >= 2 * len(_BIT_RATES):
        return None
    sample_rate = _SAMPLE_RATES[rate_index]
    bit_rate = _BIT_RATES[size_code >> 1] * 1000
    words = bit_rate * 1536 // (16 * sample_rate) + (size_code & 1 if rate_index == 1 else 0)
    mode = data[6] >> 5
    # The low-frequency flag stands behind the mix levels, whose presence the mode decides.
    skip = 3 + 2 * (mode & 1 and mode != 1) + 2 * (mode >> 2 & 1) + 2 * (mode == 2)
    has_low = int.from_bytes(data[6:8], "big") >> (15 - skip) & 1
    return _Frame(
        encoding="ac3",
        sample_rate=sample_rate,
        channels=_CHANNELS[mode] + has_low,
        size=2 * words,
        frames=1536,
    )


def _read_enhanced(data: bytes) -> _Frame | None:
    size = 2 * (((data[2] & 7) << 8 | data[3]) + 1)
    rate_index = data[4] >> 6
    code = data[4] >> 4 & 3
    if rate_index < 3:
        sample_rate, blocks = _SAMPLE_RATES[rate_index], (1, 2, 3, 6)[code]
    elif code < 3:
        sample_rate, blocks = _SAMPLE_RATES[code] // 2, 6
    else:
        return None
    return _Frame(
        encoding="eac3",
        sample_rate=sample_rate,
        channels=_CHANNELS[data[4] >> 1 & 7] + (data[4] & 1),
        size=size,
        frames=256 * blocks,
    )


def matches(head: bytes) -> bool:
    """Whether these first bytes look like a frame; `read_facts` looks at the next ones."""
    return _read_frame(head[:8]) is not None


def read_facts(source: Source) -> AudioFacts | None:
    """What the frames say, or `None` if the first is not followed by another like it."""
    offset, end = source.start, source.n_bytes
    first = frame = _read_frame(source.at(offset, 8))
    count = total = 0
    while frame is not None and first is not None and frame.encoding == first.encoding:
        count += 1
        total += frame.frames
        offset += frame.size
        if offset >= end or count == _WALK_FRAMES:
            break
        frame = _read_frame(source.at(offset, 8))
    if first is None or (count < 2 and offset != end):
        return None
    seconds = total / first.sample_rate
    is_estimate = count == _WALK_FRAMES and offset < end
    if is_estimate:
        seconds *= (end - source.start) / (offset - source.start)
    return AudioFacts(
        format=checked_format(
            "ac3", first.encoding, sample_rate=first.sample_rate, channels=first.channels
        ),
        n_bytes=source.n_bytes,
        duration_s=seconds,
        is_estimate=is_estimate or offset > end,
        data_offset=source.start,
        notes=("truncated",) if offset > end else (),
    )
