"""True Audio: lossless frames behind a header.

Source: true-audio.com, "TTA1 format description", read 2026-12-01.
"""

from __future__ import annotations

from ossicle.audio.containers.header import checked_format
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts


def matches(head: bytes) -> bool:
    """Whether these first 4 bytes open a True Audio file."""
    return head[:4] == b"TTA1"


def read_facts(source: Source) -> AudioFacts:
    """What the header of a True Audio file says; its count of frames is bounded by the bytes.

    Raises:
        MalformedAudioError: The header is cut off or impossible.
    """
    _, channels, bits, rate, frames = source.fields("<HHHII", source.start + 4)
    form = checked_format("tta", "tta", sample_rate=rate, channels=channels)
    # A sample takes a bit at least.
    is_possible = 0 < frames <= source.n_bytes * 8
    return AudioFacts(
        format=form,
        n_bytes=source.n_bytes,
        frames=frames if is_possible else None,
        duration_s=frames / rate if is_possible else None,
        data_offset=source.start + 22,
        bit_depth=bits if 0 < bits <= 32 else None,
        notes=() if is_possible else ("truncated",),
    )
