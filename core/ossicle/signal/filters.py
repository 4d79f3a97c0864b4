"""Recursive filters over streams, at the price of small matrix products.

A cascade of biquads is a linear system `s' = A s + b x`, `y = c s + d x`. Over a row of `ROW`
samples its output is one matrix times the row plus one matrix times the state at the row's start,
and so is the state at the row's end. The states at all row starts follow from the rows' own
contributions by the same step, one level up. Nothing loops over samples; nothing is approximated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ossicle.errors import ConfigurationError
from ossicle.signal.blocks import Reblocker, Samples, finite

ROW = 32
"""Samples in a row: the longer, the fewer rows, but the more products per sample."""

GROUP = 16
"""Rows in a group, whose states are found in one product."""

# Products beyond m*n*k of 2**18 wake OpenBLAS's threads, whose spinning costs a busy machine more
# than the product; a stack of smaller products runs on the calling thread.
_ROWS_PER_PRODUCT = 128

_Matrix = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Biquad:
    """One section: `y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]`."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


def high_pass_section(*, cutoff_hz: float, sample_rate: int) -> Biquad:
    """A second-order Butterworth high-pass: −3.01 dB at the cutoff, 12 dB per octave below.

    Raises:
        ConfigurationError: The cutoff is not between 0 and half the sample rate.

    Source: bilinear transform of `s²/(s² + √2 s + 1)`, prewarped at the cutoff.
    """
    if not 0.0 < cutoff_hz < sample_rate / 2:
        raise ConfigurationError(
            f"a cutoff of {cutoff_hz} Hz does not fit a sample rate of {sample_rate} Hz",
            fix=f"Choose a cutoff above 0 and below {sample_rate / 2:g} Hz.",
        )
    k = math.tan(math.pi * cutoff_hz / sample_rate)
    norm = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    return Biquad(
        b0=norm,
        b1=-2.0 * norm,
        b2=norm,
        a1=2.0 * (k * k - 1.0) * norm,
        a2=(1.0 - math.sqrt(2.0) * k + k * k) * norm,
    )


class BlockFilter:
    """A cascade of biquads over blocks of exactly `frames` frames.

    Args:
        sections: In order.
        channels: Filtered alike and apart.
        groups: Length of a block, in units of `ROW * GROUP` frames.
    """

    def __init__(self, sections: tuple[Biquad, ...], *, channels: int, groups: int) -> None:
        self._tables = _tables(sections, groups)
        self._states = np.zeros((channels, 2 * len(sections)))
        self.channels = channels
        self.frames = groups * GROUP * ROW

    def process(self, block: Samples) -> Samples:
        """Filter one block of exactly `frames` frames and keep the state for the next."""
        filtered: Samples = np.empty((self.frames, self.channels), np.float32)
        for channel in range(self.channels):
            filtered[:, channel], state = self._tables.run(block[:, channel], self._states[channel])
            # Decaying states would end as denormals, which processors compute slowly.
            state[np.abs(state) < 1e-30] = 0.0
            self._states[channel] = state
        return filtered

    def tail(self, rest: Samples) -> Samples:
        """Filter a last, shorter block without touching the state."""
        padded = np.zeros((self.frames, self.channels), np.float32)
        padded[: len(rest)] = rest
        columns = [
            self._tables.run(padded[:, channel], self._states[channel])[0]
            for channel in range(self.channels)
        ]
        return np.stack(columns, axis=1)[: len(rest)]


class StreamFilter:
    """A cascade of biquads over a stream; any split gives the same bits.

    Args:
        sections: In order.
        channels: Filtered alike and apart.
        groups: Length of the inner blocks, in units of `ROW * GROUP` (512) frames; also the most
            that is held back.
    """

    def __init__(self, sections: tuple[Biquad, ...], *, channels: int, groups: int = 16) -> None:
        self._filter = BlockFilter(sections, channels=channels, groups=groups)
        self._blocks = Reblocker(frames=self._filter.frames, channels=channels)
        self.channels = channels
        self.latency_frames = self._filter.frames - 1

    def process(self, block: Samples) -> Samples:
        """What is ready after this block, possibly nothing; what is no number counts as 0."""
        ready = [self._filter.process(whole) for whole in self._blocks.push(finite(block))]
        return np.concatenate(ready) if ready else np.zeros((0, self.channels), np.float32)

    def flush(self) -> Samples:
        """What was held back; to be called once, after the last block."""
        return self._filter.tail(self._blocks.rest)


