import io
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle_echo.models import VOICES
from ossicle_echo.speech import pcm_duration_s, pcm_to_wav, text_to_pcm


@given(n_frames=st.integers(0, 300))
def test_header_is_read_by_the_standard_library(n_frames: int) -> None:
    data = bytes(range(256)) * 3
    data = data[: 2 * n_frames]
    with wave.open(io.BytesIO(pcm_to_wav(data))) as reader:
        assert reader.getframerate() == 24000
        assert reader.getnframes() == n_frames
        assert reader.readframes(n_frames) == data


def test_one_second_has_24000_frames() -> None:
    assert pcm_duration_s(48000) == 1.0


@settings(deadline=None, max_examples=tried(10))
@given(text=st.text(max_size=80), voice=st.sampled_from(list(VOICES)))
def test_peak_is_6_db_below_full_scale(text: str, voice: str) -> None:
    samples = np.frombuffer(b"".join(text_to_pcm(text, voice=voice)), "<i2")
    assert np.abs(samples).max() == pytest.approx(16384, abs=1)
