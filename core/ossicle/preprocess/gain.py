"""One gain for the whole stream, so that it is as loud as wanted and never over the ceiling."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ossicle.abc import BlockTransform, Preprocessor
from ossicle.errors import ConfigurationError
from ossicle.signal.decibels import db_to_amplitude

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples
    from ossicle.signal.meters import Measurements

MAX_GAIN_DB = 40.0
"""More gain than this only makes noise loud."""


class Loudness(Preprocessor):
    """Brings a stream to a loudness by one gain; nothing is compressed or limited.

    The gain is the smaller of what the target asks and what the ceiling allows. A stream that is
    silent or too short to have a loudness is left as it is.

    Args:
        target_lufs: Integrated loudness.
        ceiling_dbtp: Highest true peak.

    Source: ITU-R BS.1770-5 for both units; −16 LUFS and −1 dBTP are what AES TD1008 recommends
        for speech that is listened to on small devices.
    """

    name = "loudness"
    needs_measurements = True

    def __init__(self, *, target_lufs: float = -16.0, ceiling_dbtp: float = -1.0) -> None:
        if not (-70.0 <= target_lufs <= 0.0 and -20.0 <= ceiling_dbtp <= 0.0):
            raise ConfigurationError(
                f"a target of {target_lufs} LUFS under {ceiling_dbtp} dBTP is impossible",
                fix="Give -70 to 0 LUFS and -20 to 0 dBTP.",
            )
        self.target_lufs, self.ceiling_dbtp = target_lufs, ceiling_dbtp

    def start(
        self, *, sample_rate: int, channels: int, measurements: Measurements | None = None
    ) -> BlockTransform:
        """A transform without memory.

        Raises:
            ConfigurationError: The stream was not measured.
        """
        if measurements is None:
            raise ConfigurationError(
                "the loudness of a stream that was not measured cannot be set",
                fix="Measure it first with ossicle.signal.meters.Meter.",
            )
        return _Amplifying(sample_rate, channels, gain_db=self.gain_db(measurements))

    def gain_db(self, measurements: Measurements) -> float:
        """The gain for a stream, in dB; 0 where it has no loudness."""
        if not math.isfinite(measurements.loudness_lufs):
            return 0.0
        wanted = self.target_lufs - measurements.loudness_lufs
        allowed = self.ceiling_dbtp - measurements.true_peak_dbtp
        return min(wanted, allowed, MAX_GAIN_DB)


class _Amplifying(BlockTransform):
    def __init__(self, sample_rate: int, channels: int, *, gain_db: float) -> None:
        self.sample_rate, self.channels = sample_rate, channels
        self._gain_db = gain_db
        self._factor = np.float32(db_to_amplitude(gain_db))

    def process(self, block: Samples) -> Samples:
        return block * self._factor

    def finish(self) -> Samples:
        return np.zeros((0, self.channels), np.float32)

    def effect(self) -> Mapping[str, float]:
        return {"gain_db": self._gain_db}
