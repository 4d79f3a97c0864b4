from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.audio import AudioClip, AudioFacts, AudioFormat
from ossicle.errors import UnsupportedFormatError
from ossicle_local.samples import levelled_pcm, mono_samples, resampled


@given(st.binary(max_size=400), st.integers(1, 3))
def test_any_number_of_bytes_becomes_whole_frames(data: bytes, channels: int) -> None:
    samples = mono_samples(AudioClip.from_pcm(data, sample_rate=16000, channels=channels))
    assert samples.shape == (len(data) // (2 * channels),)
    assert samples.dtype == np.float32


def test_channels_are_averaged_at_full_scale_one() -> None:
    data = np.array([[16384, 0], [-32768, -32768]], "<i2").tobytes()
    samples = mono_samples(AudioClip.from_pcm(data, sample_rate=16000, channels=2))
    assert samples.tolist() == [0.25, -1.0]


def test_the_header_and_what_follows_the_samples_are_left_out(tmp_path: Path) -> None:
    body = np.arange(-5, 5, dtype="<i2").tobytes()
    for size in (len(body), None):
        facts = AudioFacts(
            format=AudioFormat.named("wav", sample_rate=16000, channels=1),
            n_bytes=100,
            data_offset=44,
            data_bytes=size,
        )
        data = b"H" * 44 + body + (b"trailing" if size is not None else b"")
        path = tmp_path / "clip.wav"
        path.write_bytes(data)
        for source in (data, path):
            samples = mono_samples(AudioClip(source, facts=facts))
            assert (samples * 32768).tolist() == list(range(-5, 5))


def test_other_rates_are_resampled() -> None:
    tone = np.rint(8000 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)).astype("<i2")
    samples = mono_samples(AudioClip.from_pcm(tone.tobytes(), sample_rate=44100))
    expected = 8000 / 32768 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    assert len(samples) == 16000
    assert np.abs(samples - expected)[1000:-1000].max() < 1e-3
    assert len(resampled(np.zeros(0, np.float32), source=8000, target=16000)) == 0


def test_what_is_not_plain_pcm_is_refused() -> None:
    clip = AudioClip.from_pcm(b"\0\0\0\0", sample_rate=16000, sample_format="f32")
    with pytest.raises(UnsupportedFormatError, match="f32"):
        mono_samples(clip)


@given(st.floats(0.05, 1), st.integers(100, 5000))
def test_every_level_becomes_the_same(level: float, frames: int) -> None:
    noise = np.random.default_rng(frames).uniform(-level, level, frames).astype(np.float32)
    pcm = np.frombuffer(levelled_pcm(noise), "<i2") / 32767
    assert 20 * math.log10(np.sqrt(np.mean(pcm**2))) == pytest.approx(-20, abs=0.1)


def test_peaks_stay_below_full_scale() -> None:
    click = np.zeros(24000, np.float32)
    click[7] = 0.2
    assert np.abs(np.frombuffer(levelled_pcm(click), "<i2")).max() == round(0.89 * 32767)


def test_a_noise_floor_is_not_made_loud() -> None:
    floor = np.full(1000, 1e-3, np.float32)
    assert np.abs(np.frombuffer(levelled_pcm(floor), "<i2")).max() < 0.01 * 32767


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_silence_stays_silence(frames: int) -> None:
    assert levelled_pcm(np.zeros(frames, np.float32)) == bytes(2 * frames)
