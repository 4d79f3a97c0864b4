"""Reads and writes AU files of 16-bit samples, block by block.

Source: Sun Microsystems, audio file header `<audio/au.h>`; all fields are big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from ossicle.abc import FormatConverter
from ossicle.audio import BLOCK_FRAMES, AudioClip, AudioFormat, BlockStream
from ossicle.errors import UnsupportedFormatError

HEADER_BYTES = 24
UNKNOWN_SIZE = 0xFFFFFFFF
PCM_16 = 3
"""The header's code for 16-bit samples."""


class NewnameConverter(FormatConverter):
    """Reads and writes 16-bit AU files."""

    def decode(self, clip: AudioClip) -> BlockStream:
        """The samples of a clip; what its header says was sniffed, bounded and is in its facts.

        Raises:
            UnsupportedFormatError: It is another format.
        """
        form, facts = clip.format, clip.facts
        is_ours = (form.container, form.encoding) == ("au", "pcm_s16be")
        if not is_ours or not form.sample_rate or not form.channels or facts.data_offset is None:
            raise UnsupportedFormatError(
                f"{form} is no 16-bit AU audio", format=str(form), fix="Use another converter."
            )
        frames = (facts.data_bytes or 0) // (2 * form.channels)
        file = clip.open()
        file.seek(facts.data_offset)
        return BlockStream(
            _blocks(file, frames, form.channels),
            sample_rate=form.sample_rate,
            channels=form.channels,
            frames=frames,
            close=file.close,
        )

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        """Write all blocks; the size is filled in afterwards where the sink can go back.

        Raises:
            UnsupportedFormatError: It is another format.
        """
        if (target.container, target.encoding) != ("au", "pcm_s16be"):
            raise UnsupportedFormatError(
                f"{target} is no 16-bit AU audio", format=str(target), fix="Use another converter."
            )
        start = sink.tell() if sink.seekable() else None
        shape = (PCM_16, stream.sample_rate, stream.channels)
        sink.write(struct.pack(">4s5I", b".snd", HEADER_BYTES, UNKNOWN_SIZE, *shape))
        n_bytes = 0
        for block in stream:
            data = _to_bytes(block)
            sink.write(data)
            n_bytes += len(data)
        if start is not None and n_bytes < UNKNOWN_SIZE:
            sink.seek(start + 8)
            sink.write(struct.pack(">I", n_bytes))
            sink.seek(start + HEADER_BYTES + n_bytes)


def _blocks(file: BinaryIO, frames: int, channels: int) -> Iterator[NDArray[np.float32]]:
    while frames > 0:
        wanted = min(frames, max(1, BLOCK_FRAMES // channels))
        data = file.read(wanted * channels * 2)
        whole = len(data) // (channels * 2)
        if not whole:
            return  # the file is shorter than its header says
        samples = np.frombuffer(data[: whole * channels * 2], ">i2").astype(np.float32)
        yield (samples * np.float32(1 / 32768)).reshape(whole, channels)
        frames -= whole


def _to_bytes(block: NDArray[np.float32]) -> bytes:
    """Rounded, not truncated; clipped, not wrapped."""
    scaled = np.rint(np.nan_to_num(block) * np.float32(32768))
    return bytes(np.clip(scaled, -32768, 32767).astype(">i2").tobytes())
