"""Bytes to samples and back, for vendors: written apart from the core that it helps to test."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from ossicle.errors import DependencyMissingError, MalformedAudioError
from ossicle_testing.vendors.tones import VOICE_SAMPLE_RATE, Samples

Voice = Callable[[str], Samples]
"""Says a text: mono float32 samples at 24 kHz, full scale ±1."""

Ear = Callable[[Samples, int], str]
"""Hears mono samples at a rate in Hz and returns the words."""

ReplyFormat = Literal["wav", "pcm16", "mp3", "flac", "opus", "aac"]

UNKNOWN_SIZE = 0xFFFFFFFF


def pcm16_bytes(samples: Samples) -> bytes:
    """Little-endian 16-bit samples; what is beyond full scale is clipped."""
    scaled = np.clip(np.round(np.asarray(samples).ravel() * 32767.0), -32768, 32767)
    return scaled.astype("<i2").tobytes()


def wav_header(n_bytes: int | None = None, *, sample_rate: int = VOICE_SAMPLE_RATE) -> bytes:
    """The 44 bytes before mono 16-bit samples.

    Args:
        n_bytes: Bytes of samples that follow; `None` writes 0xFFFFFFFF into both size fields, as
            OpenAI does (captured 2025-07).
        sample_rate: In Hz.
    """
    riff, data = (UNKNOWN_SIZE,) * 2 if n_bytes is None else (36 + n_bytes, n_bytes)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, 1,
        sample_rate, sample_rate * 2, 2, 16, b"data", data,
    )  # fmt: skip


def encode_reply(
    samples: Samples,
    format: ReplyFormat,
    *,
    sample_rate: int = VOICE_SAMPLE_RATE,
    sized_wav: bool = False,
) -> bytes:
    """Mono 24 kHz samples in one of the formats that vendors answer with.

    Args:
        samples: Mono at 24 kHz.
        format: The container and codec.
        sample_rate: In Hz, of what is returned.
        sized_wav: Write true sizes into a WAV header instead of 0xFFFFFFFF.

    Raises:
        DependencyMissingError: The format needs a library that is not installed.
    """
    if sample_rate != VOICE_SAMPLE_RATE:
        samples = soxr.resample(samples.ravel(), VOICE_SAMPLE_RATE, sample_rate)
    pcm = pcm16_bytes(samples)
    if format == "pcm16":
        return pcm
    if format == "wav":
        return wav_header(len(pcm) if sized_wav else None, sample_rate=sample_rate) + pcm
    if format == "aac":
        return _encode_aac(pcm, sample_rate)
    import soundfile

    names = {"mp3": ("MP3", "MPEG_LAYER_III"), "flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}
    container, subtype = names[format]
    target = io.BytesIO()
    frames = np.frombuffer(pcm, dtype="<i2")
    soundfile.write(target, frames, sample_rate, format=container, subtype=subtype)
    return target.getvalue()


def decode_audio(data: bytes) -> tuple[Samples, int]:
    """Samples and sample rate of encoded audio, down-mixed to mono.

    Raises:
        MalformedAudioError: It cannot be decoded.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _decode_wav(data)
    if data[:4] in (b"fLaC", b"OggS", b"FORM") or is_mp3(data):
        return _decode_with_soundfile(data)
    if data[4:8] == b"ftyp":
        return _decode_with_av(data, "mov")
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return _decode_with_av(data, "matroska")
    if len(data) > 2 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:  # the sync of ADTS
        return _decode_with_av(data, "aac")
    raise MalformedAudioError("the bytes are no audio that this vendor knows")


def is_mp3(data: bytes) -> bool:
    """Whether the bytes begin like an MP3: a tag, or the sync of a layer III frame."""
    if data[:3] == b"ID3":
        return True
    return len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2


def _decode_wav(data: bytes) -> tuple[Samples, int]:
    position, header, body = 12, b"", b""
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        content = data[position + 8 : position + 8 + size]
        if name == b"fmt ":
            header = content
        elif name == b"data":
            body = content
            break
        position += 8 + size + size % 2
    if len(header) < 16:
        raise MalformedAudioError("the WAV has no format chunk")
    encoding, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", header)
    if encoding == 0xFFFE and len(header) >= 26:
        encoding = struct.unpack_from("<H", header, 24)[0]
    if not 1 <= channels <= 64 or not 1 <= sample_rate <= 768_000:
        raise MalformedAudioError(f"a WAV of {channels} channels at {sample_rate} Hz")
    frame_bytes = channels * bits // 8
    whole = body[: len(body) - len(body) % frame_bytes] if frame_bytes else b""
    samples = _samples(whole, encoding, bits).reshape(-1, channels)
    return samples.mean(axis=1, dtype=np.float32), sample_rate


def _samples(body: bytes, encoding: int, bits: int) -> NDArray[np.float32]:
    if encoding == 3 and bits in (32, 64):
        return np.frombuffer(body, dtype=f"<f{bits // 8}").astype(np.float32)
    if encoding != 1 or bits not in (8, 16, 24, 32):
        raise MalformedAudioError(f"a WAV with encoding {encoding} at {bits} bits")
    if bits == 8:
        return (np.frombuffer(body, dtype=np.uint8).astype(np.float32) - 128.0) / 128.0
    if bits == 24:
        triples = np.frombuffer(body, dtype=np.uint8).reshape(-1, 3)
        wide = np.pad(triples, ((0, 0), (1, 0))).copy().view("<i4").ravel()
        return (wide / 2147483648.0).astype(np.float32)
    scale = 32768.0 if bits == 16 else 2147483648.0
    return (np.frombuffer(body, dtype=f"<i{bits // 8}") / scale).astype(np.float32)


def _decode_with_soundfile(data: bytes) -> tuple[Samples, int]:
    import soundfile

    try:
        samples, sample_rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise MalformedAudioError("the bytes do not decode") from error
    return samples.mean(axis=1, dtype=np.float32), int(sample_rate)


def _decode_with_av(data: bytes, demuxer: str) -> tuple[Samples, int]:
    try:
        import av
    except ImportError as error:
        raise MalformedAudioError(
            "no decoder for this container", fix='Install "ossicle[av]".'
        ) from error
    try:
        with av.open(io.BytesIO(data), mode="r", format=demuxer) as file:
            sample_rate = int(file.streams.audio[0].rate)
            mono = av.AudioResampler(format="flt", layout="mono", rate=sample_rate)
            blocks = [
                block.to_ndarray().ravel()
                for frame in (*file.decode(audio=0), None)
                for block in mono.resample(frame)
            ]
    except (OSError, ValueError, IndexError) as error:
        raise MalformedAudioError("the bytes do not decode") from error
    if not blocks:
        raise MalformedAudioError("the container holds no audio")
    return np.concatenate(blocks).astype(np.float32), sample_rate


def _encode_aac(pcm: bytes, sample_rate: int) -> bytes:
    try:
        import av
    except ImportError as error:
        raise DependencyMissingError(
            "no AAC encoder is installed", package="av", extra="av"
        ) from error
    target = io.BytesIO()
    frames = np.frombuffer(pcm, dtype="<i2").reshape(1, -1)
    with av.open(target, mode="w", format="adts") as file:
        stream = file.add_stream("aac", rate=sample_rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(frames, format="s16", layout="mono")
        frame.sample_rate = sample_rate
        for part in (frame, None):
            file.mux(stream.encode(part))
    return target.getvalue()
