from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from tests.core.signal.signals import noise, silence, sine

from ossicle.signal.meters import Measurements, measure

RATES = [8000, 16_000, 24_000, 48_000]
SPEECH = [
    "made/speech.wav",
    "fetched/speech/TTS--LJ001-0008.wav",
    "fetched/speech/pocketsphinx--001.wav",
    "fetched/speech/speech_recognition--chinese.flac",
    "fetched/speech/speech_recognition--english.wav",
    "fetched/speech/speech_recognition--french.aiff",
    "fetched/speech/vosk-api--test.wav",
    "fetched/speech/whisper--jfk.flac",
    "made/tricky/wav-mulaw-8k.wav",
]


def on_and_off(hz: float, *, duration_s: float = 4.0, sample_rate: int) -> NDArray[np.float32]:
    time = np.arange(round(duration_s * sample_rate)) / sample_rate
    return ((time * hz) % 1.0 < 0.5)[:, None].astype(np.float32)


def swelling(hz: float, *, duration_s: float = 4.0, sample_rate: int) -> NDArray[np.float32]:
    time = np.arange(round(duration_s * sample_rate)) / sample_rate
    return (0.5 + 0.5 * np.sin(2 * np.pi * hz * time))[:, None].astype(np.float32)


def coloured(exponent: float, *, sample_rate: int) -> NDArray[np.float32]:
    """Noise whose power falls with frequency to this power: 1 is pink, 2 is brown."""
    white = noise(level_dbfs=0.0, duration_s=4.0, sample_rate=sample_rate)[:, 0]
    frequencies = np.maximum(np.fft.rfftfreq(len(white), 1 / sample_rate), 20.0)
    shaped = np.fft.irfft(np.fft.rfft(white) * frequencies ** (-exponent / 2), len(white))
    return np.asarray(0.1 * shaped / shaped.std(), np.float32)[:, None]


def read(folder: Path, name: str) -> tuple[NDArray[np.float32], int]:
    samples, sample_rate = soundfile.read(folder / name, dtype="float32", always_2d=True)
    return samples, sample_rate


def not_speech(sample_rate: int) -> dict[str, NDArray[np.float32]]:
    def tone(hz: float) -> NDArray[np.float32]:
        return sine(hz, level_dbfs=-10.0, duration_s=4.0, sample_rate=sample_rate)

    white = noise(duration_s=4.0, sample_rate=sample_rate)
    sounds: dict[str, NDArray[np.float32]] = {
        "silence": silence(4.0, sample_rate=sample_rate),
        "dither": (np.rint(white * 10) / 32768).astype(np.float32),
        "white": white,
        "pink": coloured(1.0, sample_rate=sample_rate),
        "brown": coloured(2.0, sample_rate=sample_rate),
        "hum": sum((tone(50.0 * k) / np.float32(k) for k in (2, 3)), start=tone(50.0)),
        "click": np.where(np.arange(4 * sample_rate) % sample_rate == 0, 0.9, 0.0)
        .astype(np.float32)[:, None],
    }  # fmt: skip
    for hz in (100.0, 440.0, 1000.0, 3000.0):
        sounds[f"{hz} Hz"] = tone(hz)
    for hz in (1.0, 2.0, 4.0, 8.0):
        sounds[f"noise bursts {hz}"] = white * on_and_off(hz, sample_rate=sample_rate)
        sounds[f"noise waves {hz}"] = white * swelling(hz, sample_rate=sample_rate)
        sounds[f"beeps {hz}"] = tone(440.0) * on_and_off(hz, sample_rate=sample_rate)
        sounds[f"tone waves {hz}"] = tone(440.0) * swelling(hz, sample_rate=sample_rate)
    keys = on_and_off(1.0, sample_rate=sample_rate)
    pauses = on_and_off(4.0, sample_rate=sample_rate)
    sounds["dialling"] = pauses * (
        keys * (tone(697.0) + tone(1209.0)) + (1 - keys) * (tone(852.0) + tone(1477.0))
    )
    return sounds


