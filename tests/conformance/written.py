"""Clips of formats that are read and that nothing in ossicle writes, with the sound in them known.

soundfile and PyAV write more than ossicle lets them. What not even they write is put together here,
bit by bit.
"""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from ossicle.abc import CodecRule
from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle_soundfile.rules import native_format
from ossicle_testing.conformance.converter.trial_audio import clip_of
from ossicle_testing.strategies.signals import Signal

KnownClip = tuple[AudioClip, Pcm]

_RATE = 48000
_SIGNAL = Signal(kind="tone", frames=24000, sample_rate=_RATE, channels=2, level_dbfs=-9.0)
_MUXERS = {"matroska": "matroska", "mp4": "mp4", "caf": "caf", "ogg": "ogg", "mp3": "mp2"}
_ENCODERS = {"vorbis": "vorbis", "opus": "libopus", "mp3": "libmp3lame"}
_SAMPLES = {"alac": "s16p", "flac": "s16", "opus": "flt", "mp2": "s16"}


_WRITTEN_BY_AV = {
    *(("matroska", one) for one in ("aac", "alac", "flac", "mp2", "mp3", "opus", "vorbis")),
    *(("mp4", one) for one in ("alac", "flac", "mp3", "opus")),
    *(("ogg", one) for one in ("flac", "opus", "vorbis")),
    ("caf", "alac"), ("mp3", "mp2"),
}  # fmt: skip
"""What the suite is shown of all pairs of container and encoding that PyAV reads."""


def by_soundfile(rules: Sequence[CodecRule]) -> Iterator[KnownClip]:
    """Each encoding in each container that libsndfile can write."""
    for rule in rules:
        for encoding in rule.encodings or ():
            if encoding in ("mp1", "mp2", "opus", "vorbis", "flac", "mp3"):
                continue  # others write them
            if rule.container == "sphere":
                continue  # libsndfile writes it with a header that no other program reads
            rate = 8000 if encoding == "gsm" else 24000
            pcm = Signal(kind="tone", frames=12000, sample_rate=rate, level_dbfs=-9.0).pcm
            native = native_format(rule.container, encoding)
            file = io.BytesIO()
            soundfile.write(
                file, pcm.samples, rate, format=native.format, subtype=native.subtype,
                endian=_byte_order(rule.container, encoding),
            )  # fmt: skip
            form = AudioFormat(
                container=rule.container,  # type: ignore[arg-type]  # checked by AudioFormat
                encoding=encoding, sample_rate=rate, channels=1,
            )  # fmt: skip
            clip = clip_of(file.getvalue(), form)
            assert clip is not None
            assert (clip.format.container, clip.format.encoding) == (rule.container, encoding)
            yield clip, pcm


def _byte_order(container: str, encoding: str) -> str:
    own = "LITTLE" if container in ("wav", "w64", "voc", "raw") else "BIG"
    told = {"le": "LITTLE", "be": "BIG"}.get(encoding[-2:] if encoding[:4] == "pcm_" else "", own)
    return "FILE" if told == own else told


def by_av(rules: Sequence[CodecRule]) -> Iterator[KnownClip]:
    """Each encoding in each container that FFmpeg can write."""
    for rule in rules:
        for encoding in rule.encodings or ():
            if rule.container not in _MUXERS or encoding == "mp1":
                continue
            if (rule.container, encoding) in (("mp3", "mp3"), ("mp4", "aac"), ("caf", "aac")):
                continue  # ossicle writes the first two, FFmpeg does not write the last
            if (rule.container, encoding) not in _WRITTEN_BY_AV:
                continue  # the pairs of tests/converters/av/test_pairs.py
            clip = AudioClip.from_bytes(_muxed(_MUXERS[rule.container], encoding))
            assert (clip.format.container, clip.format.encoding) == (rule.container, encoding)
            yield clip, _SIGNAL.pcm


