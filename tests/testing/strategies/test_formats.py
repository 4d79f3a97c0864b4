"""Formats are valid, and what is said to be written can be written."""

from __future__ import annotations

from hypothesis import given, settings
from tests.testing.strategies.finding import simplest

from ossicle.audio import AudioFormat
from ossicle_testing.strategies import audio_formats, installed_writers, pcm_formats


@settings(deadline=None)
@given(pcm_formats())
def test_plain_formats_have_a_frame(form: AudioFormat) -> None:
    assert form.is_pcm
    assert form.frame_width
    assert form.sample_rate


def test_formats_cover_the_unknown_and_the_odd() -> None:
    assert simplest(audio_formats(), lambda form: form.sample_rate is None)
    assert simplest(audio_formats(), lambda form: (form.sample_rate or 0) > 192_000)
    assert simplest(audio_formats(), lambda form: form.container == "mp4")
    assert simplest(pcm_formats(), lambda form: form.sample_format == "s24")


def test_writers_are_those_that_are_installed() -> None:
    names = {repr(writer) for writer in installed_writers()}
    assert {"pcm:wav/pcm_s16le", "soundfile:flac/flac"} <= names
    assert installed_writers([]) == ()
