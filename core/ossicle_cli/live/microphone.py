"""A microphone that is open only while somebody is listened to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from ossicle.signal import int_to_float
from ossicle_cli.live.devices import Device, device_error, failing_as, sound_library, takes

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from ossicle.signal import Samples

SAMPLE_RATE = 24_000
"""In Hz; what chat models hear at. A device that has another one gives what it has."""

_POLL_S = 0.01
_LONGEST_READ_S = 0.1
_STALLED_S = 5.0


class Microphone:
    """One channel of a microphone, read in blocks; a context manager.

    Nothing waits inside PortAudio, so that an interrupt always comes through.

    Args:
        device: Which one.

    Attributes:
        sample_rate: Of what is read, in Hz.

    Raises:
        AudioDeviceError: It cannot be opened.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        usual = takes(device, sample_rate=SAMPLE_RATE, channels=1)
        self.sample_rate = SAMPLE_RATE if usual else device.sample_rate
        with failing_as(device, "cannot be opened"):
            self._stream: Any = sound_library().RawInputStream(
                samplerate=self.sample_rate,
                device=device.index,
                channels=1,
                dtype="int16",
                latency="high",
            )
        self._has_lost = False
        self._heard_at = 0.0

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the device."""
        self._stream.close(ignore_errors=True)

    @property
    def has_lost(self) -> bool:
        """Whether sound was lost since `start`, because it was read too late."""
        return self._has_lost

    def start(self) -> None:
        """Begin to listen; what was said before is not heard.

        Raises:
            AudioDeviceError: It does not work.
        """
        self._has_lost, self._heard_at = False, time.monotonic()
        with failing_as(self.device, "does not start"):
            self._stream.start()

    def stop(self) -> None:
        """Stop listening; harmless when the device is gone."""
        self._stream.abort(ignore_errors=True)

    def read(self) -> Samples:
        """What has come, after a short wait where nothing has; possibly still nothing.

        Returns:
            Shape `(frames, 1)`.

        Raises:
            AudioDeviceError: It is gone.
        """
        with failing_as(self.device, "is gone"):
            frames = min(self._stream.read_available, round(_LONGEST_READ_S * self.sample_rate))
            data, overflowed = self._stream.read(frames) if frames > 0 else (b"", False)
        self._has_lost |= bool(overflowed)
        if frames > 0:
            self._heard_at = time.monotonic()
        elif time.monotonic() - self._heard_at > _STALLED_S:
            raise device_error(self.device, f"has given nothing for {_STALLED_S:g} s")
        else:
            time.sleep(_POLL_S)
        return int_to_float(np.frombuffer(data, "<i2"), 16)[:, None]
