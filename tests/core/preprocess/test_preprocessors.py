"""Preprocessors: exact at any split, and each does what its name says, no more."""

from __future__ import annotations

import errno
import math
import tempfile
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.profiles import tried

from ossicle.abc import Preprocessor
from ossicle.errors import ConfigurationError, FileAccessError
from ossicle.preprocess import Downmix, HighPassFilter, Loudness, ResampleTo, Spool, TrimSilence
from ossicle.signal.meters import Measurements, Meter
from ossicle_testing import laws
from ossicle_testing.strategies import chunkings

RATE = 8000
Samples = NDArray[np.float32]

PREPROCESSORS: dict[str, Preprocessor] = {
    "downmix": Downmix(),
    "resample": ResampleTo(sample_rate=11025),
    "high_pass": HighPassFilter(),
    "trim_silence": TrimSilence(),
    "loudness": Loudness(),
}


def measured(samples: Samples, rate: int = RATE) -> Measurements:
    meter = Meter(rate, samples.shape[1])
    meter.add(samples)
    return meter.result()


def through(maker: Preprocessor, samples: Samples, rate: int = RATE) -> Samples:
    transform = maker.start(
        sample_rate=rate, channels=samples.shape[1], measurements=measured(samples, rate)
    )
    return laws.passed_through(transform, [samples, samples[:0]])


def tone(seconds: float, *, level: float = 0.25, hz: float = 440.0, rate: int = RATE) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)[:, None]


def silence(seconds: float) -> Samples:
    return np.zeros((round(seconds * RATE), 1), np.float32)


