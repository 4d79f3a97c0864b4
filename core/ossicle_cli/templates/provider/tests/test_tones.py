"""What is said in tones is heard again."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle_newname import tones
from ossicle_newname.models import SAMPLE_RATE
from ossicle_newname.tones import hear_tones, text_to_tones


@settings(deadline=None)
@given(st.binary(max_size=20))
def test_any_bytes_are_heard_again(data: bytes) -> None:
    assert hear_tones(text_to_tones(data)) == data


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=8), st.integers(0, SAMPLE_RATE // 10))
def test_it_does_not_matter_when_the_tones_begin_or_how_loud_they_are(
    data: bytes, frames: int
) -> None:
    samples = np.frombuffer(text_to_tones(data), "<i2") // 8
    quiet = np.concatenate([np.zeros(frames, np.int16), samples]).astype("<i2")
    assert hear_tones(quiet.tobytes()) == data


def test_a_byte_is_two_tones_of_known_length() -> None:
    assert len(text_to_tones(b"A")) == 2 * 2 * (tones.TONE_FRAMES + tones.GAP_FRAMES)


def test_silence_says_nothing() -> None:
    assert hear_tones(bytes(SAMPLE_RATE)) == b""
