"""Headerless audio under the names that people write, and samples in arrays."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from ossicle import AudioClip, Client, PipelineSettings
from ossicle.audio import AudioFormat, parse_input_format
from ossicle.errors import ConfigurationError, UnsupportedFormatError
from ossicle.intake import load


@pytest.mark.parametrize(
    ("name", "encoding", "rate", "channels"),
    [
        ("pcmu:8000:1", "mulaw", 8000, 1), ("ulaw", "mulaw", 8000, 1), ("mu-law", "mulaw", 8000, 1),
        ("PCMA:8k", "alaw", 8000, 1), ("alaw:16000:2", "alaw", 16_000, 2),
        ("pcm_s16le:16000", "pcm_s16le", 16_000, 1), ("s16:44.1k:stereo", "pcm_s16le", 44_100, 2),
        ("s24:48000:2", "pcm_s24le", 48_000, 2), ("f32:24000:mono", "pcm_f32le", 24_000, 1),
        ("l16:44100:2", "pcm_s16be", 44_100, 2), ("u8:11025hz", "pcm_u8", 11_025, 1),
        ("g722", "g722", 16_000, 1),
    ],
)  # fmt: skip
def test_names_that_people_write(name: str, encoding: str, rate: int, channels: int) -> None:
    assert parse_input_format(name) == AudioFormat(
        container="raw", encoding=encoding, sample_rate=rate, channels=channels
    )


@given(st.text(max_size=60))
def test_any_other_text_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(UnsupportedFormatError, match="pcmu:8000:1"):
        parse_input_format(f"x{text}")


@pytest.mark.parametrize("text", ["s16", "pcmu:0", "s16:16000:0", "s16:16000:65", "mp3:8000", ""])
def test_what_says_too_little_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedFormatError):
        AudioClip.from_raw(b"\0\0", text)


SUBTYPES = {"pcmu": "ULAW", "pcma": "ALAW", "s16": "PCM_16", "s24": "PCM_24", "s32": "PCM_32",
            "f32": "FLOAT", "f64": "DOUBLE", "u8": "PCM_U8"}  # fmt: skip


@pytest.mark.parametrize("name", SUBTYPES)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("is_path", [False, True])
def test_libsndfile_hears_the_same(name: str, channels: int, is_path: bool, tmp_path: Path) -> None:
    data = np.random.default_rng(1).uniform(-0.5, 0.5, (500, channels)).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, data, 8000, format="RAW", subtype=SUBTYPES[name])
    raw = file.getvalue() + b"\0" * (not is_path and name == "s24")
    source: bytes | Path = raw
    if is_path:
        source = tmp_path / "call.raw"
        source.write_bytes(raw)
    clip = AudioClip.from_raw(source, f"{name}:8000:{channels}")
    expected, _ = soundfile.read(
        io.BytesIO(file.getvalue()), format="RAW", subtype=SUBTYPES[name], samplerate=8000,
        channels=channels, dtype="float32", always_2d=True,
    )  # fmt: skip
    assert clip.duration_s == 500 / 8000
    assert np.allclose(clip.to_pcm().samples, expected, atol=1e-7)


def test_a_container_is_no_headerless_format() -> None:
    with pytest.raises(UnsupportedFormatError, match="raw"):
        AudioClip.from_raw(b"", AudioFormat.named("wav", sample_rate=8000, channels=1))
    mp3 = AudioFormat(container="raw", encoding="mp3", sample_rate=8000, channels=1)
    with pytest.raises(UnsupportedFormatError, match="container"):
        AudioClip.from_raw(b"", mp3)


@pytest.mark.parametrize("kind", ["float32", "float64", "float16", "int16", "int32", "uint8"])
@pytest.mark.parametrize("shape", [(100,), (100, 1), (100, 2)])
def test_samples_become_a_clip(kind: str, shape: tuple[int, ...]) -> None:
    unit = np.linspace(-0.5, 0.5, int(np.prod(shape))).reshape(shape)
    scale = {"int16": 32768, "int32": 1 << 31, "uint8": 128}.get(kind, 1)
    samples = (unit * scale + (128 if kind == "uint8" else 0)).astype(kind)
    clip = AudioClip.from_samples(samples, sample_rate=16_000)
    pcm = clip.to_pcm()
    assert pcm.sample_rate == 16_000
    assert np.allclose(pcm.samples, unit.reshape(100, -1), atol=1 / 100 if scale == 128 else 1e-3)
    read, _ = soundfile.read(io.BytesIO(clip.read_bytes()), always_2d=True)
    assert np.allclose(read, pcm.samples, atol=1e-7)


@pytest.mark.parametrize(
    "samples",
    [np.zeros((2, 16_000), np.float32), np.zeros((2, 2, 2)), np.zeros(4, np.complex64),
     np.array([1000.0, -3.0]), np.float32(1.0), "text"],
)  # fmt: skip
def test_what_is_no_array_of_samples_is_refused(samples: Any) -> None:
    with pytest.raises(ConfigurationError):
        AudioClip.from_samples(samples, sample_rate=16_000)


@pytest.mark.parametrize("rate", [0, -1, 8000.5, "8000", None])
def test_a_rate_that_is_none_is_refused(rate: Any) -> None:
    with pytest.raises(ConfigurationError, match="sample_rate"):
        AudioClip.from_samples(np.zeros(4, np.float32), sample_rate=rate)


def test_rate_and_array_are_audio_as_gradio_and_datasets_give_them() -> None:
    array = (np.random.default_rng(1).uniform(-0.1, 0.1, 16_000) * 32767).astype(np.int16)
    sources: list[Any] = [
        (16_000, array),
        {"path": None, "array": array, "sampling_rate": 16_000},
        AudioClip.from_samples(array, sample_rate=16_000),
    ]
    assert len({load(source).digest for source in sources}) == 1
    with Client("echo", settings=PipelineSettings(quality="off")) as client:
        alone = {client.transcribe(source).text for source in sources}
        assert len(alone) == 1
        both = client.respond("hello", audio=[sources[0], sources[1]])
        assert both.receipt is not None
        assert len(both.receipt.inputs) == 2


def test_a_bare_array_is_refused_with_the_way_to_give_it() -> None:
    array: Any = np.zeros(100, np.float32)
    for call in (load, Client("echo").transcribe):
        with pytest.raises(ConfigurationError, match="from_samples") as caught:
            call(array)
        assert "(sample_rate, array)" in str(caught.value)
