"""Text → sound → whatever happens to sound → text is exact, or is said to be lost."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.profiles import tried
from tests.providers.echo import channels

import ossicle_echo.tones
from ossicle.errors import ConfigurationError
from ossicle_echo.tones import (
    SAMPLE_RATE,
    read_samples,
    samples_to_messages,
    samples_to_text,
    text_to_blocks,
    text_to_samples,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.providers.echo.channels import Channel

TEXT = st.text(max_size=70)
RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000]
SENTENCE = "What is the capital of France?"

property_of_text = settings(deadline=None, max_examples=tried(15))


def test_docstring_is_true() -> None:
    assert doctest.testmod(ossicle_echo.tones).attempted > 0
    assert doctest.testmod(ossicle_echo.tones).failed == 0


def assert_survives(text: str, channel: Channel) -> None:
    samples, sample_rate = channel(text_to_samples(text), SAMPLE_RATE)
    assert samples_to_text(samples, sample_rate) == text


@property_of_text
@given(text=TEXT, sample_rate=st.sampled_from(RATES))
@example(text="", sample_rate=8000)
@example(text="\0", sample_rate=24000)
def test_text_comes_back_at_every_rate(text: str, sample_rate: int) -> None:
    samples = text_to_samples(text, sample_rate=sample_rate)
    assert samples.dtype == np.float32
    assert samples.shape[1] == 1
    assert np.abs(samples).max() == pytest.approx(0.5, abs=1e-6)
    assert samples_to_text(samples, sample_rate) == text


@property_of_text
@given(text=TEXT)
def test_text_survives_mp3_of_libsndfile(text: str) -> None:
    assert_survives(text, lambda x, rate: channels.through_file(x, rate, "MP3", "MPEG_LAYER_III"))


@property_of_text
@given(text=TEXT, bit_rate_k=st.sampled_from([32, 64, 128]))
def test_text_survives_mp3_of_lame(text: str, bit_rate_k: int) -> None:
    pytest.importorskip("lameenc")
    assert_survives(text, lambda x, rate: channels.lame(x, rate, bit_rate_k))


@property_of_text
@given(text=TEXT, kind=st.sampled_from(["OPUS", "VORBIS"]))
def test_text_survives_ogg(text: str, kind: str) -> None:
    assert_survives(text, lambda x, rate: channels.through_file(x, rate, "OGG", kind))


@property_of_text
@given(text=TEXT, bit_rate=st.sampled_from([24000, 32000]), rate=st.sampled_from([24000, 48000]))
def test_text_survives_low_rate_opus(text: str, bit_rate: int, rate: int) -> None:
    pytest.importorskip("av")
    samples, _ = channels.resample(text_to_samples(text), SAMPLE_RATE, rate)
    assert_survives(text, lambda *_: channels.ffmpeg(samples, rate, "libopus", "ogg", bit_rate))


@pytest.mark.slow
@property_of_text
@given(text=TEXT, bit_rate=st.sampled_from([32000, 64000]))
def test_text_survives_aac(text: str, bit_rate: int) -> None:
    pytest.importorskip("av")
    assert_survives(text, lambda x, rate: channels.ffmpeg(x, rate, "aac", "adts", bit_rate))


@property_of_text
@given(text=TEXT, kind=st.sampled_from(["ULAW", "ALAW"]), gain_db=st.sampled_from([-20, 0]))
def test_text_survives_the_telephone(text: str, kind: str, gain_db: int) -> None:
    def telephone(samples: NDArray[np.float32], rate: int) -> channels.Sound:
        narrow, rate = channels.resample(samples * np.float32(10 ** (gain_db / 20)), rate, 8000)
        return channels.through_file(narrow, rate, "WAV", kind)

    assert_survives(text, telephone)


@property_of_text
@given(text=TEXT, there=st.sampled_from(RATES), back=st.sampled_from(RATES))
def test_text_survives_resampling(text: str, there: int, back: int) -> None:
    assert_survives(
        text, lambda x, rate: channels.resample(*channels.resample(x, rate, there), back)
    )


@property_of_text
@given(text=TEXT, gain_db=st.floats(-20, 20), bits=st.sampled_from([8, 16]))
def test_text_survives_level_clipping_and_quantising(text: str, gain_db: float, bits: int) -> None:
    assert_survives(
        text,
        lambda x, rate: (
            channels.quantised(channels.high_passed(x, rate) * 10 ** (gain_db / 20), bits),
            rate,
        ),
    )


@property_of_text
@given(text=TEXT, snr_db=st.floats(15, 40), seed=st.integers(0, 99))
def test_text_survives_noise(text: str, snr_db: float, seed: int) -> None:
    assert_survives(text, lambda x, rate: (channels.noisy(x, snr_db, seed), rate))


@property_of_text
@given(text=TEXT, off=st.floats(-0.008, 0.008))
@example(text="x" * 64, off=0.008)
@example(text="x" * 64, off=-0.008)
def test_text_survives_a_wrong_clock(text: str, off: float) -> None:
    def slow(samples: NDArray[np.float32], rate: int) -> channels.Sound:
        at = np.arange(0, len(samples) - 1, 1 + off)
        return np.interp(at, np.arange(len(samples)), samples[:, 0]).astype(np.float32), rate

    assert_survives(text, slow)


@property_of_text
@given(text=TEXT, before=st.integers(-1000, 30000), after=st.integers(-2800, 30000))
def test_text_survives_silence_trimmed_or_added(text: str, before: int, after: int) -> None:
    def moved(samples: NDArray[np.float32], rate: int) -> channels.Sound:
        samples = samples[max(0, -before) : len(samples) - max(0, -after)]
        return np.pad(samples, ((max(0, before), max(0, after)), (0, 0))), rate

    assert_survives(text, moved)


@property_of_text
@given(text=TEXT, gains=st.sampled_from([(1, 1), (0, 1), (1, -1), (0.5, 0.7, 0, 0, 0, 0)]))
def test_text_survives_any_number_of_channels(text: str, gains: tuple[float, ...]) -> None:
    assert_survives(text, lambda x, rate: (x * np.array(gains, np.float32), rate))


@property_of_text
@given(texts=st.lists(TEXT, min_size=1, max_size=4), gap=st.integers(0, 5000))
def test_concatenated_clips_are_heard_in_order(texts: list[str], gap: int) -> None:
    pause = np.zeros((gap, 1), np.float32)
    samples = np.concatenate([x for text in texts for x in (text_to_samples(text), pause)])
    assert samples_to_messages(samples, SAMPLE_RATE) == texts
    assert samples_to_text(samples, SAMPLE_RATE) == " ".join(filter(None, texts))


def test_text_survives_a_chain_of_everything() -> None:
    pytest.importorskip("av")
    pytest.importorskip("lameenc")
    text = "Grüße an alle 世界 🙂 " * 12
    samples, rate = channels.lame(text_to_samples(text), SAMPLE_RATE)
    samples, rate = channels.resample(channels.noisy(samples, 20, 1), rate, 48000)
    samples, rate = channels.ffmpeg(samples, rate, "libopus", "ogg", 24000)
    samples, rate = channels.through_file(*channels.resample(samples, rate, 8000), "WAV", "ULAW")
    samples, rate = channels.ffmpeg(*channels.resample(samples, rate, 16000), "aac", "adts", 32000)
    assert samples_to_text(samples, rate) == text


def test_thousands_of_characters_come_back() -> None:
    text = "".join(chr(0x20 + (7 * i) % 0x2000) for i in range(2500))
    samples = text_to_samples(text, sample_rate=8000)
    assert samples_to_text(samples, 8000) == text


@settings(deadline=None, max_examples=tried(25))
@given(
    text=st.text("abc ", min_size=1, max_size=150),
    start=st.floats(0, 1),
    length=st.floats(0, 1),
    seed=st.integers(0, 9),
)
def test_damaged_sound_gives_the_text_or_nothing(
    text: str, start: float, length: float, seed: int
) -> None:
    samples = text_to_samples(text, sample_rate=8000)
    first = int(start * len(samples))
    last = first + int(length * (len(samples) - first))
    samples[first:last] = np.random.default_rng(seed).uniform(-0.5, 0.5, (last - first, 1))
    assert samples_to_text(samples, 8000) in (text, None)


def test_lost_packet_is_said() -> None:
    samples = text_to_samples("a" * 200, sample_rate=8000)
    reading = read_samples(samples[: len(samples) // 2], 8000)
    assert reading.messages == ()
    assert reading.n_lost > 0
    assert reading.text is None


@pytest.mark.parametrize("frames", [0, 1, 7, 400, 16001])
@pytest.mark.parametrize("fill", [0.0, 1.0, float("nan"), float("inf")])
def test_what_holds_no_tones_is_nothing(frames: int, fill: float) -> None:
    reading = read_samples(np.full((frames, 2), fill, np.float32), 16000)
    assert (reading.messages, reading.n_lost, reading.text) == ((), 0, None)


def test_noise_is_nothing() -> None:
    noise = np.random.default_rng(0).standard_normal((80000, 1)).astype(np.float32)
    assert read_samples(noise, 8000).n_lost == 0


def test_speech_is_nothing_and_does_not_hide_tones(shared_audio: Path) -> None:
    import soundfile

    speech, rate = soundfile.read(
        shared_audio / "fetched/speech/whisper--jfk.flac", dtype="float32", always_2d=True
    )
    speech = speech[: 5 * rate, :1]
    assert read_samples(speech, rate).messages == ()
    tones = text_to_samples(SENTENCE, sample_rate=rate)
    reading = read_samples(np.concatenate([speech, tones, speech]), rate)
    assert reading.text == SENTENCE
    assert reading.tones_s == pytest.approx(len(tones) / rate, abs=0.1)


def test_samples_that_are_not_finite_do_no_harm() -> None:
    samples = text_to_samples(SENTENCE)
    samples[9000:9100] = np.nan
    assert samples_to_text(samples, SAMPLE_RATE) == SENTENCE


@property_of_text
@given(text=st.text(max_size=200))
def test_blocks_are_the_whole_in_pieces(text: str) -> None:
    blocks = list(text_to_blocks(text, sample_rate=8000))
    assert all(0 < len(block) <= 2.4 * 8000 for block in blocks)
    assert np.array_equal(np.concatenate(blocks), text_to_samples(text, sample_rate=8000))


def test_sound_is_the_same_every_time() -> None:
    assert np.array_equal(text_to_samples(SENTENCE), text_to_samples(SENTENCE))


@pytest.mark.parametrize("tilt_db", [-12.0, -6.0, 6.0])
def test_timbre_does_not_change_what_is_heard(tilt_db: float) -> None:
    samples = text_to_samples(SENTENCE, tilt_db=tilt_db)
    assert samples_to_text(samples, SAMPLE_RATE) == SENTENCE
    assert not np.array_equal(samples, text_to_samples(SENTENCE))


def test_energy_lies_inside_the_telephone_band() -> None:
    spectrum = np.abs(np.fft.rfft(text_to_samples(SENTENCE)[:, 0])) ** 2
    hz = np.fft.rfftfreq(len(text_to_samples(SENTENCE)), 1 / SAMPLE_RATE)
    inside = spectrum[(hz > 300) & (hz < 3400)].sum()
    assert inside / spectrum.sum() > 0.999


def test_a_sentence_lasts_a_second_or_two() -> None:
    assert len(SENTENCE) / (len(text_to_samples(SENTENCE)) / SAMPLE_RATE) >= 20


def test_too_low_a_rate_is_refused_for_making_and_silent_for_reading() -> None:
    with pytest.raises(ConfigurationError, match="7999"):
        text_to_samples("x", sample_rate=7999)
    assert samples_to_text(np.ones((100, 1), np.float32), 6000) is None
