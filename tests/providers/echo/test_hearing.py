import numpy as np
import pytest
from tests.providers.echo.exchange import humming, spoken, wav_clip

from ossicle.audio import AudioClip, AudioFacts, AudioFormat
from ossicle.errors import UnsupportedFormatError
from ossicle_echo.hearing import hear


def test_text_and_length_are_told() -> None:
    heard = hear(spoken("ping", sample_rate=8000, channels=2).clip)
    assert (heard.text, heard.other_s) == ("ping", 0.0)
    assert heard.duration_s == pytest.approx(0.88)


def test_length_of_other_audio_is_told() -> None:
    heard = hear(humming(1.25).clip)
    assert (heard.text, heard.duration_s, heard.other_s) == ("", 1.25, 1.25)


@pytest.mark.parametrize("frames", [0, 1, 799])
def test_tiny_clip_is_other_audio(frames: int) -> None:
    heard = hear(wav_clip(np.ones((frames, 2), np.float32), 8000))
    assert (heard.text, heard.other_s) == ("", frames / 8000)


def test_file_shorter_than_its_header_says_does_no_harm() -> None:
    clip = spoken("ping").clip
    shorter = AudioClip(clip.read_bytes()[:1001], facts=clip.facts)
    assert hear(shorter).text == ""


def test_other_encodings_are_refused() -> None:
    facts = AudioFacts(format=AudioFormat.named("mp3"), n_bytes=3)
    with pytest.raises(UnsupportedFormatError, match="mp3"):
        hear(AudioClip(b"abc", facts=facts))