class HighPass(StreamFilter):
    """Second-order Butterworth high-pass over a stream; a constant offset is removed entirely.

    Args:
        cutoff_hz: Where it is at −3 dB; 5 to 20 Hz removes an offset alone, 80 Hz also rumble.
        sample_rate: In Hz.
        channels: Filtered alike and apart.
    """

    def __init__(self, *, cutoff_hz: float, sample_rate: int, channels: int) -> None:
        section = high_pass_section(cutoff_hz=cutoff_hz, sample_rate=sample_rate)
        super().__init__((section,), channels=channels)
        self.cutoff_hz = cutoff_hz
        self.sample_rate = sample_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """The matrices of one cascade for one block length; immutable, so they are shared."""

    by_row: _Matrix  # row of samples -> [output from rest | state contribution]
    by_state: _Matrix  # state at the row's start -> output
    within_group: _Matrix  # contributions of a group's rows -> states at their starts, and the end
    from_group_start: _Matrix  # state at a group's start -> states at its rows' starts
    across_groups: _Matrix  # state at the block's start, groups' ends -> states at group starts

    def run(self, samples: NDArray[np.float32], state: _Matrix) -> tuple[_Matrix, _Matrix]:
        """Filtered samples and the state after them."""
        order = len(state)
        rows = samples.reshape(-1, ROW)
        stacked = np.ascontiguousarray(rows).reshape(-1, min(len(rows), _ROWS_PER_PRODUCT), ROW)
        product = np.matmul(stacked, self.by_row).reshape(len(rows), ROW + order)
        parts = product[:, ROW:].astype(np.float64).reshape(-1, GROUP * order)
        inner = np.matmul(parts.reshape(-1, 8 if len(parts) % 8 == 0 else 1, GROUP * order),
                          self.within_group).reshape(len(parts), -1)  # fmt: skip
        ends = np.concatenate([state, inner[:, GROUP * order :].ravel()])
        # einsum, not a product: a matrix times one vector has a far lower threshold for threads.
        starts = np.einsum("i,ij->j", ends, self.across_groups).reshape(-1, order)
        row_states = inner[:, : GROUP * order] + starts[:-1] @ self.from_group_start
        filtered = row_states.reshape(-1, order).astype(np.float32) @ self.by_state
        filtered += product[:, :ROW]
        return filtered.reshape(-1), starts[-1].copy()


@lru_cache(maxsize=32)
def _tables(sections: tuple[Biquad, ...], groups: int) -> _Tables:
    a, b, c, d = _balanced(*_state_space(sections))
    order = len(b)
    powers = [np.eye(order)]
    for _ in range(ROW):
        powers.append(powers[-1] @ a)
    impulse = np.array([d, *(float(c @ powers[n] @ b) for n in range(ROW - 1))])
    toeplitz = np.zeros((ROW, ROW))
    for n in range(ROW):
        toeplitz[n, n:] = impulse[: ROW - n]
    contribution = np.stack([powers[ROW - 1 - n] @ b for n in range(ROW)])
    per_row = powers[ROW]
    per_group = np.linalg.matrix_power(per_row, GROUP)
    return _Tables(
        by_row=np.concatenate([toeplitz, contribution], axis=1).astype(np.float32),
        by_state=np.stack([c @ powers[n] for n in range(ROW)], axis=1).astype(np.float32),
        within_group=_chain(per_row, GROUP)[order:],
        from_group_start=_chain(per_row, GROUP)[:order, : GROUP * order].copy(),
        across_groups=_chain(per_group, groups),
    )


def _chain(step: _Matrix, count: int) -> _Matrix:
    """States `s_0 … s_count` of `s_{i+1} = step s_i + e_i` as a matrix on `[s_0, e_0, …]`."""
    order = len(step)
    chain = np.zeros(((count + 1) * order, (count + 1) * order))
    powers = [np.eye(order)]
    for _ in range(count):
        powers.append(powers[-1] @ step)
    for source in range(count + 1):
        for target in range(source, count + 1):
            rows = slice(source * order, (source + 1) * order)
            chain[rows, target * order : (target + 1) * order] = powers[target - source].T
    return chain


def _state_space(sections: tuple[Biquad, ...]) -> tuple[_Matrix, _Matrix, _Matrix, float]:
    """The cascade as one system in transposed direct form II, two states a section."""
    a = np.zeros((0, 0))
    b = np.zeros(0)
    c = np.zeros(0)
    d = 1.0
    for section in sections:
        a_own = np.array([[-section.a1, 1.0], [-section.a2, 0.0]])
        b_own = np.array(
            [section.b1 - section.a1 * section.b0, section.b2 - section.a2 * section.b0]
        )
        c_own = np.array([1.0, 0.0])
        a = np.block([[a, np.zeros((len(a), 2))], [np.outer(b_own, c), a_own]])
        b = np.concatenate([b, b_own * d])
        c = np.concatenate([section.b0 * c, c_own])
        d *= section.b0
    return a, b, c, d


def _balanced(
    a: _Matrix, b: _Matrix, c: _Matrix, d: float
) -> tuple[_Matrix, _Matrix, _Matrix, float]:
    """The same system in coordinates where all states are excited and heard alike.

    Rounded to float32, the direct form's states lose 5 bits to cancellation at low cutoffs.

    Source: Moore, "Principal component analysis in linear systems", IEEE TAC 26(1), 1981.
    """
    reach = np.linalg.cholesky(_gramian(a, np.outer(b, b)))
    heard = _gramian(a.T, np.outer(c, c))
    left, values, _ = np.linalg.svd(reach.T @ heard @ reach)
    change = reach @ left / values**0.25
    inverse = np.linalg.inv(change)
    return inverse @ a @ change, inverse @ b, c @ change, d


def _gramian(a: _Matrix, q: _Matrix) -> _Matrix:
    """The solution of `w = a w a' + q`, by doubling: 2**40 terms of its series."""
    power, total = a, q
    for _ in range(40):
        total = total + power @ total @ power.T
        power = power @ power
    return total
