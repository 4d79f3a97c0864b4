"""Every law passes what keeps it, and says in one line where something else breaks it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.profiles import tried

from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle.errors import ConfigurationError
from ossicle.messages import AudioDelta, Event, Finished, ReferenceIssued, TextDelta
from ossicle.preprocess import HighPassFilter
from ossicle.signal import HighPass, LevelMeter, Resampler, measure, resample
from ossicle_testing import laws
from ossicle_testing.strategies import (
    Signal,
    WrittenClip,
    chunkings,
    installed_writers,
    signals,
    splittings,
    written,
    written_clips,
)

Samples = NDArray[np.float32]
RATE = 16_000
SPEECH = Signal(kind="speech", frames=16_000, sample_rate=RATE)
NOISE = Signal(kind="noise", frames=6000, sample_rate=RATE, channels=2)


class Doubling:
    """A transform of samples, and six ways to get it wrong."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.seen = 0
        self.kept: list[Samples] = []

    def process(self, block: Samples) -> Samples:
        self.seen += 1
        if self.fault == "writes":
            block *= 2
            return block
        if self.fault == "keeps":
            self.kept.append(block)
            return block[:0] * 2
        if self.fault == "counts blocks":
            return block * np.float32(1 + self.seen)
        if self.fault == "fades":
            return block * np.linspace(0, 1, len(block), dtype=np.float32)[:, None]
        if self.fault == "adds":
            return block * 2 + np.float32(1e-3)
        if self.fault == "loses" and len(block) > 1:
            return block[1:] * 2
        return block * 2

    def flush(self) -> Samples:
        rest = [block * 2 for block in self.kept]
        return np.concatenate([*rest, np.zeros((0, 2), np.float32)])


