"""AAC in ADTS frames.

Source: ISO/IEC 14496-3 section 1.A.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.audio.containers.header import checked_format
from ossicle.audio.containers.id3 import trailing_tags_start
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts

SAMPLE_RATES = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025,
    8_000, 7_350,
)  # fmt: skip
"""Hz by sampling frequency index (ISO/IEC 14496-3 table 1.18)."""

CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)
"""Channels by channel configuration (table 1.19); 0 means that the stream itself says."""

_WALK_FRAMES = 4096
_PROOF_FRAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    sample_rate: int
    channels: int
    size: int
    frames: int

    @property
    def kind(self) -> tuple[int, int]:
        return self.sample_rate, self.channels


def _read_frame(data: bytes) -> _Frame | None:
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
        return None
    rate_index = data[2] >> 2 & 15
    size = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    if rate_index >= len(SAMPLE_RATES) or size < (7 if data[1] & 1 else 9):
        return None
    return _Frame(
        sample_rate=SAMPLE_RATES[rate_index],
        channels=CHANNELS[(data[2] & 1) << 2 | data[3] >> 6] or 1,
        size=size,
        frames=1024 * ((data[6] & 3) + 1),
    )


def matches(head: bytes) -> bool:
    """Whether these first bytes look like an ADTS frame; `read_facts` looks at the next ones."""
    return _read_frame(head[:7]) is not None


def read_facts(source: Source) -> AudioFacts | None:
    """What the frames say, or `None` if the first is not followed by others like it."""
    end = trailing_tags_start(source, source.start)
    offset = source.start
    first = frame = _read_frame(source.at(offset, 7))
    count = total = 0
    while frame is not None and first is not None and frame.kind == first.kind:
        count += 1
        total += frame.frames
        offset += frame.size
        if offset >= end or count == _WALK_FRAMES:
            break
        frame = _read_frame(source.at(offset, 7))
    if first is None or (count < _PROOF_FRAMES and offset < end) or (count == 1 and offset > end):
        return None
    seconds = total / first.sample_rate
    is_estimate = count == _WALK_FRAMES and offset < end
    if is_estimate:
        seconds *= (end - source.start) / (offset - source.start)
    return AudioFacts(
        format=checked_format(
            "adts", "aac", sample_rate=first.sample_rate, channels=first.channels
        ),
        n_bytes=source.n_bytes,
        duration_s=seconds,
        is_estimate=is_estimate or offset > end,
        data_offset=source.start,
        notes=("truncated",) if offset > end else (),
    )
