"""Reed-Solomon codes over GF(256): the forward error correction of the tones.

Source: Reed and Solomon, "Polynomial Codes over Certain Finite Fields" (1960); decoding after
Berlekamp and Massey (1969) and Forney (1965). Field polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11D)
with generator 2, first consecutive root 2^0, as in QR codes (ISO/IEC 18004).
"""

from __future__ import annotations

from functools import cache

from ossicle.errors import ConfigurationError

MAX_CODEWORD = 255
"""Bytes in the longest codeword."""

_POLYNOMIAL = 0x11D
_ORDER = 255


@cache
def exponents() -> tuple[int, ...]:
    """The powers 2^0 … 2^509 in GF(256), twice around so that sums of logarithms need no modulo."""
    powers, value = [], 1
    for _ in range(_ORDER):
        powers.append(value)
        value <<= 1
        if value > _ORDER:
            value ^= _POLYNOMIAL
    return tuple(powers * 2)


def encode(data: bytes, n_parity: int) -> bytes:
    """`data` followed by `n_parity` bytes, with which `n_parity // 2` wrong bytes are corrected.

    Args:
        data: The bytes to protect.
        n_parity: At least 1; with the data at most 255.

    Raises:
        ConfigurationError: The codeword would be too long, or has no parity.
    """
    if n_parity < 1 or len(data) + n_parity > MAX_CODEWORD:
        raise ConfigurationError(
            f"{len(data)} bytes and {n_parity} of parity make no codeword",
            fix=f"Keep the sum at {MAX_CODEWORD} or below, and at least one byte of parity.",
        )
    generator = _generator(n_parity)
    remainder = [0] * n_parity
    for byte in data:
        factor = byte ^ remainder[0]
        remainder = [*remainder[1:], 0]
        if factor:
            remainder = [
                old ^ _product(factor, new) for old, new in zip(remainder, generator, strict=True)
            ]
    return data + bytes(remainder)


def decode(codeword: bytes, n_parity: int) -> bytes | None:
    """The data of a codeword with its errors corrected; `None` when there are too many.

    Args:
        codeword: Data and parity as received.
        n_parity: As given to `encode`.
    """
    syndromes = [_value(codeword, exponents()[power]) for power in range(n_parity)]
    if any(syndromes):
        locator = _locator(syndromes)
        degree = len(locator) - 1
        positions = _error_positions(locator, len(codeword))
        if degree > n_parity // 2 or len(positions) != degree:
            return None
        corrected = _corrected(codeword, syndromes, locator, positions)
        if any(_value(corrected, exponents()[power]) for power in range(n_parity)):
            return None
        codeword = corrected
    return codeword[: len(codeword) - n_parity]


@cache
def _logarithms() -> tuple[int, ...]:
    table = [0] * (_ORDER + 1)
    for power, value in enumerate(exponents()[:_ORDER]):
        table[value] = power
    return tuple(table)


def _product(left: int, right: int) -> int:
    if left == 0 or right == 0:
        return 0
    logarithms = _logarithms()
    return exponents()[logarithms[left] + logarithms[right]]


def _quotient(left: int, right: int) -> int:
    if left == 0:
        return 0
    logarithms = _logarithms()
    return exponents()[logarithms[left] + _ORDER - logarithms[right]]


def _value(polynomial: bytes, x: int) -> int:
    """The polynomial (highest power first) at `x`, after Horner."""
    powers, logarithms = exponents(), _logarithms()
    log_x, value = logarithms[x], 0
    for coefficient in polynomial:
        value = (powers[logarithms[value] + log_x] if value else 0) ^ coefficient
    return value


@cache
def _generator(n_parity: int) -> tuple[int, ...]:
    """The product of (x - 2^i), highest power first, without its leading 1."""
    polynomial = [1]
    for power in range(n_parity):
        root = exponents()[power]
        longer = [*polynomial, 0]
        for index, coefficient in enumerate(polynomial):
            longer[index + 1] ^= _product(coefficient, root)
        polynomial = longer
    return tuple(polynomial[1:])


def _locator(syndromes: list[int]) -> list[int]:
    """The error locator polynomial, lowest power first, after Berlekamp and Massey."""
    locator, previous = [1], [1]
    n_errors, shift, last = 0, 1, 1
    for step, syndrome in enumerate(syndromes):
        discrepancy = syndrome
        for index in range(1, min(n_errors, len(locator) - 1) + 1):
            discrepancy ^= _product(locator[index], syndromes[step - index])
        if discrepancy == 0:
            shift += 1
            continue
        factor = _quotient(discrepancy, last)
        update = [0] * shift + [_product(factor, coefficient) for coefficient in previous]
        longest = max(len(locator), len(update))
        updated = [
            (locator[i] if i < len(locator) else 0) ^ (update[i] if i < len(update) else 0)
            for i in range(longest)
        ]
        if 2 * n_errors <= step:
            previous, last = locator, discrepancy
            n_errors, shift = step + 1 - n_errors, 1
        else:
            shift += 1
        locator = updated
    while locator[-1] == 0:
        locator.pop()
    return locator


def _error_positions(locator: list[int], length: int) -> list[int]:
    """Indices of the wrong bytes: where the locator vanishes (Chien's search)."""
    backwards = bytes(reversed(locator))
    return [
        index
        for index in range(length)
        if _value(backwards, exponents()[_ORDER - (length - 1 - index)]) == 0
    ]


def _corrected(
    codeword: bytes, syndromes: list[int], locator: list[int], positions: list[int]
) -> bytes:
    """The codeword with the errors' values, found by Forney's formula, taken off."""
    evaluator = [0] * len(locator)
    for power in range(len(evaluator)):
        for index in range(power + 1):
            if power - index < len(syndromes):
                evaluator[power] ^= _product(locator[index], syndromes[power - index])
    # In a field of characteristic 2 only the odd powers survive differentiation.
    derivative = [c if power % 2 else 0 for power, c in enumerate(locator)][1:]
    corrected = bytearray(codeword)
    for position in positions:
        power = len(codeword) - 1 - position
        inverse = exponents()[_ORDER - power]
        above = _product(exponents()[power], _value(bytes(reversed(evaluator)), inverse))
        below = _value(bytes(reversed(derivative)), inverse)
        if below == 0:
            return bytes(codeword)
        corrected[position] ^= _quotient(above, below)
    return bytes(corrected)
