from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
import soundfile

from ossicle.errors import MalformedAudioError
from ossicle_testing.vendors.audio import (
    ReplyFormat,
    decode_audio,
    encode_reply,
    pcm16_bytes,
    wav_header,
)
from ossicle_testing.vendors.tones import tone_ear, tone_voice


def test_the_streamed_header_is_the_captured_one() -> None:
    # The first bytes of OpenAI's WAV answers (capture of 2025-07).
    captured = (
        "52494646ffffffff57415645666d74201000000001000100c05d000080bb00000200100064617461ffffffff"
    )
    assert wav_header().hex() == captured


def test_a_sized_wav_is_read_by_the_standard_library() -> None:
    data = encode_reply(tone_voice("hi"), "wav", sized_wav=True)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 24_000, 2)
        assert file.readframes(file.getnframes()) == encode_reply(tone_voice("hi"), "pcm16")


def test_samples_beyond_full_scale_are_clipped() -> None:
    samples = np.array([0.0, 1.0, -1.0, 2.0, -2.0, 0.5], dtype=np.float32)
    assert struct.unpack("<6h", pcm16_bytes(samples)) == (0, 32767, -32767, 32767, -32768, 16384)


@pytest.mark.parametrize(
    ("format", "magic"),
    [("wav", b"RIFF"), ("mp3", b"\xff\xf3"), ("flac", b"fLaC"), ("opus", b"OggS")],
)
def test_every_format_says_the_same(format: ReplyFormat, magic: bytes) -> None:
    data = encode_reply(tone_voice("Ja, genau!"), format)
    assert data.startswith(magic)
    samples, sample_rate = decode_audio(data)
    assert tone_ear(samples, sample_rate) == "Ja, genau!"


def test_aac_says_the_same() -> None:
    av = pytest.importorskip("av")
    data = encode_reply(tone_voice("aac"), "aac")
    assert data[0] == 0xFF
    with av.open(io.BytesIO(data), format="aac") as file:
        blocks = [frame.to_ndarray() for frame in file.decode(audio=0)]
    assert tone_ear(np.concatenate(blocks, axis=1).ravel(), 24_000) == "aac"


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 3])
def test_wav_samples_are_those_of_another_reader(subtype: str, channels: int) -> None:
    frames = np.random.default_rng(1).uniform(-0.9, 0.9, (301, channels))
    file = io.BytesIO()
    soundfile.write(file, frames, 22_050, format="WAV", subtype=subtype)
    samples, sample_rate = decode_audio(file.getvalue())
    other, _ = soundfile.read(io.BytesIO(file.getvalue()), always_2d=True)
    assert sample_rate == 22_050
    np.testing.assert_allclose(samples, other.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_further_containers_are_read_where_av_is_installed(container: str) -> None:
    av = pytest.importorskip("av")
    target = io.BytesIO()
    frames = np.frombuffer(encode_reply(tone_voice("m4a"), "pcm16"), "<i2").reshape(1, -1)
    with av.open(target, mode="w", format=container) as file:
        stream = file.add_stream("aac", rate=24_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(frames, format="s16", layout="mono")
        frame.sample_rate = 24_000
        for part in (frame, None):
            file.mux(stream.encode(part))
    samples, sample_rate = decode_audio(target.getvalue())
    assert tone_ear(samples, sample_rate) == "m4a"


@pytest.mark.parametrize(
    "data",
    [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"not audio at all", b"fLaC" + bytes(40),
     b"\0\0\0\x18ftypM4A " + bytes(30),
     wav_header(0)[:20] + b"\x55\0" + wav_header(0)[22:],
     wav_header(0)[:22] + b"\0\0" + wav_header(0)[24:]],
)  # fmt: skip
def test_what_does_not_decode_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedAudioError):
        decode_audio(data)


def test_a_wav_without_samples_is_empty() -> None:
    samples, sample_rate = decode_audio(wav_header())
    assert (len(samples), sample_rate) == (0, 24_000)