@pytest.mark.parametrize("sample_rate", RATES)
def test_noise_tones_and_silence_are_no_speech(sample_rate: int) -> None:
    heard = {
        name: found.speech_s
        for name, samples in not_speech(sample_rate).items()
        if (found := measure(samples, sample_rate=sample_rate)).speech_s > 0.0
    }
    assert heard == {}


@pytest.mark.parametrize("name", SPEECH)
def test_speech_is_found_loud_and_quiet(shared_audio: Path, name: str) -> None:
    samples, sample_rate = read(shared_audio, name)
    found = measure(samples, sample_rate=sample_rate)
    assert found.speech_share > 0.5
    assert found.snr_db is not None
    assert found.snr_db > 10.0
    quiet = measure(samples * np.float32(0.1), sample_rate=sample_rate)
    assert quiet.speech_share > 0.4


@pytest.mark.parametrize("name", SPEECH)
def test_speech_is_found_in_noise_at_10_db(shared_audio: Path, name: str) -> None:
    samples, sample_rate = read(shared_audio, name)
    level_dbfs = 10 * np.log10(np.mean(samples.astype(np.float64) ** 2)) - 10.0
    hiss = noise(
        level_dbfs=level_dbfs,
        duration_s=len(samples) / sample_rate,
        sample_rate=sample_rate,
        channels=samples.shape[1],
    )
    assert measure(samples + hiss, sample_rate=sample_rate).speech_s > 0.3


def test_speech_between_silences_is_found_where_it_is(shared_audio: Path) -> None:
    samples, sample_rate = read(shared_audio, "fetched/speech/TTS--LJ001-0008.wav")
    pause = silence(2.0, sample_rate=sample_rate)
    found = measure(np.concatenate([pause, samples, pause]), sample_rate=sample_rate)
    end_s = 2.0 + len(samples) / sample_rate
    assert found.speech_marks[0][0] == pytest.approx(2.0, abs=0.15)
    assert found.speech_marks[-1][1] == pytest.approx(end_s, abs=0.2)
    assert found.noise_floor_dbfs < -90.0


def test_speech_after_a_long_tone_is_told_from_it(shared_audio: Path) -> None:
    samples, sample_rate = read(shared_audio, "fetched/speech/TTS--LJ001-0008.wav")
    tone = sine(440.0, duration_s=6.0, sample_rate=sample_rate)
    pause = silence(1.0, sample_rate=sample_rate)
    found = measure(np.concatenate([tone, pause, samples]), sample_rate=sample_rate)
    assert found.speech_marks[0][0] > 6.0
    assert found.speech_s > 1.2


def test_the_noise_floor_and_the_distance_to_it_are_measured(shared_audio: Path) -> None:
    samples, sample_rate = read(shared_audio, "made/speech.wav")
    pause = silence(3.0, sample_rate=sample_rate)
    padded = np.concatenate([pause, samples, pause])
    hiss = noise(
        level_dbfs=-50.0, duration_s=len(padded) / sample_rate + 1e-9, sample_rate=sample_rate
    )
    found: Measurements = measure(padded + hiss[: len(padded)], sample_rate=sample_rate)
    assert found.noise_floor_dbfs == pytest.approx(-50.0, abs=0.5)
    speech_dbfs = 10 * np.log10(np.mean(samples.astype(np.float64) ** 2))
    assert found.snr_db == pytest.approx(speech_dbfs + 50.0, abs=1.5)


@pytest.mark.parametrize("frames", [0, 1, 50, 240, 500, 3000])
def test_too_little_to_tell_is_no_speech(frames: int) -> None:
    found = measure(noise(duration_s=1.0)[:frames], sample_rate=24_000)
    assert found.speech_s == 0.0
    assert found.snr_db is None
