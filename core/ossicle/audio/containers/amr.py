"""AMR storage format, narrow and wide band, mono.

Source: RFC 4867 section 5 and tables 1 of 3GPP TS 26.101 and 26.201 (bytes per frame type).
"""

from __future__ import annotations

from ossicle.audio.containers.header import checked_format
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_NARROW, _WIDE = b"#!AMR\n", b"#!AMR-WB\n"
_NARROW_SIZES = (13, 14, 16, 18, 20, 21, 27, 32, 6, None, None, None, None, None, None, 1)
_WIDE_SIZES = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, None, None, None, None, 1, 1)
_FRAME_S = 0.02
_WALK_FRAMES = 4096


def matches(head: bytes) -> bool:
    """Whether these first 9 bytes open an AMR file."""
    return head.startswith((_NARROW, _WIDE))


def read_facts(source: Source) -> AudioFacts:
    """What the frames say.

    Raises:
        MalformedAudioError: No frame follows the magic.
    """
    is_wide = source.at(source.start, 9) == _WIDE
    sizes = _WIDE_SIZES if is_wide else _NARROW_SIZES
    start = source.start + len(_WIDE if is_wide else _NARROW)
    offset, count = start, 0
    while count < _WALK_FRAMES and (head := source.at(offset, 1)):
        size = sizes[head[0] >> 3 & 15]
        if size is None or offset + size > source.n_bytes:
            break
        offset += size
        count += 1
    if count == 0:
        raise MalformedAudioError(
            "the AMR file has no frame", format="amr", fix="Get the file again."
        )
    is_estimate = count == _WALK_FRAMES and offset < source.n_bytes
    seconds = count * _FRAME_S
    if is_estimate:
        seconds *= (source.n_bytes - start) / (offset - start)
    return AudioFacts(
        format=checked_format(
            "amr",
            "amr_wb" if is_wide else "amr_nb",
            sample_rate=16_000 if is_wide else 8_000,
            channels=1,
        ),
        n_bytes=source.n_bytes,
        duration_s=seconds,
        is_estimate=is_estimate,
        data_offset=start,
        notes=() if is_estimate or offset == source.n_bytes else ("truncated",),
    )
