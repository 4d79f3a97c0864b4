"""Signals for the converters, and a measure of what they did to them."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest

from ossicle.abc import FormatConverter
from ossicle.audio import AudioClip, AudioFormat, Pcm


class Fidelity(NamedTuple):
    """How a decoded signal relates to the original.

    Attributes:
        lag: Frames by which it comes late.
        snr_db: Signal to noise ratio over the common part, after taking the lag out.
    """

    lag: int
    snr_db: float


def make_voice(*, frames: int, channels: int = 1, sample_rate: int = 24_000) -> Pcm:
    """Harmonics under a slow envelope, another one in each channel; never periodic within 1 s."""
    t = np.arange(frames) / sample_rate
    columns = []
    for channel in range(channels):
        tones = sum(
            level * np.sin(2 * np.pi * hertz * (1 + 0.01 * channel) * t + phase)
            for hertz, phase, level in (
                (181, 0, 0.2),
                (367, 1, 0.1),
                (701, 2, 0.1),
                (1511, 3, 0.04),
            )
        )
        columns.append(tones * (0.6 + 0.4 * np.sin(2 * np.pi * 2.3 * t + channel)))
    samples = np.stack(columns, axis=1).astype(np.float32) if channels else np.zeros((frames, 0))
    return Pcm(samples=np.ascontiguousarray(samples, np.float32), sample_rate=sample_rate)


def measure_fidelity(original: Pcm, decoded: Pcm) -> Fidelity:
    """Lag by cross-correlation of the first channels, and the noise that is left."""
    a, b = original.samples[:, 0].astype(np.float64), decoded.samples[:, 0].astype(np.float64)
    size = 1 << int(np.ceil(np.log2(len(a) + len(b))))
    correlation = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    lag = int(np.argmax(correlation))
    lag = lag - size if lag > size // 2 else lag
    a, b = a[max(-lag, 0) :], b[max(lag, 0) :]
    common = min(len(a), len(b))
    noise = ((a[:common] - b[:common]) ** 2).sum()
    return Fidelity(lag, float(10 * np.log10((a[:common] ** 2).sum() / max(noise, 1e-30))))


def encode_bytes(
    converter: FormatConverter, pcm: Pcm, target: AudioFormat, *, block_frames: int = 5000
) -> bytes:
    """What a converter writes of these samples."""
    sink = io.BytesIO()
    exact = target.at(sample_rate=pcm.sample_rate, channels=pcm.channels)
    converter.encode(pcm.stream(block_frames), exact, sink)
    assert not sink.closed
    return sink.getvalue()


def decode_bytes(converter: FormatConverter, data: bytes) -> Pcm:
    """What a converter reads from these bytes, as they are sniffed."""
    return converter.decode(AudioClip.from_bytes(data)).read()


class PipeSink(io.RawIOBase):
    """A sink that cannot go back, like a socket."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.writes = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data))  # type: ignore[arg-type]  # any buffer
        self.data += piece
        self.writes += 1
        return len(piece)


class FullSink(io.BytesIO):
    """A sink on a disk that is full after some bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, data: object) -> int:
        if self.tell() + memoryview(data).nbytes > self._room:  # type: ignore[arg-type]
            raise OSError(28, "No space left on device")
        return super().write(data)  # type: ignore[arg-type]


PEAK_KIB = """
def peak_kib():
    # Not ru_maxrss: a child inherits its parent's through fork and exec.
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
"""
"""Source of a function for a fresh process: its peak memory in KiB (Linux)."""


def run_fresh(code: str, *arguments: str) -> str:
    """What a program prints in a process of its own that knows `peak_kib`; skips off Linux."""
    if not sys.platform.startswith("linux"):
        pytest.skip("peak memory is read from /proc")
    done = subprocess.run(
        [sys.executable, "-c", PEAK_KIB + code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    return done.stdout
