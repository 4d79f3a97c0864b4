"""WAV headers: written, and repaired where their sizes are not true.

Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991)
and "New Multimedia Data Types and Data Techniques" (1994).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ossicle.errors import MalformedAudioError, UnsupportedFormatError

if TYPE_CHECKING:
    from ossicle.audio.facts import AudioFacts
    from ossicle.audio.format import AudioFormat

UNKNOWN_SIZE = 0xFFFFFFFF
"""What stands for a size that is not known yet; readers take it as "to the end"."""

_PCM, _FLOAT, _ALAW, _MULAW = 1, 3, 6, 7
_TAGS = {
    "pcm_u8": _PCM, "pcm_s16le": _PCM, "pcm_s24le": _PCM, "pcm_s32le": _PCM,
    "pcm_f32le": _FLOAT, "pcm_f64le": _FLOAT, "alaw": _ALAW, "mulaw": _MULAW,
}  # fmt: skip


def can_be_wav(encoding: str) -> bool:
    """Whether `wav_header` can describe samples of this encoding."""
    return encoding in _TAGS


def wav_header(format: AudioFormat, frames: int | None) -> bytes:
    """Everything of a WAV file that comes before its samples.

    Args:
        format: With an encoding of uncompressed samples, mu-law or A-law, a rate and channels;
            its container plays no part.
        frames: How many will follow; `None` writes sizes of 0xFFFFFFFF.

    Raises:
        UnsupportedFormatError: A WAV cannot hold this encoding, or rate or channels are missing.
    """
    tag = _TAGS.get(format.encoding)
    if tag is None or format.sample_rate is None or format.channels is None:
        raise UnsupportedFormatError(
            f"a WAV header cannot describe {format}",
            format=str(format),
            fix=f"Use one of {', '.join(sorted(_TAGS))}, with a sample rate and channels.",
        )
    description = _fmt_chunk(tag, format, format.sample_rate, format.channels)
    # All but plain integers say how many frames there are in a chunk of their own.
    count = UNKNOWN_SIZE if frames is None else min(frames, UNKNOWN_SIZE)
    fact = b"" if tag == _PCM else struct.pack("<4sII", b"fact", 4, count)
    before = 4 + 8 + len(description) + len(fact) + 8
    riff_size = data_size = UNKNOWN_SIZE
    if frames is not None:
        n_bytes = frames * format.channels * (format.sample_width or 1)
        total = before + n_bytes + (n_bytes & 1)
        if total < UNKNOWN_SIZE:
            riff_size, data_size = total, n_bytes
    return b"".join(
        (
            struct.pack("<4sI4s4sI", b"RIFF", riff_size, b"WAVE", b"fmt ", len(description)),
            description,
            fact,
            struct.pack("<4sI", b"data", data_size),
        )
    )


def repair_wav(data: bytes, facts: AudioFacts) -> bytes:
    """The same WAV with true sizes; samples and valid chunks stay as they are.

    Streaming writers leave 0xFFFFFFFF or 0 in both size fields (OpenAI does), which many readers
    refuse. What is already right is returned as it is, and so is any other container.

    Args:
        data: The whole file.
        facts: What `sniff` says of exactly these bytes.

    Raises:
        MalformedAudioError: The facts are of other bytes.
    """
    needs = {"sizes_unknown", "truncated", "block_align", "joined"} & set(facts.notes)
    if facts.format.container != "wav" or not needs:
        return data
    offset, n_bytes = facts.data_offset, facts.data_bytes
    if offset is None or n_bytes is None or len(data) != facts.n_bytes:
        raise MalformedAudioError(
            "the facts do not belong to these bytes", format="wav", fix="Sniff the bytes again."
        )
    start = data.find(b"WAVE") - 8
    if start < 0 or data[start : start + 4] in (b"RF64", b"BW64"):
        return data
    order = ">" if data[start : start + 4] == b"RIFX" else "<"
    claimed = struct.unpack_from(f"{order}I", data, offset - 4)[0]
    tail = b""
    if 0 < claimed < len(data) - offset and not facts.parts:
        # The data size was valid: the chunks behind it stay.
        tail = data[offset + claimed + (claimed & 1) :]
    parts = facts.parts or ((offset, n_bytes),)
    samples = b"".join(data[begin : begin + size] for begin, size in parts)
    samples += b"\x00" * (n_bytes & 1)
    head = bytearray(data[start:offset])
    struct.pack_into(f"{order}I", head, len(head) - 4, n_bytes)
    struct.pack_into(f"{order}I", head, 4, len(head) - 8 + len(samples) + len(tail))
    _fix_block_align(head, facts, order)
    return b"".join((head, samples, tail))


def _fmt_chunk(tag: int, format: AudioFormat, sample_rate: int, channels: int) -> bytes:
    # The plain form for any number of channels: older readers, Python's own among them, refuse the
    # extensible one, and its only gain, speaker positions, are not known here.
    width = format.sample_width or 1
    block_align = width * channels
    fields = struct.pack(
        "<HHIIHH", tag, channels, sample_rate, sample_rate * block_align, block_align, 8 * width
    )
    return fields if tag == _PCM else fields + b"\x00\x00"


def _fix_block_align(head: bytearray, facts: AudioFacts, order: str) -> None:
    """Write the block size that a header left out or has wrong."""
    width = facts.format.frame_width or facts.format.channels
    at = head.find(b"fmt ")
    if "block_align" not in facts.notes or width is None or at < 0:
        return
    struct.pack_into(f"{order}I", head, at + 16, width * (facts.format.sample_rate or 0))
    struct.pack_into(f"{order}H", head, at + 20, width)
