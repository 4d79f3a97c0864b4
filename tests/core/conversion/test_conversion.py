"""Conversions into a sink against the same done by hand."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from ossicle.audio import AudioClip, AudioFormat
from ossicle.conversion.chain import find_preprocessors
from ossicle.conversion.conversion import convert_into
from ossicle.errors import ConfigurationError
from ossicle.intake import TRUSTED, decode
from ossicle.plugins import PluginHost
from ossicle.signal import measure

from ...cli.charts.test_model import sine
from ...cli.conftest import write_wav

WAV = AudioFormat.named("wav")


def convert_by(host: PluginHost, clip: AudioClip, target: AudioFormat, *names: str) -> AudioClip:
    sink = io.BytesIO()
    convert_into(
        clip,
        target,
        sink,
        converters=host.converters(),
        preprocess=find_preprocessors(host, names),
        limits=TRUSTED,
    )
    return AudioClip.from_bytes(sink.getvalue())


def test_without_preprocessors_samples_stay_exact(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).uniform(-0.9, 0.9, (5000, 2)).astype(np.float32)
    clip = AudioClip.from_path(write_wav(tmp_path / "a.wav", samples))
    made = convert_by(PluginHost(), clip, AudioFormat.named("flac"))
    assert np.array_equal(made.to_pcm().samples, clip.to_pcm().samples)


def test_loudness_needs_two_passes_and_reaches_its_target(tmp_path: Path) -> None:
    samples = sine(500.0, seconds=3.0, level=0.02)
    clip = AudioClip.from_path(write_wav(tmp_path / "a.wav", samples))
    host = PluginHost()
    record = convert_into(
        clip, WAV, io.BytesIO(), converters=host.converters(), limits=TRUSTED,
        preprocess=find_preprocessors(host, ["high_pass", "loudness"]),
    ).record  # fmt: skip
    effects = {step.action: step.effect for step in record.steps}
    made = convert_by(host, clip, WAV, "high_pass", "loudness").to_pcm()
    before = measure(clip.to_pcm().samples, sample_rate=16_000).loudness_lufs
    after = measure(made.samples, sample_rate=16_000).loudness_lufs
    assert after == pytest.approx(-16.0, abs=0.2)
    assert effects["loudness"]["gain_db"] == pytest.approx(after - before, abs=0.3)


def test_silence_at_the_ends_goes(tmp_path: Path) -> None:
    silent = np.zeros((16_000, 1), np.float32)
    samples = np.concatenate([silent, sine(500.0, level=0.5), silent])
    clip = AudioClip.from_path(write_wav(tmp_path / "a.wav", samples))
    made = convert_by(PluginHost(), clip, WAV, "trim_silence")
    assert made.duration_s is not None
    assert 1.0 <= made.duration_s < 2.0


def test_rate_and_channels_are_as_wanted(tmp_path: Path) -> None:
    clip = AudioClip.from_path(write_wav(tmp_path / "a.wav", np.tile(sine(500.0), (1, 2))))
    made = convert_by(PluginHost(), clip, AudioFormat.named("wav", sample_rate=24_000, channels=1))
    assert (made.format.sample_rate, made.format.channels) == (24_000, 1)
    assert made.facts.frames == 24_000


def test_progress_adds_up_to_the_whole(tmp_path: Path) -> None:
    clip = AudioClip.from_path(write_wav(tmp_path / "a.wav", sine(500.0, seconds=9.0)))
    told: list[float] = []
    convert_into(
        clip,
        AudioFormat.named("flac"),
        io.BytesIO(),
        converters=PluginHost().converters(),
        limits=TRUSTED,
        advance=told.append,
    )
    assert sum(told) == pytest.approx(9.0)
    assert len(told) > 1


def test_a_sink_that_cannot_seek_gets_the_same_samples(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

    clip = AudioClip.from_path(write_wav(tmp_path / "a.wav", sine(500.0, seconds=3.0)))
    for name in ("wav", "flac"):
        pipe = Pipe()
        convert_into(
            clip,
            AudioFormat.named(name),
            pipe,
            converters=PluginHost().converters(),
            limits=TRUSTED,
        )
        with decode(AudioClip.from_bytes(pipe.getvalue())) as stream:
            assert np.array_equal(stream.read().samples, clip.to_pcm().samples)


def test_an_unknown_preprocessor_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="unknown preprocessor 'magic'") as caught:
        find_preprocessors(PluginHost(), ["magic"])
    assert "trim_silence" in (caught.value.fix or "")
