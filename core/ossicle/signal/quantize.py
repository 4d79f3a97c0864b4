"""Between float samples and stored ones: linear PCM of 8 to 32 bits, and G.711.

Float samples are float32 with full scale ±1.0; an integer of `bits` bits stands for
`value / 2**(bits - 1)`. Going down, samples are rounded (not truncated), clipped (not wrapped), and
what is not a number becomes silence.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ossicle.errors import ConfigurationError, MalformedAudioError

Bits = Literal[8, 16, 24, 32]
"""Bits of one linear PCM sample; 8 means unsigned with its zero at 128."""

CHUNK_SAMPLES = 1 << 16
"""Samples converted at a time, so that the scratch stays in the processor's cache."""


def float_to_s16(block: NDArray[np.float32]) -> NDArray[np.int16]:
    """Samples as signed 16-bit integers, in an array of the same shape."""
    return _quantized(block, np.empty(block.shape, np.int16), scale=1 << 15)


def float_to_s24(block: NDArray[np.float32]) -> NDArray[np.int32]:
    """Samples as integers of ±2**23, in an int32 array of the same shape; see `pack_s24`."""
    return _quantized(block, np.empty(block.shape, np.int32), scale=1 << 23)


def float_to_s32(block: NDArray[np.float32]) -> NDArray[np.int32]:
    """Samples as signed 32-bit integers; float32 fills the upper 24 bits only."""
    return _quantized(block, np.empty(block.shape, np.int32), scale=1 << 31)


def float_to_u8(block: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Samples as unsigned 8-bit integers whose zero is 128."""
    return _quantized(block, np.empty(block.shape, np.uint8), scale=1 << 7, offset=128)


def int_to_float(array: NDArray[Any], bits: Bits) -> NDArray[np.float32]:
    """Stored integers as float32 samples in an array of the same shape.

    Exact up to 24 bits; 32-bit integers are rounded to the 24 bits that float32 holds.

    Args:
        array: int16 for 16 bits, int32 for 24 (values of ±2**23) and 32, uint8 for 8; either
            byte order.
        bits: Of one sample.
    """
    if bits not in (8, 16, 24, 32):
        raise ConfigurationError(
            f"linear PCM of {bits} bits is not known", fix="Use 8, 16, 24 or 32 bits."
        )
    samples = array.astype(np.float32)
    if bits == 8:
        samples -= np.float32(128.0)
    samples *= np.float32(2.0 ** (1 - bits))
    return samples


def pack_s24(values: NDArray[np.int32]) -> bytes:
    """Integers of ±2**23 as little-endian bytes, three each, in C order."""
    wide = np.ascontiguousarray(values, dtype="<i4").reshape(-1).view(np.uint8)
    return wide.reshape(-1, 4)[:, :3].tobytes()


def unpack_s24(data: bytes | bytearray | memoryview) -> NDArray[np.int32]:
    """Little-endian 24-bit samples as a one-dimensional int32 array of ±2**23.

    Raises:
        MalformedAudioError: The number of bytes is no multiple of three.
    """
    packed = np.frombuffer(data, np.uint8)
    if packed.size % 3:
        raise MalformedAudioError(
            f"{packed.size} bytes are no whole number of 24-bit samples",
            fix="Cut the data at a multiple of three bytes.",
        )
    wide = np.empty((packed.size // 3, 4), np.uint8)
    wide[:, 1:] = packed.reshape(-1, 3)
    wide[:, 0] = 0
    # The sample sits in the upper three bytes; the arithmetic shift brings its sign down with it.
    return (wide.view("<i4").reshape(-1) >> 8).astype(np.int32, copy=False)


def mulaw_encode(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Signed 16-bit samples as G.711 mu-law bytes, in an array of the same shape.

    Source: ITU-T G.711 (11/1988), table 2; decision values are applied to the magnitude.
    """
    return _mulaw_codes()[samples.astype(np.int16, copy=False).view(np.uint16)]


def mulaw_decode(codes: NDArray[np.uint8]) -> NDArray[np.int16]:
    """G.711 mu-law bytes as signed 16-bit samples, in an array of the same shape.

    Source: ITU-T G.711 (11/1988), table 2.
    """
    return _mulaw_values()[codes]


def alaw_encode(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Signed 16-bit samples as G.711 A-law bytes, in an array of the same shape.

    Source: ITU-T G.711 (11/1988), table 1; decision values are applied to the magnitude.
    """
    return _alaw_codes()[samples.astype(np.int16, copy=False).view(np.uint16)]


def alaw_decode(codes: NDArray[np.uint8]) -> NDArray[np.int16]:
    """G.711 A-law bytes as signed 16-bit samples, in an array of the same shape.

    Source: ITU-T G.711 (11/1988), table 1.
    """
    return _alaw_values()[codes]


def _quantized(
    block: NDArray[np.float32], result: NDArray[Any], *, scale: int, offset: int = 0
) -> NDArray[Any]:
    # float32 cannot hold the largest 32-bit integer: clipped to it, full scale would wrap.
    work = np.float64 if scale > 1 << 23 else np.float32
    source = np.ascontiguousarray(block).reshape(-1)
    target = result.reshape(-1)
    for start in range(0, source.size, CHUNK_SAMPLES):
        chunk: NDArray[Any] = source[start : start + CHUNK_SAMPLES].astype(work)
        # A sum finds a lone NaN at a tenth of the price of looking at every sample.
        if np.isnan(chunk.sum()):
            np.nan_to_num(chunk, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
        np.multiply(chunk, scale, out=chunk)
        np.rint(chunk, out=chunk)
        np.clip(chunk, -scale, scale - 1, out=chunk)
        if offset:
            np.add(chunk, offset, out=chunk)
        target[start : start + CHUNK_SAMPLES] = chunk
    return result


def _magnitudes() -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Magnitude and sign of all 16-bit samples, in the order of their unsigned bits."""
    values = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int64)
    return np.abs(values), values < 0


def _exponents(magnitudes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The segment of each magnitude: 0 below 256, then one more for each doubling."""
    return np.maximum(np.frexp(magnitudes.astype(np.float64))[1].astype(np.int64) - 8, 0)


@lru_cache(maxsize=1)
def _mulaw_codes() -> NDArray[np.uint8]:
    magnitudes, is_negative = _magnitudes()
    biased = np.minimum(magnitudes, 32635) + 132
    exponents = _exponents(biased)
    mantissas = (biased >> (exponents + 3)) & 15
    return (~(is_negative * 128 | exponents << 4 | mantissas) & 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _mulaw_values() -> NDArray[np.int16]:
    inverted = 255 - np.arange(256)
    magnitudes = (((inverted & 15) * 8 + 132) << (inverted >> 4 & 7)) - 132
    return np.where(inverted & 128, -magnitudes, magnitudes).astype(np.int16)


@lru_cache(maxsize=1)
def _alaw_codes() -> NDArray[np.uint8]:
    magnitudes, is_negative = _magnitudes()
    limited = np.minimum(magnitudes, 32767)
    exponents = _exponents(limited)
    mantissas = (limited >> np.where(exponents, exponents + 3, 4)) & 15
    return ((~is_negative * 128 | exponents << 4 | mantissas) ^ 0x55).astype(np.uint8)


@lru_cache(maxsize=1)
def _alaw_values() -> NDArray[np.int16]:
    codes = np.arange(256) ^ 0x55
    exponents = codes >> 4 & 7
    steps = (codes & 15) * 16 + 8
    magnitudes = np.where(exponents, (steps + 256) << np.maximum(exponents - 1, 0), steps)
    return np.where(codes & 128, magnitudes, -magnitudes).astype(np.int16)
