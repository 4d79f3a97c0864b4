"""The header of one MPEG audio frame.

Source: ISO/IEC 11172-3 section 2.4.2.3, ISO/IEC 13818-3 section 2.4.2.3.
"""

from __future__ import annotations

from dataclasses import dataclass

_SAMPLE_RATES = (44_100, 48_000, 32_000)
_HIGH_II = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_HIGH_III = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_HIGH_I = (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_LOW_I = (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


@dataclass(frozen=True, slots=True, kw_only=True)
class MpegFrame:
    """One frame by its header.

    Attributes:
        layer: 1, 2 or 3.
        sample_rate: In Hz.
        channels: 1 or 2.
        bit_rate: In bit/s.
        size: Bytes of the whole frame.
        frames: Audio frames that it decodes to.
        side_info: Bytes between header and data (layer III).
        kind: What all frames of a stream share.
    """

    layer: int
    sample_rate: int
    channels: int
    bit_rate: int
    size: int
    frames: int
    side_info: int

    @property
    def kind(self) -> tuple[int, int]:
        """Layer and rate; the channel mode may change from frame to frame."""
        return self.layer, self.sample_rate


def read_frame(header: bytes) -> MpegFrame | None:
    """The frame that these four bytes open, or `None`; free format counts as none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version = header[1] >> 3 & 3  # 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
    layer = 4 - (header[1] >> 1 & 3)
    rate_index, padding = header[2] >> 2 & 3, header[2] >> 1 & 1
    bit_rate_index = header[2] >> 4
    if version == 1 or layer == 4 or rate_index == 3 or bit_rate_index in (0, 15):
        return None
    if header[3] & 3 == 2:  # reserved emphasis
        return None
    is_low = version != 3
    high, low = {1: (_HIGH_I, _LOW_I), 2: (_HIGH_II, _LOW), 3: (_HIGH_III, _LOW)}[layer]
    table = low if is_low else high
    bit_rate = table[bit_rate_index] * 1000
    sample_rate = _SAMPLE_RATES[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    channels = 1 if header[3] >> 6 == 3 else 2
    frames = 384 if layer == 1 else 576 if layer == 3 and is_low else 1152
    # Layer I counts in slots of four bytes.
    slot = 4 if layer == 1 else 1
    side_info = {(True, 1): 9, (True, 2): 17, (False, 1): 17, (False, 2): 32}[is_low, channels]
    return MpegFrame(
        layer=layer,
        sample_rate=sample_rate,
        channels=channels,
        bit_rate=bit_rate,
        size=(frames // 8 * bit_rate // (sample_rate * slot) + padding) * slot,
        frames=frames,
        side_info=side_info,
    )
