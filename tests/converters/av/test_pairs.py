"""Every pair of container and codec that people record and FFmpeg can write: heard, or refused.

Made by FFmpeg's muxers and encoders, read through the one door: sniffed, limited, decoded by the
converter that the closed list names. What is heard is judged by its pitch, level and length.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from ossicle.audio import AudioClip
from ossicle.errors import AudioError
from ossicle.intake import load

av = pytest.importorskip("av")

HERTZ, SECONDS = 440.0, 2.0

_MOV = ("aac", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le",
        "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_u8", "pcm_s8",
        "pcm_alaw", "pcm_mulaw", "adpcm_ima_qt", "adpcm_ms", "libmp3lame", "ac3",
        "eac3")  # fmt: skip
_MKV = ("aac", "alac", "flac", "libopus", "vorbis", "libmp3lame", "mp2", "ac3", "eac3", "wavpack",
        "tta", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s32le", "pcm_u8", "pcm_f32le",
        "pcm_f64le", "pcm_mulaw", "pcm_alaw", "adpcm_ms", "adpcm_ima_wav", "adpcm_yamaha",
        "g722")  # fmt: skip
PAIRS = (
    *(("mov", codec) for codec in _MOV),
    *(("mp4", codec) for codec in ("aac", "alac", "libmp3lame", "ac3", "eac3", "libopus", "flac",
                                   "pcm_s16le", "pcm_s24be", "pcm_f32le", "vorbis")),
    *(("3gp", codec) for codec in ("aac", "libopencore_amrnb")),
    *(("matroska", codec) for codec in _MKV),
    *(("webm", codec) for codec in ("libopus", "vorbis")),
    *(("avi", codec) for codec in ("libmp3lame", "mp2", "ac3", "aac", "pcm_s16le", "pcm_u8",
                                   "pcm_s24le", "pcm_alaw", "pcm_mulaw", "adpcm_ms",
                                   "adpcm_ima_wav", "wmav2")),
    *(("flv", codec) for codec in ("libmp3lame", "aac", "adpcm_swf", "pcm_s16le", "pcm_mulaw",
                                   "pcm_alaw", "nellymoser")),
    *(("mpegts", codec) for codec in ("aac", "mp2", "libmp3lame", "ac3", "eac3", "libopus")),
    *(("asf", codec) for codec in ("wmav1", "wmav2", "libmp3lame", "aac", "pcm_s16le", "ac3",
                                   "adpcm_ms")),
    *(("caf", codec) for codec in ("libopus", "alac", "pcm_s16le", "pcm_mulaw", "libmp3lame",
                                   "adpcm_ima_qt", "flac", "ac3")),
    *(("wav", codec) for codec in ("libmp3lame", "mp2", "ac3", "aac", "adpcm_ms", "adpcm_ima_wav",
                                   "adpcm_yamaha", "g722", "pcm_s16le", "wmav2")),
    *(("aiff", codec) for codec in ("pcm_s16be", "pcm_s24be", "pcm_mulaw")),
    *(("ogg", codec) for codec in ("libopus", "vorbis", "flac")),
    ("wv", "wavpack"), ("tta", "tta"), ("adts", "aac"), ("ac3", "ac3"), ("eac3", "eac3"),
    ("mp3", "libmp3lame"), ("flac", "flac"), ("amr", "libopencore_amrnb"), ("w64", "pcm_s16le"),
    ("au", "pcm_mulaw"), ("g722", "g722"), ("nut", "pcm_s16le"), ("mp4", "wavpack"),
)  # fmt: skip
REFUSED = {
    ("nut", "pcm_s16le"): "no known audio format",
    ("wav", "aac"): "no converter reads wav/aac",
}


def made(container: str, codec: str, *, rate: int = 0, **options: str) -> bytes | None:
    """A tone in this pair; `None` where FFmpeg does not write it."""
    from av.error import FFmpegError

    usual = {"libopencore_amrnb": 8000, "libopus": 48_000, "vorbis": 48_000, "ac3": 48_000,
             "eac3": 48_000, "g722": 16_000, "nellymoser": 8000, "pcm_mulaw": 8000,
             "pcm_alaw": 8000}  # fmt: skip
    rate = rate or (22_050 if container == "flv" else usual.get(codec, 16_000))
    if container == "flv" and codec in ("nellymoser", "pcm_mulaw", "pcm_alaw"):
        rate = 8000
    if container in ("mpegts", "asf") and codec in ("aac", "mp2", "libmp3lame", "wmav1", "wmav2"):
        rate = 44_100
    tone = (0.3 * np.sin(2 * np.pi * HERTZ * np.arange(int(SECONDS * rate)) / rate)).astype("f4")
    stereo = codec == "vorbis"  # FFmpeg's own encoder writes nothing else
    sink = io.BytesIO()
    try:
        with av.open(sink, "w", format=container, options=options) as file:
            stream: Any = file.add_stream(codec, rate=rate, layout="stereo" if stereo else "mono",
                                          options={"strict": "experimental"})  # fmt: skip
            planes = np.stack([tone] * (2 if stereo else 1))
            frame = av.AudioFrame.from_ndarray(planes, "fltp", "stereo" if stereo else "mono")
            frame.sample_rate, frame.pts = rate, 0
            for packet in (*stream.encode(frame), *stream.encode(None)):
                file.mux(packet)
    except (FFmpegError, ValueError, LookupError):
        return None
    return sink.getvalue()


def clip_of(container: str, data: bytes) -> AudioClip:
    return AudioClip.from_raw(data, "g722") if container == "g722" else load(data)


@pytest.mark.parametrize(("container", "codec"), PAIRS, ids=lambda name: name)
def test_a_pair_is_heard_or_refused_with_a_true_reason(container: str, codec: str) -> None:
    data = made(container, codec)
    if data is None:
        pytest.skip("this FFmpeg does not write the pair")
    if (container, codec) in REFUSED:
        with pytest.raises(AudioError, match=REFUSED[container, codec]):
            clip_of(container, data).to_pcm()
        return
    clip = clip_of(container, data)
    pcm = clip.to_pcm()
    assert pcm.duration_s == pytest.approx(SECONDS, abs=0.15)
    assert clip.duration_s is None or clip.duration_s == pytest.approx(SECONDS, abs=0.15)
    assert clip.format.encoding != "unknown"
    samples = pcm.samples[: 1 << 14, 0]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.argmax(spectrum) * pcm.sample_rate / len(samples) == pytest.approx(HERTZ, abs=5)
    assert 0.15 < np.sqrt(2 * np.mean(pcm.samples[2000:-2000, 0] ** 2)) < 0.4


def test_enough_pairs_are_tried() -> None:
    assert sum(made(*pair) is not None for pair in PAIRS) >= 90


@pytest.mark.parametrize("pair", [("mov", "pcm_s16le"), ("wv", "wavpack"), ("mpegts", "aac"),
                                  ("wav", "libmp3lame"), ("flv", "libmp3lame"), ("tta", "tta"),
                                  ("avi", "libmp3lame")])  # fmt: skip
def test_without_the_extra_the_refusal_names_it(
    pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made(*pair)
    assert data is not None
    from ossicle.abc import Requirement

    monkeypatch.setattr(Requirement, "is_met", property(lambda need: need.package != "av"))
    with pytest.raises(AudioError, match=r"ossicle\[av\]"):
        load(data).to_pcm()
