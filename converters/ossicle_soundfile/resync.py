"""Finds the next intact frame of a damaged MP3 (ISO/IEC 11172-3, 2.4.1.3 and 2.4.2.3)."""

from __future__ import annotations

from typing import BinaryIO

_SEARCH_BYTES = 1 << 20
_RATES = (44100, 48000, 32000)
_KBITS = {
    # (is MPEG-1, layer): kbit/s by index; layer III and II of MPEG-2 share a row.
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def next_mp3_frame(file: BinaryIO, position: int, *, sample_rate: int) -> int | None:
    """Offset of the next three frames in a row, or `None` when no such place is near.

    Args:
        file: A seekable MP3 file; left at an arbitrary position.
        position: Where to start looking.
        sample_rate: In Hz; frames of another rate do not count.
    """
    file.seek(position)
    data = file.read(_SEARCH_BYTES)
    found = data.find(b"\xff")
    while found >= 0:
        if _is_run(data, found, sample_rate):
            return position + found
        found = data.find(b"\xff", found + 1)
    return None


def _is_run(data: bytes, offset: int, sample_rate: int) -> bool:
    for _ in range(3):
        length = _frame_bytes(data[offset : offset + 4], sample_rate)
        if length is None:
            return False
        offset += length
    return True


def _frame_bytes(head: bytes, sample_rate: int) -> int | None:
    """Length of the frame that starts with this header, or `None` if it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_index, kbit_index = head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or layer == 4 or rate_index == 3 or not 0 < kbit_index < 15:
        return None
    rate = _RATES[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    if rate != sample_rate:
        return None
    bits = _KBITS[version == 3, layer][kbit_index] * 1000
    padding = head[2] >> 1 & 1
    if layer == 1:
        return (12 * bits // rate + padding) * 4
    per_bit = 72 if layer == 3 and version != 3 else 144
    return per_bit * bits // rate + padding
