"""A small, complete, well-behaved converter: WAV of 16 bits, both ways.

It relies on what the framework guarantees: the header was read and judged before `decode`, and the
target is one that it declares. So there is nothing in it that no suite could reach.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from ossicle.abc import CodecRule, ConverterSpec, FormatConverter
from ossicle.audio import AudioClip, AudioFormat, BlockStream
from ossicle.signal.blocks import Samples

BLOCK_FRAMES = 4096


class GoodConverter(FormatConverter):
    """Reads and writes WAV."""

    def decode(self, clip: AudioClip) -> BlockStream:
        """The samples behind the header."""
        rate, channels = clip.format.sample_rate, clip.format.channels
        offset, n_bytes = clip.facts.data_offset, clip.facts.data_bytes
        assert rate and channels and offset is not None and n_bytes is not None  # noqa: PT018
        frames = n_bytes // (2 * channels)
        file = clip.open()
        file.seek(offset)
        return BlockStream(
            blocks_of(file, channels, frames), sample_rate=rate, channels=channels,
            frames=frames, close=file.close,
        )  # fmt: skip

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        """A header, the samples, and the header again with the true sizes."""
        rate, channels = target.sample_rate, target.channels
        assert rate and channels  # noqa: PT018
        start = sink.tell()
        sink.write(header_of(rate, channels, 0))
        n_bytes = 0
        for block in stream:
            data = to_bytes(block)
            sink.write(data)
            n_bytes += len(data)
        sink.seek(start)
        sink.write(header_of(rate, channels, n_bytes))


def blocks_of(file: BinaryIO, channels: int, frames: int) -> Iterator[Samples]:
    """The samples as blocks."""
    while frames > 0:
        count = min(frames, BLOCK_FRAMES)
        frames -= count
        samples = np.frombuffer(file.read(count * channels * 2), "<i2").reshape(count, channels)
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


RULE = CodecRule(container="wav", encodings=("pcm_s16le",), cost=5.0, max_channels=8)
SPEC = ConverterSpec(
    name="good-wav", summary="WAV of 16 bits", factory=GoodConverter, reads=(RULE,), writes=(RULE,)
)
