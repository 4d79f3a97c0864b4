"""Frame arithmetic, against numbers from the standard."""

from __future__ import annotations

import itertools

import pytest

from ossicle_lame.frame import Mp3Shape, info_frame, info_frame_kbit, nearest_kbit
from ossicle_lame.rates import SAMPLE_RATES


@pytest.mark.parametrize(
    ("sample_rate", "kbit", "size"),
    [(44_100, 128, 417), (48_000, 320, 960), (24_000, 64, 192), (8_000, 8, 72), (11_025, 32, 208)],
)
def test_frame_sizes(sample_rate: int, kbit: int, size: int) -> None:
    shape = Mp3Shape(sample_rate=sample_rate, channels=1, bit_rate=kbit * 1000)
    assert shape.frame_bytes(kbit) == size


@pytest.mark.parametrize(
    ("sample_rate", "wish", "kbit"),
    [(44_100, 1, 32), (44_100, 100_000, 96), (24_000, 999_000, 160), (8_000, 128_000, 64)],
)
def test_the_nearest_bit_rate_is_one_of_the_standard(
    sample_rate: int, wish: int, kbit: int
) -> None:
    shape = Mp3Shape(sample_rate=sample_rate, channels=1, bit_rate=wish)
    assert nearest_kbit(shape) == kbit


@pytest.mark.parametrize(("sample_rate", "channels"), list(itertools.product(SAMPLE_RATES, (1, 2))))
def test_the_info_frame_fills_one_frame_and_tells_the_padding(
    sample_rate: int, channels: int
) -> None:
    shape = Mp3Shape(sample_rate=sample_rate, channels=channels, bit_rate=32_000)
    size = shape.frame_bytes(info_frame_kbit(shape))
    n_bytes = shape.frame_bytes(32) * 10
    mode = 0xC4 if channels == 1 else 0x64
    frame = info_frame(shape, mode=mode, n_bytes=n_bytes, frames=8 * shape.frame_length)
    assert len(frame) == size
    assert frame[0] == 0xFF
    assert frame[3] == mode
    at = frame.index(b"Info")
    assert (
        at
        == 4
        + {(1, True): 17, (2, True): 32, (1, False): 9, (2, False): 17}[channels, shape.is_mpeg1]
    )
    assert int.from_bytes(frame[at + 8 : at + 12], "big") == 10
    delay_and_padding = int.from_bytes(frame[at + 141 : at + 144], "big")
    assert delay_and_padding >> 12 == 576
    assert delay_and_padding & 0xFFF == 2 * shape.frame_length - 576
