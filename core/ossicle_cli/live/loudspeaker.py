"""A loudspeaker that plays an answer while it comes."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from ossicle.errors import AudioDeviceError
from ossicle.signal import Resampler, float_to_s16, int_to_float
from ossicle_cli.live.devices import Device, device_error, failing_as, sound_library, takes

if TYPE_CHECKING:
    from ossicle.audio import AudioFormat
    from ossicle.messages import AudioDelta

_POLL_S = 0.01
_STALLED_S = 5.0


class Loudspeaker:
    """Plays one answer after another, each in a thread of its own.

    The thread takes what comes at once, so that nobody keeps a vendor waiting for the pace of a
    loudspeaker; the answer is in memory anyway. What goes wrong never ends the answer: it is told
    when the answer is over, and the next one tries again.

    Args:
        device: Which one.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self._playback: _Playback | None = None

    def play(self, delta: AudioDelta) -> None:
        """Play more of the answer, after what came before; does not wait.

        Args:
            delta: Raw 16-bit samples, cut anywhere.
        """
        if self._playback is None:
            self._playback = _Playback(self.device, delta.format)
        self._playback.put(delta.data)

    def finish(self) -> AudioDeviceError | None:
        """Wait until the answer was heard to its end; what went wrong, if anything did."""
        playback = self._playback
        if playback is None:
            return None
        playback.end()
        playback.wait()
        self._playback = None
        return playback.problem

    def stop(self) -> None:
        """Be silent at once; harmless when nothing is played."""
        playback, self._playback = self._playback, None
        if playback is not None:
            playback.stop()
            playback.wait()


class _Playback:
    """One answer on its way to the loudspeaker.

    Attributes:
        problem: What went wrong, once it is over.
    """

    def __init__(self, device: Device, form: AudioFormat) -> None:
        self.problem: AudioDeviceError | None = None
        self._device = device
        self._sample_rate, self._channels = form.sample_rate or 0, form.channels or 1
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._is_stopped, self._is_over = threading.Event(), threading.Event()
        # A daemon: a driver that never returns must not keep the program from ending.
        threading.Thread(target=self._run, name="ossicle-loudspeaker", daemon=True).start()

    def put(self, data: bytes) -> None:
        self._waiting.put(data)

    def end(self) -> None:
        self._waiting.put(None)

    def stop(self) -> None:
        self._is_stopped.set()
        self._waiting.put(None)

    def wait(self) -> None:
        """Wait for the end, in short steps, so that an interrupt comes through on every system."""
        while not self._is_over.wait(0.1):
            pass

    def _run(self) -> None:
        try:
            self._play_all()
        except AudioDeviceError as error:
            self.problem = error
        finally:
            self._is_over.set()

    def _play_all(self) -> None:
        rate, channels = self._sample_rate, self._channels
        fits = takes(self._device, sample_rate=rate, channels=channels)
        played_rate = rate if fits else self._device.sample_rate
        resampler = None
        if not fits:
            resampler = Resampler(
                sample_rate_in=rate, sample_rate_out=played_rate, channels=channels
            )
        with failing_as(self._device, "cannot be opened"):
            stream = sound_library().RawOutputStream(
                samplerate=played_rate,
                device=self._device.index,
                channels=channels,
                dtype="int16",
                latency="high",
            )
        try:
            with failing_as(self._device, "failed while it played"):
                stream.start()
                self._play(stream, resampler)
                if not self._is_stopped.is_set():
                    stream.stop(ignore_errors=False)  # waits until the last of it was heard
        finally:
            stream.close()

    def _play(self, stream: Any, resampler: Resampler | None) -> None:
        width = 2 * self._channels
        held = b""  # the first part of a frame
        for data in iter(self._waiting.get, None):
            held += data
            whole = len(held) // width * width
            self._write(stream, _resampled(held[:whole], resampler, self._channels), width)
            held = held[whole:]
        if resampler is not None:
            self._write(stream, float_to_s16(resampler.flush()).astype("<i2").tobytes(), width)

    def _write(self, stream: Any, data: bytes, width: int) -> None:
        """Write as much at a time as there is room for, so that `stop` and stalls are noticed."""
        moved_at = time.monotonic()
        while data and not self._is_stopped.is_set():
            n_bytes = min(len(data), stream.write_available * width)
            if n_bytes > 0:
                stream.write(data[:n_bytes])
                data = data[n_bytes:]
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > _STALLED_S:
                raise device_error(self._device, f"has taken nothing for {_STALLED_S:g} s")
            else:
                time.sleep(_POLL_S)


def _resampled(data: bytes, resampler: Resampler | None, channels: int) -> bytes:
    if resampler is None:
        return data
    samples = int_to_float(np.frombuffer(data, "<i2").reshape(-1, channels), 16)
    return float_to_s16(resampler.process(samples)).astype("<i2").tobytes()
