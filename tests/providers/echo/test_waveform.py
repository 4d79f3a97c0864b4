import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ossicle_echo.waveform import (
    BYTES_PER_SYMBOL,
    LEAST_SAMPLE_RATE,
    N_GROUPS,
    PREAMBLE,
    SYMBOLS_PER_BLOCK,
    TONES_PER_GROUP,
    bytes_to_tones,
    tone_frequencies,
    tones_to_bytes,
)


@given(symbols=st.lists(st.binary(min_size=3, max_size=3)))
def test_bytes_come_back_from_tones(symbols: list[bytes]) -> None:
    data = b"".join(symbols)
    tones = bytes_to_tones(data)
    assert tones.shape == (len(data) // BYTES_PER_SYMBOL, N_GROUPS)
    assert tones_to_bytes(tones) == data


def test_three_bytes_are_eight_groups_of_three_bits() -> None:
    # 0x05 0x39 0x77 is 000 001 010 011 100 101 110 111.
    assert bytes_to_tones(b"\x05\x39\x77").tolist() == [[0, 1, 2, 3, 4, 5, 6, 7]]


def test_tones_lie_inside_the_telephone_band_and_apart() -> None:
    hz = tone_frequencies()
    assert hz.shape == (N_GROUPS, TONES_PER_GROUP)
    assert hz.min() >= 300
    assert hz.max() <= 3400 < LEAST_SAMPLE_RATE / 2
    gaps = np.diff(hz.reshape(-1))
    assert gaps.min() == 40
    # A clock that is 0.5 % off moves no tone half-way to its neighbour.
    assert hz.max() * 0.005 < gaps.min() / 2
    assert (hz[1:, 0] - hz[:-1, -1] == 80).all()


def test_preamble_changes_every_tone_in_every_symbol() -> None:
    preamble = np.array(PREAMBLE)
    assert preamble.shape == (SYMBOLS_PER_BLOCK, N_GROUPS)
    assert (np.abs(np.diff(preamble, axis=0)) > 1).all()
    assert preamble.min() >= 0
    assert preamble.max() < TONES_PER_GROUP
