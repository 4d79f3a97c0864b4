"""MPEG audio frame headers, and the Info frame that makes an MP3 gapless.

Source: ISO/IEC 11172-3, 2.4.1.3 and 13818-3, 2.4.2.3; "LAME MP3 Info Tag rev 1", 2005.
"""

from __future__ import annotations

from dataclasses import dataclass

_MPEG1_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG1_RATES = (44100, 48000, 32000)
_XING_BYTES = 120
_LAME_BYTES = 36
ENCODER_DELAY = 576
"""Frames of silence that LAME puts in front (lame.h, `ENCDELAY`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mp3Shape:
    """What all frames of a constant bit rate stream have in common.

    Attributes:
        sample_rate: In Hz.
        channels: 1 or 2.
        bit_rate: In bit/s.
    """

    sample_rate: int
    channels: int
    bit_rate: int

    @property
    def is_mpeg1(self) -> bool:
        """Whether it is MPEG-1; else MPEG-2 or, up to 12 kHz, MPEG-2.5."""
        return self.sample_rate >= 32_000

    @property
    def frame_length(self) -> int:
        """Samples per channel in one frame."""
        return 1152 if self.is_mpeg1 else 576

    @property
    def kbits(self) -> tuple[int, ...]:
        """Bit rates by index, in kbit/s; MPEG-2.5 goes up to 64."""
        if self.is_mpeg1:
            return _MPEG1_KBITS
        return _MPEG2_KBITS if self.sample_rate >= 16_000 else _MPEG2_KBITS[:9]

    def frame_bytes(self, kbit: int) -> int:
        """Size of an unpadded frame at a bit rate in kbit/s."""
        return self.frame_length // 8 * kbit * 1000 // self.sample_rate

    def frames_in(self, n_bytes: int) -> int:
        """How many frames a whole stream of this size holds; padding evens out."""
        return round(n_bytes * 8 * self.sample_rate / (self.frame_length * self.bit_rate))


def nearest_kbit(shape: Mp3Shape) -> int:
    """The bit rate in kbit/s that the standard offers nearest to the one wished for."""
    return min(shape.kbits[1:], key=lambda kbit: abs(kbit * 1000 - shape.bit_rate))


def info_frame_kbit(shape: Mp3Shape) -> int:
    """The smallest bit rate, in kbit/s, whose frame has room for the Info and LAME tags."""
    needed = 4 + _side_bytes(shape) + _XING_BYTES + _LAME_BYTES
    return next(kbit for kbit in shape.kbits[1:] if shape.frame_bytes(kbit) >= needed)


def info_frame(shape: Mp3Shape, *, mode: int, n_bytes: int, frames: int) -> bytes:
    """The frame that stands before the stream and tells what to cut off at both ends.

    Args:
        shape: Of the stream.
        mode: Last byte of a frame header of the stream: channel mode and flags.
        n_bytes: Size of the stream without this frame.
        frames: Audio frames that went into the encoder.
    """
    kbit = info_frame_kbit(shape)
    size = shape.frame_bytes(kbit)
    count = shape.frames_in(n_bytes)
    padding = min(max(count * shape.frame_length - ENCODER_DELAY - frames, 0), 4095)
    total = n_bytes + size
    frame = bytearray(_header(shape, kbit, mode)) + bytes(_side_bytes(shape))
    frame += b"Info" + (0x0F).to_bytes(4, "big")
    frame += count.to_bytes(4, "big") + _low_32(total)
    frame += bytes(index * 256 // 100 for index in range(100)) + (50).to_bytes(4, "big")
    frame += b"LAME3.100" + bytes([1, 0]) + bytes(8)
    frame += bytes([0, min(255, shape.bit_rate // 1000)])
    frame += (ENCODER_DELAY << 12 | padding).to_bytes(3, "big") + bytes(4)
    frame += _low_32(total) + bytes(2)
    frame += _crc16(frame).to_bytes(2, "big")
    return bytes(frame) + bytes(size - len(frame))


def _low_32(value: int) -> bytes:
    return (value & 0xFFFFFFFF).to_bytes(4, "big")


def _side_bytes(shape: Mp3Shape) -> int:
    if shape.is_mpeg1:
        return 17 if shape.channels == 1 else 32
    return 9 if shape.channels == 1 else 17


def _header(shape: Mp3Shape, kbit: int, mode: int) -> bytes:
    """A layer III header without check sum and padding."""
    shift = 0 if shape.is_mpeg1 else 1 if shape.sample_rate >= 16_000 else 2
    version = (3, 2, 0)[shift]
    rate_index = _MPEG1_RATES.index(shape.sample_rate << shift)
    kbit_index = shape.kbits.index(kbit)
    return bytes([0xFF, 0xE0 | version << 3 | 1 << 1 | 1, kbit_index << 4 | rate_index << 2, mode])


def _crc16(data: bytes | bytearray) -> int:
    """CRC-16 with the reversed polynomial 0xA001, as the LAME tag wants it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc
