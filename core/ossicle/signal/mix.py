"""Fewer channels without a change of level."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ossicle.errors import ConfigurationError
from ossicle.signal.blocks import Samples

_HALF_POWER = math.sqrt(0.5)
_MOST_LOSS_DB = 6.1

_LEFT_WEIGHTS: dict[int, tuple[float, ...]] = {
    3: (1.0, 0.0, _HALF_POWER),
    4: (1.0, 0.0, _HALF_POWER, 0.0),
    5: (1.0, 0.0, _HALF_POWER, _HALF_POWER, 0.0),
    6: (1.0, 0.0, _HALF_POWER, 0.0, _HALF_POWER, 0.0),
    8: (1.0, 0.0, _HALF_POWER, 0.0, _HALF_POWER, 0.0, _HALF_POWER, 0.0),
}
_RIGHT_WEIGHTS: dict[int, tuple[float, ...]] = {
    3: (0.0, 1.0, _HALF_POWER),
    4: (0.0, 1.0, 0.0, _HALF_POWER),
    5: (0.0, 1.0, _HALF_POWER, 0.0, _HALF_POWER),
    6: (0.0, 1.0, _HALF_POWER, 0.0, 0.0, _HALF_POWER),
    8: (0.0, 1.0, _HALF_POWER, 0.0, 0.0, _HALF_POWER, 0.0, _HALF_POWER),
}


def mono_weights(channels: int) -> NDArray[np.float32]:
    """The share of each channel in a mono mix; they add up to 1, so nothing can clip.

    Mono is (L+R)/2 for stereo. For 3, 4, 5, 6 and 8 channels in the usual order (3.0, quad, 5.0,
    5.1, 7.1) it is the mean of the two sides of the stereo mix: centre and surrounds count
    half-power, the low-frequency effects channel is left out. Any other count is a plain mean.

    Source: ITU-R BS.775-4, annex 4, table 2 (downward mixing), scaled to a sum of 1.
    """
    if channels < 1:
        raise ConfigurationError(f"{channels} channels are impossible", fix="Give at least one.")
    if channels not in _LEFT_WEIGHTS:
        return np.full(channels, 1.0 / channels, np.float32)
    both = np.add(_LEFT_WEIGHTS[channels], _RIGHT_WEIGHTS[channels])
    return np.asarray(both / both.sum(), np.float32)


def stereo_weights(channels: int) -> NDArray[np.float32]:
    """The share of each channel in left and right, shape `(channels, 2)`; columns add up to 1.

    Mono goes to both sides unchanged; counts without a usual order alternate left and right.

    Source: ITU-R BS.775-4, annex 4, table 2, scaled to a sum of 1.
    """
    if channels < 1:
        raise ConfigurationError(f"{channels} channels are impossible", fix="Give at least one.")
    if channels == 1:
        return np.ones((1, 2), np.float32)
    if channels in _LEFT_WEIGHTS:
        sides = np.array([_LEFT_WEIGHTS[channels], _RIGHT_WEIGHTS[channels]]).T
    else:
        sides = np.eye(2)[np.arange(channels) % 2]
    return np.asarray(sides / sides.sum(axis=0), np.float32)


class Cancellation(NamedTuple):
    """Channels that take each other away in a mono mix.

    Attributes:
        channel: The loudest, from 0; it is taken instead of the mix.
        loss_db: By how much the mix would be quieter than it.
        correlation: Of the loudest channel with the one most against it, −1 to 1.
    """

    channel: int
    loss_db: float
    correlation: float


class CancellationMeter:
    """Compares the mono mix with its loudest channel, over a whole stream.

    Args:
        channels: A count.
    """

    def __init__(self, channels: int) -> None:
        self._products = np.zeros((channels, channels))

    def add(self, block: Samples) -> None:
        """Count the frames of one more block; what is no number counts as silence."""
        exact = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float64)
        self._products += exact.T @ exact

    def result(self) -> Cancellation | None:
        """What is lost by mixing; `None` for at most 6.1 dB, as of one silent channel of two."""
        energies = np.diag(self._products)
        channel = int(np.argmax(energies))
        weights = mono_weights(len(energies)).astype(np.float64)
        mixed = float(weights @ self._products @ weights)
        if energies[channel] <= 0.0:
            return None
        loss_db = -10 * math.log10(max(mixed / float(energies[channel]), 1e-12))
        if loss_db <= _MOST_LOSS_DB:
            return None
        scale = np.sqrt(np.maximum(energies * energies[channel], 1e-30))
        return Cancellation(channel, loss_db, float(np.min(self._products[channel] / scale)))


def downmix(block: Samples, channels: int = 1) -> Samples:
    """The block in fewer channels, as a new array of shape `(frames, channels)`.

    Levels are preserved: what is the same in all channels stays as loud, and the sum of the
    shares is 1, so that no mix of samples within ±1 leaves ±1.

    Args:
        block: Shape `(frames, any)`.
        channels: 1 or 2; a block that has as many already is copied.

    Raises:
        ConfigurationError: Neither 1 nor 2 channels are wanted, nor as many as there are.
    """
    count = block.shape[1]
    if channels == count:
        return block.copy()
    if channels == 1:
        return _weighted(block, mono_weights(count)[:, None])
    if channels == 2:
        return _weighted(block, stereo_weights(count))
    raise ConfigurationError(
        f"no rule mixes {count} channels to {channels}", fix="Mix to one or two channels."
    )


def _weighted(block: Samples, weights: NDArray[np.float32]) -> Samples:
    # Channel by channel, so that every sample is summed in the same order in blocks of any length;
    # a matrix product would not promise that.
    mixed: Samples = np.zeros((len(block), weights.shape[1]), np.float32)
    for target in range(weights.shape[1]):
        column = mixed[:, target]
        for source in np.flatnonzero(weights[:, target]):
            column += block[:, source] * weights[source, target]
    return mixed
