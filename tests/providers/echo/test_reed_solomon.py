import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle.errors import ConfigurationError
from ossicle_echo.reed_solomon import decode, encode, exponents


def test_codeword_is_that_of_a_qr_code() -> None:
    # ISO/IEC 18004 version 1-M with "HELLO WORLD": the widely published worked example.
    data = bytes([32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17])
    parity = bytes([196, 35, 39, 119, 235, 215, 231, 226, 93, 23])
    assert encode(data, 10) == data + parity


def test_field_has_255_powers_of_two() -> None:
    assert set(exponents()[:255]) == set(range(1, 256))
    assert exponents()[255:] == exponents()[:255]
    # 2^8 is the polynomial without its highest term.
    assert exponents()[8] == 0x1D


@settings(deadline=None)
@given(
    data=st.binary(max_size=100),
    n_parity=st.integers(1, 60),
    errors=st.dictionaries(st.integers(0, 159), st.integers(1, 255), max_size=30),
)
def test_as_many_errors_as_half_the_parity_are_corrected(
    data: bytes, n_parity: int, errors: dict[int, int]
) -> None:
    received = bytearray(encode(data, n_parity))
    places = [place for place in errors if place < len(received)][: n_parity // 2]
    for place in places:
        received[place] ^= errors[place]
    assert decode(bytes(received), n_parity) == data


@settings(deadline=None)
@given(data=st.binary(min_size=40, max_size=100))
def test_too_many_errors_are_noticed(data: bytes) -> None:
    received = bytearray(encode(data, 30))
    for place in range(30):
        received[place] ^= 1 + (place * 37 + data[0]) % 255
    # A codeword that far off lies near another one with a chance of about 1 in 15!.
    assert decode(bytes(received), 30) is None


def test_noise_is_no_codeword() -> None:
    assert decode(bytes(range(120)), 40) is None


@pytest.mark.parametrize(("n_data", "n_parity"), [(250, 10), (10, 0)])
def test_impossible_codeword_is_refused(n_data: int, n_parity: int) -> None:
    with pytest.raises(ConfigurationError, match="no codeword"):
        encode(bytes(n_data), n_parity)