def _muxed(muxer: str, encoding: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        stream = container.add_stream(_ENCODERS.get(encoding, encoding), rate=_RATE)
        assert isinstance(stream, av.AudioStream)
        form = _SAMPLES.get(encoding, "fltp")
        stream.layout, stream.format = "stereo", form
        stream.bit_rate = 192_000
        stream.codec_context.options = {"strict": "experimental"}  # Vorbis, and FLAC in MP4
        for one in (*_frames(form), None):
            for packet in stream.encode(one):
                container.mux(packet)
    return file.getvalue()


def _frames(form: str) -> Iterator[av.AudioFrame]:
    samples: NDArray[Any] = _SIGNAL.pcm.samples
    if form.startswith("s16"):
        samples = np.round(samples * 32767).astype(np.int16)
    for start in range(0, len(samples), 1000):
        block = samples[start : start + 1000]
        block = block.T if form.endswith("p") else block.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block), format=form, layout="stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = _RATE, start, Fraction(1, _RATE)
        yield frame


def layer_two() -> KnownClip:
    """MPEG-1 Layer II."""
    return AudioClip.from_bytes(_muxed("mp2", "mp2")), _SIGNAL.pcm


def aac_in_caf() -> KnownClip:
    """The packets of an ADTS stream, and what a CAF file has to say about them."""
    with av.open(io.BytesIO(_muxed("adts", "aac")), mode="r") as container:
        packets = [bytes(packet)[7:] for packet in container.demux() if packet.size]
    configuration = bytes([2 << 3 | 3 >> 1, (3 & 1) << 7 | 2 << 3])  # LC, 48 kHz, two channels
    decoder = b"\x04" + bytes([15 + len(configuration)]) + b"\x40\x15" + bytes(11)
    decoder += b"\x05" + bytes([len(configuration)]) + configuration
    cookie = bytes(4) + b"\x03" + bytes([3 + len(decoder)]) + b"\0\0\0" + decoder
    frames = len(_SIGNAL.pcm.samples)
    table = struct.pack(">qqii", len(packets), frames, 1024, len(packets) * 1024 - frames - 1024)
    for packet in packets:
        size = len(packet)
        table += bytes([size >> 7 | 0x80]) * (size >= 128) + bytes([size & 0x7F])
    chunks = {
        b"desc": struct.pack(">d4sIIIII", _RATE, b"aac ", 0, 0, 1024, 2, 0),
        b"kuki": cookie, b"pakt": table, b"data": bytes(4) + b"".join(packets),
    }  # fmt: skip
    data = b"caff\0\1\0\0" + b"".join(
        name + struct.pack(">q", len(body)) + body for name, body in chunks.items()
    )
    return AudioClip.from_bytes(data), _SIGNAL.pcm


def layer_one(*, frames: int = 40) -> AudioClip:
    """MPEG-1 Layer I, 48 kHz mono, 256 kbit/s: noise in the lowest subband."""
    chance = random.Random(1)
    data = bytearray()
    for _ in range(frames):
        bits = "111111111111" + "1" + "11" + "1"  # sync, MPEG-1, Layer I, no CRC
        bits += "1000" + "01" + "0" + "0" + "11" + "00" + "0" + "0" + "00"  # 256k, 48 kHz, mono
        bits += "0111" + "0000" * 31  # 8 bits a sample in the first of 32 subbands
        bits += f"{9:06b}"  # its scale factor, 1/4
        bits += "".join(f"{chance.randrange(255):08b}" for _ in range(12))
        size = 4 * (12 * 256_000 // 48_000)
        data += int(bits.ljust(size * 8, "0"), 2).to_bytes(size, "big")
    return AudioClip.from_bytes(bytes(data))


def amr_wideband(*, frames: int = 50) -> AudioClip:
    """AMR-WB at 6.6 kbit/s with drawn bits: every pattern of bits is some sound."""
    chance = random.Random(1)
    speech = b"".join(b"\x04" + chance.randbytes(17) for _ in range(frames))
    return AudioClip.from_bytes(b"#!AMR-WB\n" + speech)
