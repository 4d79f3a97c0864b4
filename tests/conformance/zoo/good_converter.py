"""A small, complete, well-behaved converter: WAV of 16 bits, both ways."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from ossicle.abc import CodecRule, ConverterSpec, FormatConverter
from ossicle.audio import AudioClip, AudioFormat, BlockStream
from ossicle.errors import MalformedAudioError, UnsupportedFormatError
from ossicle.signal.blocks import Samples

BLOCK_FRAMES = 4096
MOST_CHANNELS = 8
MOST_RATE = 192_000


class GoodConverter(FormatConverter):
    """Reads and writes WAV."""

    def decode(self, clip: AudioClip) -> BlockStream:
        """The samples behind the header."""
        file = clip.open()
        try:
            rate, channels, n_bytes = read_header(file)
        except BaseException:
            file.close()
            raise
        room = clip.n_bytes - file.tell()
        frames = min(n_bytes, room) // (2 * channels)
        return BlockStream(
            blocks_of(file, channels, frames), sample_rate=rate, channels=channels,
            frames=frames, close=file.close,
        )  # fmt: skip

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        """A header, the samples, and the header again with the true sizes."""
        rate, channels = target.sample_rate, target.channels
        if rate is None or channels is None or channels > MOST_CHANNELS:
            raise UnsupportedFormatError(f"{target} cannot be written", format=str(target))
        start = sink.tell()
        sink.write(header_of(rate, channels, 0))
        n_bytes = 0
        for block in stream:
            data = to_bytes(block)
            sink.write(data)
            n_bytes += len(data)
        sink.seek(start)
        sink.write(header_of(rate, channels, n_bytes))
        sink.seek(0, 2)


def read_header(file: BinaryIO) -> tuple[int, int, int]:
    """Rate, channels and bytes of samples; the file then stands at the first of them."""
    if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
        raise MalformedAudioError("no RIFF header with a WAVE in it")
    rate = channels = 0
    while True:
        chunk = file.read(8)
        if len(chunk) < 8:
            raise MalformedAudioError("the WAV has no samples")
        name, size = chunk[:4], struct.unpack("<I", chunk[4:])[0]
        if name == b"data":
            break
        if name == b"fmt ":
            described = file.read(16)
            if len(described) < 16:
                raise MalformedAudioError("the description of the samples breaks off")
            tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", described)
            if tag not in (1, 0xFFFE) or bits != 16:
                raise UnsupportedFormatError(f"encoding {tag} of {bits} bits")
            size -= 16
        file.seek(size + size % 2, 1)
    if not (1 <= channels <= MOST_CHANNELS and 1 <= rate <= MOST_RATE):
        raise MalformedAudioError(f"{channels} channels at {rate} Hz")
    return rate, channels, size


def blocks_of(file: BinaryIO, channels: int, frames: int) -> Iterator[Samples]:
    """The samples as blocks; the file is closed behind the last one."""
    with file:
        while frames > 0:
            data = file.read(min(frames, BLOCK_FRAMES) * channels * 2)
            whole = len(data) // (2 * channels)
            if not whole:
                return
            frames -= whole
            samples = np.frombuffer(data, "<i2", count=whole * channels).reshape(-1, channels)
            yield samples.astype(np.float32) / np.float32(32768)


def to_bytes(block: Samples) -> bytes:
    """Samples as 16 bits, rounded and clipped."""
    scaled = np.rint(block.astype(np.float64) * 32768)
    return np.clip(scaled, -32768, 32767).astype("<i2").tobytes()


def header_of(rate: int, channels: int, n_bytes: int) -> bytes:
    """The 44 bytes before the samples."""
    description = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + n_bytes) + b"WAVEfmt " + struct.pack("<I", 16)
    return head + description + b"data" + struct.pack("<I", n_bytes)


RULE = CodecRule(container="wav", encodings=("pcm_s16le",), cost=5.0, max_channels=MOST_CHANNELS)
SPEC = ConverterSpec(
    name="good-wav", summary="WAV of 16 bits", factory=GoodConverter, reads=(RULE,), writes=(RULE,)
)