@pytest.mark.parametrize("name", PREPROCESSORS)
@settings(max_examples=tried(25), deadline=None)
@given(
    frames=st.sampled_from([0, 1, 2, 799, 9001]),
    channels=st.sampled_from([1, 2]),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_any_split_gives_the_same_bits(
    name: str, frames: int, channels: int, seed: int, data: st.DataObject
) -> None:
    noise = np.random.default_rng(seed).standard_normal((frames, channels))
    samples = (noise * 0.1).astype(np.float32)
    laws.transform_chunked_is_whole(
        lambda: PREPROCESSORS[name].start(
            sample_rate=RATE, channels=channels, measurements=measured(samples)
        ),
        samples,
        data.draw(chunkings(frames)),
    )


@pytest.mark.parametrize("name", PREPROCESSORS)
def test_what_is_held_back_is_no_more_than_declared(name: str) -> None:
    samples = np.repeat(tone(2.0), 2, axis=1)
    transform = PREPROCESSORS[name].start(
        sample_rate=RATE, channels=2, measurements=measured(samples)
    )
    given_frames = 0
    for start in range(0, len(samples), 160):
        given_frames += len(transform.process(samples[start : start + 160]))
    rest = transform.finish()
    assert rest.shape[1] == transform.channels
    assert len(rest) <= transform.latency_frames


def test_a_stereo_mix_is_the_mean_of_both_sides() -> None:
    samples = np.array([[0.5, 0.25], [-1.0, 1.0]], np.float32)
    assert through(Downmix(), samples).tolist() == [[0.375], [0.0]]


@pytest.mark.parametrize(("lead", "trail"), [(1.0, 2.0), (0.0, 1.0), (1.5, 0.0), (0.1, 0.1)])
def test_silence_is_cut_but_for_the_guard_and_every_sound_is_kept(
    lead: float, trail: float
) -> None:
    sound = tone(1.0)
    samples = np.concatenate([silence(lead), sound, silence(0.7), sound, silence(trail)])
    kept = through(TrimSilence(guard_s=0.2), samples)
    expected = 2.7 + min(lead, 0.2) + min(trail, 0.2)
    assert len(kept) / RATE == pytest.approx(expected, abs=0.011)
    assert float(np.abs(kept).sum()) == pytest.approx(float(np.abs(samples).sum()))


@pytest.mark.parametrize("gain_db", [0.0, -20.0, -40.0])
def test_no_word_is_cut_however_quiet_it_is(shared_audio: Path, gain_db: float) -> None:
    speech, rate = soundfile.read(
        shared_audio / "made" / "speech.wav", dtype="float32", always_2d=True
    )
    speech = speech * np.float32(10 ** (gain_db / 20))
    pause = np.zeros((2 * rate, 1), np.float32)
    kept = through(TrimSilence(), np.concatenate([pause, speech, pause]), rate=rate)
    assert len(kept) < len(speech) + 1.2 * rate
    heard = measured(speech, rate).speech_marks
    lost_s = (len(speech) - np.count_nonzero(np.isin(speech, kept))) / rate
    assert measured(kept, rate).speech_s >= sum(end - start for start, end in heard) - 0.1
    assert lost_s < 0.1


def test_a_whisper_before_the_first_loud_word_is_kept(shared_audio: Path) -> None:
    speech, rate = soundfile.read(
        shared_audio / "made" / "speech.wav", dtype="float32", always_2d=True
    )
    pause = np.zeros((rate, 1), np.float32)
    samples = np.concatenate([pause, speech * np.float32(0.004), pause, speech])
    before = measured(samples, rate)
    first_s = before.speech_marks[0][0]
    assert before.leading_silence_s > first_s + 0.2
    kept = through(TrimSilence(guard_s=0.0), samples, rate=rate)
    last_s = before.speech_marks[-1][1]
    assert len(kept) / rate >= last_s - first_s - 0.02


def test_nothing_but_silence_is_left_for_the_validators() -> None:
    assert len(through(TrimSilence(), silence(1.0))) == RATE


def test_trimming_tells_how_much_it_cut() -> None:
    samples = np.concatenate([silence(1.0), tone(1.0)])
    transform = TrimSilence(guard_s=0.25).start(
        sample_rate=RATE, channels=1, measurements=measured(samples)
    )
    transform.process(samples)
    assert transform.effect()["trimmed_s"] == pytest.approx(0.75, abs=0.011)


@pytest.mark.parametrize("level", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("target", [-30.0, -20.0])
def test_loudness_reaches_its_target(level: float, target: float) -> None:
    made = through(Loudness(target_lufs=target), tone(3.0, level=level, hz=997.0))
    assert measured(made).loudness_lufs == pytest.approx(target, abs=0.01)


def test_the_ceiling_is_never_passed() -> None:
    samples = tone(3.0, level=0.05)
    samples[8000] = 0.9
    made = measured(through(Loudness(target_lufs=-6.0, ceiling_dbtp=-3.0), samples))
    assert made.true_peak_dbtp == pytest.approx(-3.0, abs=0.1)
    assert made.loudness_lufs < -6.0


def test_a_full_disk_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**options: object) -> IO[bytes]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with Spool(memory_bytes=0) as spool, pytest.raises(FileAccessError, match="No space left"):
        spool.append(np.zeros((1, 1), np.float32))


def test_silence_is_not_amplified() -> None:
    samples = silence(2.0)
    transform = Loudness().start(sample_rate=RATE, channels=1, measurements=measured(samples))
    assert transform.effect() == {"gain_db": 0.0}


def test_the_high_pass_takes_out_offset_and_rumble_and_leaves_speech() -> None:
    offset = through(HighPassFilter(), np.full((4 * RATE, 1), 0.3, np.float32))
    assert float(np.abs(offset[RATE:]).max()) < 1e-4
    for hz, expected_db in ((20.0, -24.1), (80.0, -3.01), (1000.0, 0.0)):
        made = through(HighPassFilter(cutoff_hz=80.0), tone(2.0, hz=hz))[RATE:]
        level_db = 20 * math.log10(float(np.abs(made).max()) / 0.25)
        assert level_db == pytest.approx(expected_db, abs=0.3)


@pytest.mark.parametrize("maker", [TrimSilence(), Loudness()])
def test_what_needs_measurements_says_so(maker: Preprocessor) -> None:
    assert maker.needs_measurements
    with pytest.raises(ConfigurationError, match="not measured"):
        maker.start(sample_rate=RATE, channels=1)


@pytest.mark.parametrize("memory_bytes", [0, 1000, 1 << 20])
def test_a_spool_gives_back_what_it_was_given_as_often_as_wanted(memory_bytes: int) -> None:
    blocks = [np.full((n, 2), n, np.float32) for n in (3, 0, 500, 1)]
    with Spool(memory_bytes=memory_bytes) as spool:
        for block in blocks:
            spool.append(block)
            block[:] = -1  # the spool keeps copies
        for _ in range(2):
            assert [len(block) for block in spool] == [3, 500, 1]
            assert [float(block.sum()) for block in spool] == [18.0, 500000.0, 2.0]
        assert spool.is_in_memory == (memory_bytes > 5000)
