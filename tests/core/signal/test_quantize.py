from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from tests.profiles import tried

from ossicle.errors import ConfigurationError, MalformedAudioError
from ossicle.signal import quantize

EVERY_S16 = np.arange(-32768, 32768).astype(np.int16)


def stored_by_libsndfile(samples: NDArray[np.int16], subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format="RAW", subtype=subtype)
    return file.getvalue()


def read_by_libsndfile(data: bytes, subtype: str) -> NDArray[np.int16]:
    samples, _ = soundfile.read(
        io.BytesIO(data), dtype="int16", format="RAW", subtype=subtype, channels=1, samplerate=8000
    )
    return np.asarray(samples, np.int16)


@pytest.mark.parametrize(
    ("encode", "decode", "subtype"),
    [
        (quantize.mulaw_encode, quantize.mulaw_decode, "ULAW"),
        (quantize.alaw_encode, quantize.alaw_decode, "ALAW"),
    ],
)
def test_g711_equals_libsndfile_for_every_value(encode: Any, decode: Any, subtype: str) -> None:
    codes = np.arange(256).astype(np.uint8)
    assert encode(EVERY_S16).tobytes() == stored_by_libsndfile(EVERY_S16, subtype)
    assert decode(codes).tolist() == read_by_libsndfile(codes.tobytes(), subtype).tolist()


def test_g711_values_from_the_recommendation() -> None:
    assert quantize.mulaw_decode(np.array([0x00, 0x80, 0xFF, 0x7F], np.uint8)).tolist() == [
        -32124,
        32124,
        0,
        0,
    ]
    assert quantize.alaw_decode(np.array([0xAA, 0x2A, 0xD5, 0x55], np.uint8)).tolist() == [
        32256,
        -32256,
        8,
        -8,
    ]


def test_g711_keeps_the_shape() -> None:
    samples = EVERY_S16[:12].reshape(4, 3)
    assert quantize.mulaw_encode(samples).shape == (4, 3)
    assert quantize.alaw_decode(quantize.alaw_encode(samples)).shape == (4, 3)


def test_every_integer_survives_the_way_through_float() -> None:
    assert np.array_equal(quantize.float_to_s16(quantize.int_to_float(EVERY_S16, 16)), EVERY_S16)
    wide = np.linspace(-(2**23), 2**23 - 1, 70_001).astype(np.int32).reshape(-1, 1)
    assert np.array_equal(quantize.float_to_s24(quantize.int_to_float(wide, 24)), wide)
    narrow = np.arange(256).astype(np.uint8)
    assert np.array_equal(quantize.float_to_u8(quantize.int_to_float(narrow, 8)), narrow)


def test_samples_are_rounded_and_clipped_never_wrapped() -> None:
    block = np.array([1.5, 1.0, -1.0, -1.5, 0.6 / 32768, 0.4 / 32768, -0.6 / 32768], np.float32)
    assert quantize.float_to_s16(block).tolist() == [32767, 32767, -32768, -32768, 1, 0, -1]
    assert quantize.float_to_s32(block)[:4].tolist() == [2**31 - 1, 2**31 - 1, -(2**31), -(2**31)]
    assert quantize.float_to_s24(block)[:4].tolist() == [2**23 - 1, 2**23 - 1, -(2**23), -(2**23)]
    assert quantize.float_to_u8(block)[:4].tolist() == [255, 255, 0, 0]


def test_what_is_not_a_number_becomes_silence() -> None:
    block = np.array([[np.nan, 0.5], [np.inf, -np.inf]], np.float32)
    assert quantize.float_to_s16(block).tolist() == [[0, 16384], [32767, -32768]]
    assert quantize.float_to_s32(block).tolist() == [[0, 2**30], [2**31 - 1, -(2**31)]]
    assert quantize.float_to_u8(block).tolist() == [[128, 192], [255, 0]]


def test_infinities_alone_are_clipped() -> None:
    assert quantize.float_to_s16(np.array([np.inf, 0.25], np.float32)).tolist() == [32767, 8192]


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(0, 300), st.integers(1, 4)),
               elements=st.floats(-1.25, 1.25, width=32))
)  # fmt: skip
@settings(deadline=None, max_examples=tried(60))
def test_s16_is_within_half_a_step(block: NDArray[np.float32]) -> None:
    stored = quantize.float_to_s16(block)
    assert stored.shape == block.shape
    ideal = np.clip(block.astype(np.float64), -1.0, 32767 / 32768)
    assert np.all(np.abs(stored / 32768.0 - ideal) <= 0.5 / 32768 + 1e-9)


def test_long_blocks_are_converted_whole() -> None:
    block = np.full((3 * quantize.CHUNK_SAMPLES // 2 + 7, 1), 0.25, np.float32)
    assert np.all(quantize.float_to_s16(block) == 8192)


def test_a_strided_view_is_read_in_order() -> None:
    block = (np.arange(12) / 32768).astype(np.float32).reshape(6, 2)[::2]
    assert quantize.float_to_s16(block).tolist() == [[0, 1], [4, 5], [8, 9]]


@given(st.lists(st.integers(-(2**23), 2**23 - 1), max_size=50))
@settings(deadline=None, max_examples=tried(60))
def test_s24_packs_to_three_little_endian_bytes(values: list[int]) -> None:
    packed = quantize.pack_s24(np.array(values, np.int32))
    assert packed == b"".join(value.to_bytes(3, "little", signed=True) for value in values)
    assert quantize.unpack_s24(packed).tolist() == values


def test_a_cut_s24_sample_is_refused() -> None:
    with pytest.raises(MalformedAudioError):
        quantize.unpack_s24(b"\x00\x00\x00\x01")


def test_unknown_bits_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        quantize.int_to_float(EVERY_S16, 12)  # type: ignore[arg-type]  # the point of the test


def test_empty_blocks_stay_empty() -> None:
    assert quantize.float_to_s16(np.zeros((0, 2), np.float32)).shape == (0, 2)
    assert quantize.unpack_s24(b"").shape == (0,)
