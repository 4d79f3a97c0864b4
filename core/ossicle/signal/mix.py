"""Fewer channels without a change of level."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ossicle.errors import ConfigurationError
from ossicle.signal.blocks import Samples

_HALF_POWER = math.sqrt(0.5)

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
