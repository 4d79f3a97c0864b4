"""The shape of the signal: which tones stand for which bits, and when they sound.

Time is made of *symbols* of 40 ms. In each symbol eight tones sound at once, one out of eight
neighbours in each of eight groups, so that a symbol carries 8 × 3 bits = 3 bytes. Four symbols
and a pause of the length of one make a *block* of 200 ms and 12 bytes: the sound rises and falls
five times a second, as syllables do. A packet is a block of known tones (the preamble), a header
block and body blocks.

All tones lie between 400 and 3200 Hz, inside the telephone band. They are 40 Hz apart, with one
place left empty between groups: a clock that is 0.5 % off moves the highest tone by 16 Hz, less
than half the distance to its neighbour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SYMBOL_S = 0.040
RAMP_S = 0.006
"""Length of the raised-cosine rise and fall of a symbol."""

SYMBOLS_PER_BLOCK = 4
BLOCK_S = (SYMBOLS_PER_BLOCK + 1) * SYMBOL_S

N_GROUPS = 8
TONES_PER_GROUP = 8
BYTES_PER_SYMBOL = 3

LEAST_SAMPLE_RATE = 8000
"""Below this the highest tones are beyond half the sample rate."""

_LOWEST_HZ = 400.0
_SPACING_HZ = 40.0
_BITS_PER_TONE = 3

PREAMBLE = (
    (0, 5, 2, 7, 4, 1, 6, 3),
    (6, 1, 4, 3, 0, 7, 2, 5),
    (3, 6, 7, 0, 5, 2, 4, 1),
    (5, 2, 1, 6, 7, 4, 0, 3),
)
"""Tone of each group in each symbol of the preamble; no tone follows itself or a neighbour."""


def tone_frequencies() -> NDArray[np.float64]:
    """In Hz, shape `(N_GROUPS, TONES_PER_GROUP)`."""
    group, tone = np.mgrid[:N_GROUPS, :TONES_PER_GROUP]
    return np.asarray(_LOWEST_HZ + _SPACING_HZ * (group * (TONES_PER_GROUP + 1) + tone))


def bytes_to_tones(data: bytes) -> NDArray[np.intp]:
    """Which tone sounds in each group: shape `(symbols, N_GROUPS)`, three bytes a symbol."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(-1, N_GROUPS, _BITS_PER_TONE)
    return (bits @ np.array([4, 2, 1], np.intp)).astype(np.intp)


def tones_to_bytes(tones: NDArray[np.intp]) -> bytes:
    """The inverse of `bytes_to_tones`."""
    bits = (tones[..., None] >> np.array([2, 1, 0])) & 1
    return np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()
