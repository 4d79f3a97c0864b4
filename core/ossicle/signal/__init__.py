"""Arithmetic on samples: no I/O, no policy."""

from ossicle.signal.quantize import (
    alaw_decode,
    alaw_encode,
    float_to_s16,
    float_to_s24,
    float_to_s32,
    float_to_u8,
    int_to_float,
    mulaw_decode,
    mulaw_encode,
    pack_s24,
    unpack_s24,
)

__all__ = [
    "alaw_decode",
    "alaw_encode",
    "float_to_s16",
    "float_to_s24",
    "float_to_s32",
    "float_to_u8",
    "int_to_float",
    "mulaw_decode",
    "mulaw_encode",
    "pack_s24",
    "unpack_s24",
]