@settings(deadline=None, max_examples=tried(25))
@given(st.data(), signals(max_frames=3000))
def test_what_is_exact_at_any_split_passes(data: st.DataObject, signal: Signal) -> None:
    samples, sizes = signal.pcm.samples, data.draw(chunkings(signal.frames))
    laws.transform_chunked_is_whole(
        lambda: HighPassFilter().start(sample_rate=signal.sample_rate, channels=signal.channels),
        samples,
        sizes,
    )
    laws.meter_chunked_is_whole(
        lambda: LevelMeter(sample_rate=signal.sample_rate, channels=signal.channels),
        samples,
        sizes,
    )


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("writes", "wrote to its input, a block of 6000"),
        ("keeps", "differs at"),
        ("counts blocks", r"differs at \[1, 0\]: .*; cut into 1, 0, 5999"),
        ("loses", r"has the shape \(5999, 2\) and \(5999, 2\)|differs|shape"),
    ],
)
def test_a_transform_that_hangs_on_its_blocks_is_told(fault: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        laws.transform_chunked_is_whole(
            lambda: Doubling(fault), NOISE.pcm.samples, (1, 0, NOISE.frames - 1)
        )


class Counting:
    def __init__(self) -> None:
        self.found: dict[str, float] = {"blocks": 0, "asked": 0}

    def add(self, block: Samples) -> None:
        self.found["blocks"] += bool(len(block))

    def result(self) -> dict[str, float]:
        return dict(self.found)


def test_a_meter_that_hangs_on_its_blocks_is_told_with_the_figure() -> None:
    with pytest.raises(AssertionError, match=r"\['blocks'\] is 1 and 2; cut into 2, 5998"):
        laws.meter_chunked_is_whole(Counting, NOISE.pcm.samples, (2, 5998))


class Forgetting(Counting):
    def add(self, block: Samples) -> None:
        self.found["frames"] = self.found.get("frames", 0) + len(block)

    def result(self) -> dict[str, float]:
        told, self.found = self.found, {}
        return told


def test_a_meter_that_forgets_when_it_is_asked_in_between_is_told() -> None:
    with pytest.raises(AssertionError, match="what comes of the whole"):
        laws.meter_chunked_is_whole(Forgetting, NOISE.pcm.samples, (2, 5998))
    laws.meter_chunked_is_whole(Forgetting, NOISE.pcm.samples, (6000,))


@settings(deadline=None)
@given(st.data(), st.text(max_size=30))
def test_a_reader_of_bytes_passes_at_any_cut(data: st.DataObject, text: str) -> None:
    whole = text.encode()
    pieces = data.draw(splittings(whole))
    laws.chunked_is_whole(lambda parts: b"".join(parts).decode(), whole, pieces)


def test_a_reader_that_takes_pieces_for_characters_is_told_without_content() -> None:
    def careless(parts: Sequence[bytes]) -> str:
        return "".join(part.decode(errors="replace") for part in parts)

    with pytest.raises(AssertionError, match="2 and 3 characters long; cut into 2, 1") as caught:
        laws.chunked_is_whole(careless, "sü".encode(), ("sü".encode()[:2], "sü".encode()[2:]))
    assert "sü" not in str(caught.value)


def test_sizes_that_do_not_cut_the_samples_are_a_mistake_of_the_test() -> None:
    with pytest.raises(ValueError, match="10 frames in all do not cut 6000"):
        laws.blocks_of(NOISE.pcm.samples, (3, 7))


def test_answers_that_fold_differently_are_told_by_field_without_content() -> None:
    form = AudioFormat.pcm(sample_rate=8000)
    answer: list[Event] = [AudioDelta(data=b"\1\2\3\4", format=form), TextDelta(text="secret")]
    other: list[Event] = [*answer[:1], TextDelta(text="secrets")]
    with pytest.raises(AssertionError, match=r"Reply\.content is 6 and 7 characters") as caught:
        laws.fold_is_split_invariant([*answer, Finished()], [*other, Finished()])
    assert "secret" not in str(caught.value)
    with pytest.raises(AssertionError, match=r"Reply\.reference"):
        laws.fold_is_split_invariant(
            [*answer, Finished()], [*answer, ReferenceIssued(id="a"), Finished()]
        )
    with pytest.raises(AssertionError, match=r"Reply\.audio is not the same AudioClip"):
        laws.fold_is_split_invariant(
            [*answer, Finished()], [AudioDelta(data=b"\0\0", format=form), *answer[1:], Finished()]
        )


def peak_dbfs(samples: Samples) -> float:
    peak = float(np.abs(samples).max(initial=0.0))
    return 20 * math.log10(peak) if peak else -math.inf


@settings(deadline=None)
@given(signals(max_frames=500), st.floats(-40, 40))
def test_a_level_that_moves_with_the_gain_passes(signal: Signal, gain_db: float) -> None:
    laws.gain_commutes(peak_dbfs, signal.pcm.samples, gain_db)


def test_a_level_that_does_not_move_with_the_gain_is_told() -> None:
    with pytest.raises(AssertionError, match=r"a gain of 6.0 dB moved the level from .* to .* dB"):
        laws.gain_commutes(lambda x: 20 * float(np.abs(x).max()), NOISE.pcm.samples, 6.0)
    with pytest.raises(AssertionError, match="moved the level"):
        laws.gain_commutes(lambda x: math.nan, NOISE.pcm.samples, 6.0)


@settings(deadline=None, max_examples=tried(20))
@given(signals(max_frames=3000), st.sampled_from([-20.0, 6.0]), st.integers(0, 999))
def test_a_filter_is_linear_and_starts_at_rest(signal: Signal, gain_db: float, gap: int) -> None:
    def start() -> HighPass:
        return HighPass(cutoff_hz=80.0, sample_rate=signal.sample_rate, channels=signal.channels)

    laws.transform_keeps_gain(start, signal.pcm.samples, gain_db)
    laws.transform_commutes_with_shift(start, signal.pcm.samples, gap)


def test_what_is_not_linear_or_not_at_rest_is_told() -> None:
    with pytest.raises(AssertionError, match=r"frame \d+ is off by .*, allowed are"):
        laws.transform_keeps_gain(lambda: Doubling("adds"), NOISE.pcm.samples, 6.0)
    with pytest.raises(AssertionError, match=r"frame 0 is off by .* of 6000 frames are"):
        laws.transform_commutes_with_shift(lambda: Doubling("fades"), NOISE.pcm.samples, 10)
    with pytest.raises(AssertionError, match=r"the shape is \(5998, 2\) instead of \(5999, 2\)"):
        laws.transform_commutes_with_shift(
            lambda: Doubling("loses"), NOISE.pcm.samples, 10, frames_out=11
        )


def test_a_resampler_is_shifted_by_frames_of_its_own() -> None:
    laws.transform_commutes_with_shift(
        lambda: Resampler(sample_rate_in=RATE, sample_rate_out=24_000, channels=2),
        NOISE.pcm.samples,
        320,
        frames_out=480,
    )


def test_speech_is_found_later_when_it_comes_later() -> None:
    def marks(samples: Samples) -> Sequence[tuple[float, float]]:
        return measure(samples, sample_rate=RATE).speech_marks

    assert marks(SPEECH.pcm.samples)
    later = {"sample_rate": RATE, "frames": 2 * RATE}
    laws.marks_move_with_shift(marks, SPEECH.pcm.samples, tolerance_s=0.02, **later)
    with pytest.raises(AssertionError, match=r"mark 0 went from 0.0 s to 0.0 s, the shift is 2.0"):
        laws.marks_move_with_shift(lambda x: [(0.0, 1.0)], SPEECH.pcm.samples, **later)
    with pytest.raises(AssertionError, match="1 marks instead of 2"):
        laws.marks_move_with_shift(
            lambda x: [(0.0, 1.0)] * (1 + (len(x) == RATE)), SPEECH.pcm.samples, **later
        )


@settings(deadline=None, max_examples=tried(60))
@given(
    written_clips(kinds=("tone", "noise", "extremes", "silence"), max_frames=700).filter(
        lambda made: not made.clip.format.is_lossy
    )
)
def test_every_exact_encoding_keeps_samples(made: WrittenClip) -> None:
    laws.encoding_keeps_samples(made.clip, made.signal.pcm)


def test_a_clip_of_other_samples_is_told() -> None:
    writer = next(one for one in installed_writers() if repr(one) == "pcm:wav/pcm_s16le")
    clip = written(NOISE, writer).clip
    quiet = Pcm(samples=NOISE.pcm.samples * np.float32(0.99), sample_rate=RATE)
    with pytest.raises(AssertionError, match=r"frame \d+ is off by 0.00\d+, allowed are 3"):
        laws.encoding_keeps_samples(clip, quiet)
    with pytest.raises(AssertionError, match="the rate is 16000 Hz instead of 8000 Hz"):
        laws.encoding_keeps_samples(clip, Pcm(samples=NOISE.pcm.samples, sample_rate=8000))
    with pytest.raises(AssertionError, match="the shape is"):
        laws.encoding_keeps_samples(clip, Pcm(samples=NOISE.pcm.samples[:-1], sample_rate=RATE))


def test_a_lossy_clip_asks_for_its_bound() -> None:
    writer = next(one for one in installed_writers() if repr(one) == "pcm:wav/mulaw")
    made = written(Signal(kind="tone", frames=800, sample_rate=8000), writer)
    with pytest.raises(ConfigurationError, match="Give max_error"):
        laws.encoding_keeps_samples(made.clip, made.signal.pcm)
    # A step of mu-law at full scale is 1/32, rounded to within half of it.
    laws.encoding_keeps_samples(made.clip, made.signal.pcm, max_error=1 / 64)


@settings(deadline=None, max_examples=tried(30))
@given(signals(kinds=("tone", "noise", "speech", "clipped"), min_frames=1, max_frames=700))
def test_sixteen_bits_are_the_same_in_any_container(signal: Signal) -> None:
    clips = [
        written(signal, writer).clip
        for writer in installed_writers()
        if writer.encoding in ("pcm_s16le", "pcm_s16be", "flac")
        and writer.rule.container in ("wav", "aiff", "flac", "au", "w64")
    ]
    assert len({clip.format.container for clip in clips}) >= 3
    for clip in clips[1:]:
        if clip.facts.bit_depth == 16:
            laws.containers_agree(clips[0], clip)


@settings(deadline=None, max_examples=tried(40))
@given(
    signals(kinds=("tone", "speech", "noise", "impulse"), min_frames=1, max_frames=6000),
    st.sampled_from((8000, 11_025, 16_000, 24_000, 44_100, 48_000)),
)
def test_our_resampler_round_trips(signal: Signal, via: int) -> None:
    laws.resampling_round_trips(signal.pcm.samples, sample_rate=signal.sample_rate, via=via)


def nearest(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """No filter at all: what lies above the new Nyquist frequency folds down."""
    frames = round(len(samples) * rate_out / rate_in)
    places = np.minimum(np.arange(frames) * rate_in // rate_out, len(samples) - 1)
    return samples[places]


def late(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    made = resample(samples, sample_rate_in=rate_in, sample_rate_out=rate_out)
    return np.concatenate([np.zeros((8, 2), np.float32), made])[: len(made)]


def longer(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    made = resample(samples, sample_rate_in=rate_in, sample_rate_out=rate_out)
    return np.concatenate([made, made[-10:]])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [(nearest, "is off by"), (late, "is off by"), (longer, "the shape is")],
)
def test_a_resampler_that_folds_delays_or_pads_is_told(
    wrong: Callable[[Samples, int, int], Samples], told: str
) -> None:
    with pytest.raises(AssertionError, match=told):
        laws.resampling_round_trips(NOISE.pcm.samples, sample_rate=RATE, via=8000, through=wrong)


def spoken() -> AudioClip:
    writer = next(one for one in installed_writers() if repr(one) == "pcm:wav/pcm_s16le")
    return written(SPEECH, writer).clip


def test_a_listener_that_makes_words_of_silence_is_told_without_them() -> None:
    laws.silence_keeps_words(lambda clip: "Three, two, one!", spoken())

    def imagines(clip: AudioClip) -> str:
        return "three two one" + " thanks" * ((clip.duration_s or 0) > 1.5)

    with pytest.raises(AssertionError, match=r"made 4 words of 3; they differ from word 3") as told:
        laws.silence_keeps_words(imagines, spoken(), where="around")
    assert "thanks" not in str(told.value)


@pytest.mark.parametrize(("where", "seconds"), [("after", 1.5), ("before", 1.5), ("around", 2.0)])
def test_silence_goes_where_it_is_wanted(where: str, seconds: float) -> None:
    clip = laws.with_silence(spoken(), silence_s=0.5, where=where)  # type: ignore[arg-type]
    assert clip.duration_s == seconds
    samples = clip.to_pcm().samples
    assert bool(samples[: RATE // 2].any()) == (where == "after")
    assert bool(samples[-RATE // 2 :].any()) == (where == "before")
