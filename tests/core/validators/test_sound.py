"""Validators that judge the samples."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from tests.core.signal.signals import noise, silence, sine
from tests.core.validators.evidence import codes, evidence_of, findings

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.errors import ConfigurationError
from ossicle.signal.resampling import resample
from ossicle.validators import (
    BandwidthValidator,
    ClippingValidator,
    DcOffsetValidator,
    DeadChannelValidator,
    DropoutValidator,
    InaudibleValidator,
    LevelValidator,
    NoiseValidator,
    SilenceValidator,
)

Speech = tuple[NDArray[np.float32], int]


@pytest.fixture(scope="module")
def speech(shared_audio: Path) -> Speech:
    """Clean synthetic speech at 22,050 Hz, peak below full scale."""
    samples, sample_rate = soundfile.read(
        shared_audio / "made" / "speech.wav", dtype="float32", always_2d=True
    )
    return samples * np.float32(0.9 / np.abs(samples).max()), sample_rate


def judged(speech: Speech, samples: NDArray[np.float32]) -> AudioEvidence:
    return evidence_of(samples.astype(np.float32), sample_rate=speech[1])


@pytest.mark.parametrize(
    ("samples", "code"),
    [
        (silence(1.0), "silence"),
        (silence(1.0) + np.float32(0.2), "silence"),
        (noise(level_dbfs=-75.0), "silence"),
        (noise(level_dbfs=-20.0, duration_s=3.0), "no_speech"),
        (noise(level_dbfs=-50.0, duration_s=3.0), "no_speech"),
        (sine(440.0, duration_s=3.0, sample_rate=24_000), "no_speech"),
        (sine(50.0, duration_s=3.0, sample_rate=24_000), "no_speech"),
    ],
)
def test_where_nobody_speaks_the_audio_is_refused(samples: NDArray[np.float32], code: str) -> None:
    assert codes(SilenceValidator(), evidence_of(samples)) == [(code, "error")]


def test_a_model_that_listens_to_noises_may_be_given_them() -> None:
    lenient = SilenceValidator(no_speech="warning")
    assert codes(lenient, evidence_of(noise(duration_s=2.0))) == [("no_speech", "warning")]
    assert codes(lenient, evidence_of(silence(2.0))) == [("silence", "error")]


def test_a_third_of_a_second_is_too_little_to_be_refused_for() -> None:
    assert codes(SilenceValidator(), evidence_of(noise(duration_s=0.35))) == [
        ("no_speech", "warning")
    ]


def test_silence_at_the_ends_is_named_with_its_place(speech: Speech) -> None:
    samples, sample_rate = speech
    pause = silence(3.0, sample_rate=sample_rate)
    found = findings(SilenceValidator(), judged(speech, np.concatenate([pause, samples])))
    assert [(f.code, f.severity) for f in found] == [("long_silence", "info")]
    assert np.allclose(found[0].marks, [(0.0, 3.0)], atol=0.05)


@pytest.mark.parametrize(
    ("gain_db", "expected"),
    [
        (0.0, []),
        (-20.0, []),
        (-35.0, [("too_quiet", "warning")]),
        (-49.0, [("too_quiet", "error")]),
        (20.0, [("too_loud", "warning")]),
    ],
)
def test_the_level_of_speech_is_judged(
    speech: Speech, gain_db: float, expected: list[tuple[str, str]]
) -> None:
    samples = np.clip(speech[0] * 10 ** (gain_db / 20), -1.0, 1.0)
    assert codes(LevelValidator(), judged(speech, samples)) == expected


@pytest.mark.parametrize(
    ("gain_db", "expected"),
    [(0.0, []), (5.0, [("clipping", "warning")]), (24.0, [("clipping", "warning")])],
)
def test_clipping_is_a_warning_since_a_recogniser_still_hears(
    speech: Speech, gain_db: float, expected: list[tuple[str, str]]
) -> None:
    samples = np.clip(speech[0] * 10 ** (gain_db / 20), -1.0, 1.0)
    found = findings(ClippingValidator(), judged(speech, samples))
    assert [(f.code, f.severity) for f in found] == expected
    for finding in found:
        assert finding.marks
        assert finding.measured is not None
        assert finding.allowed is not None
        assert finding.measured >= finding.allowed


def test_pauses_do_not_dilute_clipping(speech: Speech) -> None:
    loud = np.clip(speech[0] * 30, -1.0, 1.0)
    padded = np.concatenate([loud, silence(60.0, sample_rate=speech[1])])
    [whole], [diluted] = (findings(ClippingValidator(), judged(speech, x)) for x in (loud, padded))
    assert diluted.measured == pytest.approx(whole.measured, rel=0.2)


def test_an_offset_is_named(speech: Speech) -> None:
    assert codes(DcOffsetValidator(), judged(speech, speech[0] * 0.5)) == []
    assert codes(DcOffsetValidator(), judged(speech, speech[0] * 0.5 - 0.05)) == [
        ("dc_offset", "warning")
    ]


def test_a_dead_channel_is_named(speech: Speech) -> None:
    both = np.repeat(speech[0], 2, axis=1)
    assert codes(DeadChannelValidator(), judged(speech, both)) == []
    both[:, 1] = 0.0
    found = findings(DeadChannelValidator(), judged(speech, both))
    assert [(f.code, f.message) for f in found] == [
        ("dead_channel", "channel 2 of 2 holds nothing")
    ]


def test_gaps_in_the_sound_are_named_with_their_place() -> None:
    samples = noise(duration_s=2.0)
    samples[24_000:24_960] = 0.0
    found = findings(DropoutValidator(), evidence_of(samples))
    assert [(f.code, f.severity) for f in found] == [("dropout", "warning")]
    assert np.allclose(found[0].marks, [(1.0, 1.04)], atol=0.011)
    assert codes(DropoutValidator(), evidence_of(noise())) == []


def test_telephone_speech_behind_a_high_rate_is_named(speech: Speech) -> None:
    samples, sample_rate = speech
    narrow = resample(samples, sample_rate_in=sample_rate, sample_rate_out=8000)
    wide = resample(narrow, sample_rate_in=8000, sample_rate_out=48_000)
    assert codes(BandwidthValidator(), judged(speech, samples)) == []
    assert codes(BandwidthValidator(), evidence_of(wide, sample_rate=48_000)) == [
        ("narrow_band", "warning")
    ]
    assert codes(BandwidthValidator(), evidence_of(narrow, sample_rate=8000)) == []


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
@pytest.mark.parametrize("level_dbfs", [-20.0, -40.0, -60.0])
def test_carriers_nobody_hears_are_flagged(
    speech: Speech, sample_rate: int, level_dbfs: float
) -> None:
    voice = resample(speech[0], sample_rate_in=speech[1], sample_rate_out=sample_rate)
    missed = []
    for carrier_hz in np.linspace(17_000, 0.49 * sample_rate, 10):
        carrier = sine(
            float(carrier_hz), level_dbfs=level_dbfs, duration_s=len(voice) / sample_rate + 1,
            sample_rate=sample_rate,
        )[: len(voice)]  # fmt: skip
        # Modulated with the voice itself, as such attacks are.
        attack = voice * np.float32(0.5) + carrier * (1 + voice)
        if not codes(InaudibleValidator(), evidence_of(attack, sample_rate=sample_rate)):
            missed.append(carrier_hz)
    assert missed == []


def test_rumble_is_flagged_and_ordinary_sound_is_not(speech: Speech) -> None:
    samples, sample_rate = speech
    rumble = sine(25.0, level_dbfs=-6.0, duration_s=len(samples) / sample_rate + 1,
                  sample_rate=sample_rate)[: len(samples)]  # fmt: skip
    assert codes(InaudibleValidator(), judged(speech, samples)) == []
    assert codes(InaudibleValidator(), judged(speech, samples * 0.3 + rumble)) == [
        ("infrasound", "warning")
    ]
    white = noise(duration_s=2.0, sample_rate=48_000)
    assert codes(InaudibleValidator(), evidence_of(white, sample_rate=48_000)) == []


def test_speech_in_noise_is_named(speech: Speech) -> None:
    samples, sample_rate = speech
    level_dbfs = 10 * np.log10(np.mean(samples.astype(np.float64) ** 2))
    pause = silence(2.0, sample_rate=sample_rate)
    padded = np.concatenate([pause, samples, pause])
    for below_db, expected in ((30.0, []), (3.0, [("noisy", "warning")])):
        hiss = noise(level_dbfs=level_dbfs - below_db, duration_s=20, sample_rate=sample_rate)
        found = codes(NoiseValidator(), judged(speech, padded + hiss[: len(padded)]))
        assert found == expected


EVERY = [
    BandwidthValidator, ClippingValidator, DcOffsetValidator, DeadChannelValidator,
    DropoutValidator, InaudibleValidator, LevelValidator, NoiseValidator, SilenceValidator,
]  # fmt: skip


@pytest.mark.parametrize("kind", EVERY)
def test_without_measurements_nothing_is_judged(kind: type[Validator]) -> None:
    unmeasured = dataclasses.replace(evidence_of(noise()), measurements=None)
    assert list(kind().validate(unmeasured, ValidationContext())) == []


@pytest.mark.parametrize("kind", EVERY)
def test_no_frames_are_left_to_the_duration_validator(kind: type[Validator]) -> None:
    assert list(kind().validate(evidence_of(silence(0.0)), ValidationContext())) == []


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("frames", [1, 100, 240])
def test_a_few_frames_can_be_judged(kind: type[Validator], frames: int) -> None:
    findings(kind(), evidence_of(noise(channels=3)[:frames]))


def test_thresholds_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="min_dbfs"):
        LevelValidator(lost_dbfs=-30.0, min_dbfs=-40.0)
    with pytest.raises(ConfigurationError, match="some_share"):
        ClippingValidator(some_share=1.5)
