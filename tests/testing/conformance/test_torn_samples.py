"""Samples that were read at the wrong byte are told from high tones and from noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle.signal.blocks import Samples
from ossicle_testing.conformance.provider.torn_samples import is_torn
from ossicle_testing.strategies import Signal, signals

WIDTHS = st.sampled_from((2, 3))


def written(samples: Samples, width: int) -> bytes:
    full = 2 ** (8 * width - 1)
    flat = np.clip(np.rint(samples.astype(np.float64) * full), -full, full - 1).reshape(-1)
    return b"".join(int(one).to_bytes(width, "little", signed=True) for one in flat)


def read(data: bytes, *, width: int, channels: int) -> Samples:
    frames = len(data) // (width * channels)
    numbers = [
        int.from_bytes(data[at : at + width], "little", signed=True)
        for at in range(0, frames * width * channels, width)
    ]
    whole = np.array(numbers, np.float64) / 2 ** (8 * width - 1)
    samples: Samples = whole.reshape(-1, channels).astype(np.float32)
    return samples


def swapped(data: bytes, width: int) -> bytes:
    return b"".join(data[at : at + width][::-1] for at in range(0, len(data), width))


@settings(deadline=None)
@given(signals(max_frames=1600), WIDTHS)
def test_whatever_was_read_right_is_not_torn(signal: Signal, width: int) -> None:
    assert not is_torn(signal.pcm.samples, sample_width=width)


@settings(deadline=None, max_examples=tried(300))
@given(
    st.integers(400, 1600), st.floats(0.01, 0.5), st.floats(0.0, 6.3), st.floats(0.002, 1.0),
    st.booleans(),
)  # fmt: skip
def test_a_clean_tone_of_any_height_is_not_torn(
    frames: int, cycles: float, phase: float, peak: float, is_square: bool
) -> None:
    wave = np.sin(2 * np.pi * cycles * np.arange(frames) + phase)
    wave = np.sign(wave) if is_square else wave
    assert not is_torn((peak * wave).astype(np.float32).reshape(-1, 1), sample_width=2)


def test_what_was_eight_bits_wide_is_not_torn() -> None:
    coarse = np.rint(Signal(kind="noise", frames=4000).pcm.samples * 127) / 128
    assert not is_torn(coarse.astype(np.float32), sample_width=2)


VOICES = st.builds(
    Signal,
    kind=st.just("speech"),
    frames=st.just(4000),
    sample_rate=st.sampled_from((16000, 24000, 48000)),
    channels=st.sampled_from((1, 2)),
    level_dbfs=st.sampled_from((0.0, -6.0, -20.0)),
    hertz=st.integers(80, 279),
)


@settings(deadline=None, max_examples=tried(25))
@given(VOICES, WIDTHS)
def test_a_voice_with_its_bytes_turned_around_is_torn(signal: Signal, width: int) -> None:
    data = swapped(written(signal.pcm.samples, width), width)
    torn = read(data, width=width, channels=signal.channels)
    assert is_torn(torn, sample_width=width)


@settings(deadline=None, max_examples=tried(25))
@given(VOICES, WIDTHS)
def test_a_voice_that_begins_at_the_wrong_byte_is_torn(signal: Signal, width: int) -> None:
    data = written(signal.pcm.samples, width)[1:]
    torn = read(data, width=width, channels=signal.channels)
    assert is_torn(torn, sample_width=width)


@pytest.mark.parametrize("lost", [101, 4001, 6001])
def test_a_byte_that_is_lost_on_the_way_tears_what_comes_behind(lost: int) -> None:
    data = written(Signal(kind="tone", frames=4000, hertz=300).pcm.samples, 2)
    torn = read(data[:lost] + data[lost + 1 :], width=2, channels=1)
    assert is_torn(torn, sample_width=2)
