"""What is done to a clip that a model takes in some formats only up to a length."""

from __future__ import annotations

import pytest

from ossicle.abc import AudioInput, CodecRule, ConverterSpec, FormatConverter, FormatRule
from ossicle.audio import AudioClip, AudioFacts, AudioFormat
from ossicle.errors import AudioLimitError
from ossicle.pipeline.planner import plan_clip

WAV = FormatRule(container="wav", encodings=("pcm_s16le",))
MP3 = FormatRule(container="mp3", encodings=("mp3",), max_bytes=1000, max_duration_s=60.0)


def no_factory() -> FormatConverter:
    raise AssertionError("planning builds no converter")


CODECS = ConverterSpec(
    name="codecs",
    summary="",
    factory=no_factory,
    reads=(CodecRule(container="mp3"), CodecRule(container="wav")),
    writes=(CodecRule(container="mp3"), CodecRule(container="wav")),
)


def mp3(*, n_bytes: int, duration_s: float) -> AudioClip:
    form = AudioFormat.named("mp3", sample_rate=24_000, channels=1)
    facts = AudioFacts(format=form, n_bytes=n_bytes, duration_s=duration_s)
    return AudioClip(bytes(n_bytes), facts=facts)


def test_a_short_clip_passes_as_it_is() -> None:
    plan = plan_clip(mp3(n_bytes=1000, duration_s=60.0), AudioInput(formats=(WAV, MP3)), [CODECS])
    assert plan.is_pass_through


@pytest.mark.parametrize(("n_bytes", "duration_s"), [(1001, 60.0), (1000, 61.0)])
def test_a_long_clip_goes_in_a_format_that_is_taken_at_that_length(
    n_bytes: int, duration_s: float
) -> None:
    clip = mp3(n_bytes=n_bytes, duration_s=duration_s)
    for formats in ((WAV, MP3), (MP3, WAV)):
        plan = plan_clip(clip, AudioInput(formats=formats), [CODECS])
        assert plan.target.container == "wav"
        assert "too long" in plan.steps[0].reason
    with pytest.raises(AudioLimitError):
        plan_clip(mp3(n_bytes=9, duration_s=61.0), AudioInput(formats=(MP3,)), [CODECS])
