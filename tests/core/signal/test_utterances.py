"""Utterances: found whole, the same for any split, and never in a quiet or steady room."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.core.signal.signals import noise, silence, sine
from tests.profiles import tried

from ossicle.errors import ConfigurationError
from ossicle.signal import Utterance, UtteranceDetector

Samples = NDArray[np.float32]

RATES = [8000, 16_000, 24_000, 44_100]
PAUSE_S, MARGIN_S = 0.5, 0.3


def babble(duration_s: float, *, level_dbfs: float, sample_rate: int, seed: int = 0) -> Samples:
    """Noise in syllables, five a second, with a short dip between two."""
    samples = noise(
        level_dbfs=level_dbfs, duration_s=duration_s, sample_rate=sample_rate, seed=seed
    )
    time = np.arange(len(samples)) / sample_rate
    return (samples * np.abs(np.sin(np.pi * 5.0 * time))[:, None]).astype(np.float32)


def cut(samples: Samples, places: list[int]) -> list[Samples]:
    return np.split(samples, sorted(place % (len(samples) + 1) for place in places))


def heard(detector: UtteranceDetector, blocks: list[Samples]) -> list[Utterance]:
    found = [utterance for block in blocks for utterance in detector.push(block)]
    return found + detector.finish()


def detector_of(sample_rate: int, *, channels: int = 1, longest_s: float = 60) -> UtteranceDetector:
    return UtteranceDetector(
        sample_rate=sample_rate,
        channels=channels,
        pause_s=PAUSE_S,
        margin_s=MARGIN_S,
        longest_s=longest_s,
    )


class Scene:
    """A room with bursts of talk in it.

    Attributes:
        samples: Of it all.
        bursts: First frame of each burst and the frame after its last one.
    """

    def __init__(
        self, sample_rate: int, parts: list[tuple[float, float]], room_dbfs: float
    ) -> None:
        self.sample_rate = sample_rate
        pieces, self.bursts, position = [], [], 0
        for number, (quiet_s, talk_s) in enumerate(parts):
            talk = babble(talk_s, level_dbfs=-25.0, sample_rate=sample_rate, seed=number)
            quiet = silence(quiet_s, sample_rate=sample_rate)
            position += len(quiet)
            self.bursts.append((position, position + len(talk)))
            position += len(talk)
            pieces += [quiet, talk]
        talk_and_quiet = np.concatenate([*pieces, silence(1.0, sample_rate=sample_rate)])
        room = noise(
            level_dbfs=room_dbfs,
            duration_s=len(talk_and_quiet) / sample_rate,
            sample_rate=sample_rate,
            seed=99,
        )
        self.samples = (talk_and_quiet + room[: len(talk_and_quiet)]).astype(np.float32)


def scenes() -> st.SearchStrategy[Scene]:
    return st.builds(
        Scene,
        st.sampled_from(RATES),
        st.lists(st.tuples(st.floats(1.0, 2.5), st.floats(0.4, 3.0)), min_size=1, max_size=3),
        st.floats(-90.0, -50.0),
    )


@settings(max_examples=tried(25), deadline=None)
@given(scene=scenes())
def test_talk_is_found_whole_with_what_was_before_it(scene: Scene) -> None:
    found = heard(detector_of(scene.sample_rate), [scene.samples])
    assert len(found) == len(scene.bursts)
    before = 0.1 * scene.sample_rate
    for utterance, (start, end) in zip(found, scene.bursts, strict=True):
        most = (MARGIN_S + 0.03) * scene.sample_rate  # smoothing, and whole windows
        assert start - most <= utterance.start_frame <= start - before
        assert utterance.end_frame >= end
        assert not utterance.is_cut
        kept = scene.samples[utterance.start_frame : utterance.end_frame]
        np.testing.assert_array_equal(utterance.samples, kept)


@pytest.mark.slow
@settings(max_examples=tried(20), deadline=None)
@given(
    scene=scenes(),
    places=st.lists(st.integers(0, 1 << 20), max_size=12),
    longest_s=st.floats(1.5, 4),
)
def test_any_split_gives_the_same_utterances(
    scene: Scene, places: list[int], longest_s: float
) -> None:
    whole = heard(detector_of(scene.sample_rate, longest_s=longest_s), [scene.samples])
    pieces = cut(scene.samples, places)
    split = heard(detector_of(scene.sample_rate, longest_s=longest_s), pieces)
    assert [(one.start_frame, one.is_cut) for one in whole] == [
        (one.start_frame, one.is_cut) for one in split
    ]
    for one, other in zip(whole, split, strict=True):
        np.testing.assert_array_equal(one.samples, other.samples)


@settings(max_examples=tried(15), deadline=None)
@given(
    sample_rate=st.sampled_from(RATES),
    duration_s=st.floats(0.0, 12.0),
    level_dbfs=st.floats(-110.0, -5.0),
    seed=st.integers(0, 100),
)
def test_a_steady_room_says_nothing_however_loud(
    sample_rate: int, duration_s: float, level_dbfs: float, seed: int
) -> None:
    room = noise(
        level_dbfs=level_dbfs, duration_s=2.0 + duration_s, sample_rate=sample_rate, seed=seed
    )
    assert heard(detector_of(sample_rate), [room]) == []


@settings(max_examples=tried(15), deadline=None)
@given(scene=scenes(), gain_db=st.floats(-90.0, -41.0))
def test_what_counts_as_silence_never_begins(scene: Scene, gain_db: float) -> None:
    detector = detector_of(scene.sample_rate)
    quiet = (scene.samples * 10.0 ** (gain_db / 20.0)).astype(np.float32)
    for start in range(0, len(quiet), 777):
        assert detector.push(quiet[start : start + 777]) == []
        assert not detector.is_speaking
    assert detector.finish() == []


@settings(max_examples=tried(15), deadline=None)
@given(
    sample_rate=st.sampled_from(RATES), longest_s=st.floats(1.4, 3.0), talk_s=st.floats(4.0, 9.0)
)
def test_talk_without_end_is_cut_and_nothing_of_it_lost(
    sample_rate: int, longest_s: float, talk_s: float
) -> None:
    scene = Scene(sample_rate, [(1.0, talk_s)], -70.0)
    found = heard(detector_of(sample_rate, longest_s=longest_s), [scene.samples])
    window = round(sample_rate / 100)
    assert all(len(one.samples) <= (longest_s * sample_rate + window) for one in found)
    assert [one.is_cut for one in found[:-1]] == [True] * (len(found) - 1)
    assert len(found) >= talk_s / longest_s
    [(start, end)] = scene.bursts
    assert found[0].start_frame <= start
    # A last piece that is nothing but the pause is no utterance.
    assert found[-1].end_frame >= end - PAUSE_S * sample_rate
    for one, after in pairwise(found):
        assert 0 <= after.start_frame - one.end_frame <= 0.2 * sample_rate


@pytest.mark.slow
def test_memory_does_not_grow_with_the_stream() -> None:
    sample_rate = 8000
    detector = detector_of(sample_rate, longest_s=2.0)
    scene = Scene(sample_rate, [(1.0, 2.5), (1.5, 1.0)], -60.0)
    most = 0
    for _ in range(20):
        for start in range(0, len(scene.samples), 500):
            detector.push(scene.samples[start : start + 500])
            most = max(most, detector.held_frames)
    assert most <= 3.0 * sample_rate
    detector.push(np.zeros((100 * sample_rate, 1), np.float32))
    assert detector.held_frames <= sample_rate


def test_a_stream_that_ends_within_an_utterance_gives_what_was_said() -> None:
    talk = babble(1.0, level_dbfs=-25.0, sample_rate=16_000)[:-77]
    samples = np.concatenate([silence(0.5, sample_rate=16_000), talk])
    detector = detector_of(16_000)
    assert detector.push(samples) == []
    [said] = detector.finish()
    assert said.end_frame == len(samples)
    assert said.duration_s == pytest.approx(MARGIN_S + 1.0, abs=0.06)
    assert detector.finish() == []


def test_the_room_stays_known_over_a_break() -> None:
    room = noise(level_dbfs=-40.0, duration_s=2.0, sample_rate=16_000)
    detector = detector_of(16_000)
    detector.push(room[:8000])
    assert detector.is_speaking  # for all that is known yet
    detector.push(room)
    detector.reset()
    assert not detector.is_speaking
    assert detector.held_frames == 0
    detector.push(room)
    assert not detector.is_speaking


def test_a_click_a_fan_and_an_offset_are_no_utterance() -> None:
    rate = 16_000
    click = silence(3.0, sample_rate=rate)
    click[rate : rate + 600] = sine(900.0, level_dbfs=-6.0, duration_s=0.0375, sample_rate=rate)
    fan = np.concatenate(
        [noise(level_dbfs=-70.0, duration_s=6.0, sample_rate=rate),
         noise(level_dbfs=-35.0, duration_s=12.0, sample_rate=rate, seed=1)]
    )  # fmt: skip
    offset = np.full((4 * rate, 1), 0.1, np.float32) + fan[: 4 * rate]
    for sound in (click, fan, offset):
        assert heard(detector_of(rate), [sound.astype(np.float32)]) == []


def test_one_loud_channel_of_several_is_enough() -> None:
    scene = Scene(16_000, [(1.0, 1.0)], -70.0)
    two = np.concatenate([np.zeros_like(scene.samples), scene.samples], axis=1)
    two[5, 0] = np.nan
    [said] = heard(detector_of(16_000, channels=2), [two])
    assert said.samples.shape[1] == 2
    assert np.isfinite(said.samples).all()


@pytest.mark.parametrize("snr_db", [None, 20.0])
@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("made/speech.wav", 7.4),
        ("fetched/speech/TTS--LJ001-0008.wav", 1.78),
        ("fetched/speech/pocketsphinx--001.wav", 1.1),
        ("fetched/speech/speech_recognition--chinese.flac", 0.96),
        ("fetched/speech/speech_recognition--english.wav", 2.7),
    ],
)
def test_real_sentences_are_one_utterance_each(
    shared_audio: Path, name: str, seconds: float, snr_db: float | None
) -> None:
    speech, rate = soundfile.read(shared_audio / name, dtype="float32", always_2d=True)
    lead, tail = silence(1.5, sample_rate=rate), silence(1.0, sample_rate=rate)
    samples = np.concatenate([lead, speech, tail])
    if snr_db is not None:
        level = 10.0 * np.log10(np.square(speech).mean()) - snr_db
        samples += noise(level_dbfs=level, duration_s=len(samples) / rate + 1, sample_rate=rate)[
            : len(samples)
        ]
    [said] = heard(UtteranceDetector(sample_rate=rate), [samples.astype(np.float32)])
    assert said.start_frame <= len(lead)
    assert seconds - 0.3 <= said.duration_s <= seconds + 0.7


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate": 0},
        {"channels": 0},
        {"pause_s": 0.0},
        {"pause_s": float("nan")},
        {"margin_s": 2.0},
        {"margin_s": -0.1},
        {"longest_s": 1.0},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        UtteranceDetector(**{"sample_rate": 16_000} | wrong)  # type: ignore[arg-type]
