"""Text to sound and back, exactly or not at all.

The sound keeps its text through lossy codecs, telephone bandwidth, resampling, changes of level
and mild noise. Twenty to thirty bytes of UTF-8 take a second.

>>> samples = text_to_samples("Grüße, 世界!")
>>> samples.shape
(30720, 1)
>>> samples_to_text(samples, 24000)
'Grüße, 世界!'
>>> samples_to_text(samples * 0, 24000) is None
True
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .demodulator import Clock, Demodulator
from .framing import (
    HEADER_BYTES,
    Packet,
    body_bytes,
    packets_to_messages,
    read_header,
    text_to_packets,
)
from .modulator import Modulator
from .waveform import BLOCK_S, BYTES_PER_SYMBOL, LEAST_SAMPLE_RATE, SYMBOLS_PER_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ossicle.audio.pcm import Samples

SAMPLE_RATE = 24000
"""Native sample rate in Hz."""

_ENOUGH_RATE = 16000
"""Least rate in Hz that is kept when reading."""

_CANCELLED = 0.1
"""Share of the loudest channel's power below which the mean of the channels is no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was heard in a piece of audio.

    Attributes:
        messages: The texts that arrived whole, in the order of time.
        n_lost: Packets that were heard but belong to no whole text.
        tones_s: Seconds taken by packets, whole or not.
    """

    messages: tuple[str, ...]
    n_lost: int
    tones_s: float

    @property
    def text(self) -> str | None:
        """All messages joined by a space; `None` when there is none or something was lost."""
        if not self.messages or self.n_lost:
            return None
        return " ".join(message for message in self.messages if message)


def text_to_samples(text: str, *, sample_rate: int = SAMPLE_RATE, tilt_db: float = 0.0) -> Samples:
    """Sound that carries a text.

    Args:
        text: Any string; the empty one makes a short sound of its own.
        sample_rate: In Hz, at least 8000.
        tilt_db: How much louder the highest tones are than the lowest; a timbre, nothing else.

    Returns:
        float32, shape `(frames, 1)`, peaks of 0.5. The same for the same arguments.

    Raises:
        ConfigurationError: The sample rate is too low for the tones.
        TextTooLongError: The text has more than about four million bytes.
    """
    return np.concatenate(
        list(text_to_blocks(text, sample_rate=sample_rate, tilt_db=tilt_db)), axis=0
    )


def text_to_blocks(
    text: str, *, sample_rate: int = SAMPLE_RATE, tilt_db: float = 0.0
) -> Iterator[Samples]:
    """The sound of `text_to_samples` in pieces of at most about two seconds, made when asked for.

    Raises:
        ConfigurationError: The sample rate is too low for the tones.
        TextTooLongError: The text has more than about four million bytes.
    """
    modulator = Modulator(sample_rate=sample_rate, tilt_db=tilt_db)
    return _blocks(modulator, text_to_packets(text))


def _blocks(modulator: Modulator, packets: Iterator[Packet]) -> Iterator[Samples]:
    yield modulator.pause()
    for packet in packets:
        yield modulator.packet(packet.to_bytes())
    # A codec that drops its last frame must not take the last symbol with it.
    yield modulator.pause()


def samples_to_text(samples: NDArray[np.float32], sample_rate: int) -> str | None:
    """The text that sound carries, exactly; several messages are joined by a space.

    Returns:
        `None` when there are no tones, or not everything that was heard arrived whole.
    """
    return read_samples(samples, sample_rate).text


def samples_to_messages(samples: NDArray[np.float32], sample_rate: int) -> list[str]:
    """The messages that arrived whole, in the order of time."""
    return list(read_samples(samples, sample_rate).messages)


def read_samples(samples: NDArray[np.float32], sample_rate: int) -> Reading:
    """Everything that can be told about the tones in a piece of audio.

    Args:
        samples: Shape `(frames, channels)` or `(frames,)`; values that are not finite count as 0.
        sample_rate: In Hz. Below 8000 nothing is heard.
    """
    if samples.size == 0 or sample_rate < LEAST_SAMPLE_RATE:
        return Reading(messages=(), n_lost=0, tones_s=0.0)
    mono, sample_rate = _reduced(_mono(samples), sample_rate)
    demodulator = Demodulator(mono, sample_rate=sample_rate)
    packets: list[Packet | None] = []
    tones_s = free_s = 0.0
    stretch = 1.0
    for near_s in demodulator.preambles():
        if near_s < free_s - BLOCK_S / 2:
            continue
        heard = _hear(demodulator, near_s, stretch)
        if heard is None:
            continue
        packet, clock, length_s = heard
        packets.append(packet)
        tones_s += length_s
        free_s = clock.start_s + length_s
        stretch = clock.stretch
    messages, n_lost = packets_to_messages(packets)
    return Reading(messages=tuple(messages), n_lost=n_lost, tones_s=tones_s)


def _hear(
    demodulator: Demodulator, near_s: float, stretch: float
) -> tuple[Packet | None, Clock, float] | None:
    """The packet near a place, its timing and length in seconds; `None` when there is no packet.

    The speed of the clock that fitted last is tried before all others.
    """
    damaged: tuple[None, Clock, float] | None = None
    first = demodulator.clock(near_s, stretch=stretch)
    for clock in _each(first, demodulator, near_s):
        header = demodulator.read(clock, first_block=1, n_bytes=HEADER_BYTES)
        data_bytes = read_header(header)
        if data_bytes is None:
            continue
        n_bytes = body_bytes(data_bytes)
        n_blocks = 2 + n_bytes // (SYMBOLS_PER_BLOCK * BYTES_PER_SYMBOL)
        length_s = n_blocks * BLOCK_S * clock.stretch
        body = demodulator.read(clock, first_block=2, n_bytes=n_bytes)
        packet = Packet.from_body(body, data_bytes)
        if packet is not None:
            return packet, clock, length_s
        damaged = damaged or (None, clock, length_s)
    return damaged


def _each(first: Clock, demodulator: Demodulator, near_s: float) -> Iterator[Clock]:
    yield first
    yield from (clock for clock in demodulator.clocks(near_s) if clock != first)


def _mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """One channel: the mean, or the loudest where the mean would cancel the sound."""
    samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32, copy=False)
    if samples.ndim == 1:
        return samples
    mean: NDArray[np.float32] = samples.mean(axis=1)
    powers = np.square(samples).mean(axis=0)
    if np.square(mean).mean() < _CANCELLED * powers.max():
        return np.ascontiguousarray(samples[:, powers.argmax()])
    return mean


def _reduced(mono: NDArray[np.float32], sample_rate: int) -> tuple[NDArray[np.float32], int]:
    """The same at a rate between 16 and 32 kHz where it was higher.

    Means of neighbours are a poor low-pass and a good one here: what folds down into the band of
    the tones comes from above 12 kHz, where speech and codecs leave little.
    """
    factor = max(1, sample_rate // _ENOUGH_RATE)
    if factor == 1:
        return mono, sample_rate
    whole = mono[: len(mono) // factor * factor]
    means: NDArray[np.float32] = whole.reshape(-1, factor).mean(axis=1)
    return means, sample_rate // factor
