"""What is sent is heard: at any speed and pitch, in noise, from any moment on."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle_morse.code import CODE
from ossicle_morse.hearing import hear
from ossicle_morse.models import SAMPLE_RATE
from ossicle_morse.options import MorseOptions
from ossicle_morse.sending import word_to_pcm

WORDS = st.lists(st.text(alphabet=sorted(CODE), min_size=1, max_size=6), min_size=1, max_size=3)


@settings(deadline=None, max_examples=60)
@given(
    words=WORDS,
    words_per_minute=st.integers(10, 40),
    pitch_hz=st.floats(320, 1150),
    noise=st.sampled_from([0.0, 0.02, 0.1]),
    lead=st.integers(0, SAMPLE_RATE),
)
def test_a_sender_is_heard(
    words: list[str], words_per_minute: int, pitch_hz: float, noise: float, lead: int
) -> None:
    unit_s = MorseOptions(words_per_minute=words_per_minute).unit_s
    pcm = b"".join(word_to_pcm(word, unit_s=unit_s, pitch_hz=pitch_hz) for word in words)
    samples = np.concatenate([np.zeros(lead), np.frombuffer(pcm, "<i2") / 32768])
    samples += noise * np.random.default_rng(lead).standard_normal(len(samples))
    heard = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2").tobytes()
    assert hear(heard, unit_s=unit_s) == " ".join(words)


def test_silence_and_nothing_say_nothing() -> None:
    assert hear(b"", unit_s=0.05) == ""
    assert hear(bytes(SAMPLE_RATE), unit_s=0.05) == ""


def test_a_lone_tone_is_a_dash_or_a_dot_by_the_speed_that_is_expected() -> None:
    dash = word_to_pcm("T", unit_s=0.048, pitch_hz=600)
    assert hear(dash, unit_s=0.048) == "T"
    assert hear(dash, unit_s=0.144) == "E"
