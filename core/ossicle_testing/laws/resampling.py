"""There and back again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ossicle.signal import Samples, resample

Resampling = Callable[[Samples, int, int], Samples]
"""Takes samples, their rate and the wanted rate in Hz."""

_KEPT_SHARE = 0.8
_LEAST_FRAMES = 1024


def _own(samples: Samples, sample_rate_in: int, sample_rate_out: int) -> Samples:
    return resample(samples, sample_rate_in=sample_rate_in, sample_rate_out=sample_rate_out)


def resampling_round_trips(
    samples: Samples,
    *,
    sample_rate: int,
    via: int,
    through: Resampling = _own,
    max_error_db: float = -60.0,
    kept_share: float = _KEPT_SHARE,
) -> None:
    """Samples that went to another rate and back are what they were, as far as both rates reach.

    The length is right to a frame; in the frequencies up to `kept_share` of the lower Nyquist
    frequency the difference is small against the loudest there. Shorter than 1024 frames only
    the length is looked at, and the first and last tenth, where filters settle, never.

    Args:
        samples: Shape `(frames, channels)`.
        sample_rate: In Hz.
        via: The other rate in Hz.
        through: The resampler to be checked; ossicle's own by default.
        max_error_db: Level of the difference, relative to what is kept.
        kept_share: Up to which share of the lower Nyquist frequency.

    Raises:
        AssertionError: They are not.
    """
    back = through(through(samples, sample_rate, via), via, sample_rate)
    # Half a frame of the other rate may be lost or won on the way.
    slack = 1 + -(-sample_rate // (2 * via))
    if abs(len(back) - len(samples)) > slack or back.shape[1:] != samples.shape[1:]:
        raise AssertionError(f"the shape is {back.shape} instead of {samples.shape}")
    if len(samples) < _LEAST_FRAMES:
        return
    edge = len(samples) // 10
    kept = samples[edge:-edge].astype(np.float64)
    window = np.blackman(len(kept))[:, None]
    bins = int(kept_share * min(sample_rate, via) / 2 / sample_rate * len(kept))
    error = back[edge : edge + len(kept)] - kept
    apart, there = (
        float(np.abs(np.fft.rfft(part * window, axis=0)[:bins]).max(initial=0.0))
        for part in (error, kept)
    )
    allowed = max(there, 1e-6 * len(kept)) * 10.0 ** (max_error_db / 20.0)
    if apart > allowed:
        found_db = 20.0 * np.log10(apart / max(there, 1e-12))
        raise AssertionError(
            f"{sample_rate} Hz by {via} Hz and back is off by {found_db:.1f} dB, "
            f"allowed are {max_error_db} dB"
        )
