"""NIST SPHERE, the files of TIMIT, Switchboard and other speech corpora; often named `.wav`.

Source: NIST, "SPeech HEader REsources (SPHERE) 2.6", header description.
"""

from __future__ import annotations

import re

from ossicle.audio.containers.header import (
    checked_format,
    integer_encoding,
    is_fixed_width,
    pcm_facts,
)
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_FIELD = re.compile(rb"^(\w+) -(i|r|s\d+) ([^\n]*?) *$", re.MULTILINE)
_MAX_HEADER = 1 << 14


def matches(head: bytes) -> bool:
    """Whether these first 8 bytes open a SPHERE file."""
    return head[:8] == b"NIST_1A\n"


def read_facts(source: Source) -> AudioFacts:
    """What the header says; it is text of a size that it names itself.

    Raises:
        MalformedAudioError: The header is cut off or impossible.
    """
    size_text = source.exactly(source.start + 8, 8).strip()
    size = int(size_text) if size_text.isdigit() else 0
    if not 16 <= size <= _MAX_HEADER:
        raise _impossible(f"a header of {size} bytes")
    text = source.exactly(source.start, size).partition(b"end_head")[0]
    fields = {found[1].decode("ascii"): found[3] for found in _FIELD.finditer(text)}
    width, channels = _number(fields, "sample_n_bytes", 2), _number(fields, "channel_count", 1)
    coding = fields.get("sample_coding", b"pcm").split(b",")
    form = checked_format(
        "sphere",
        _encoding(coding, width, fields.get("sample_byte_format", b"10")) or "unknown",
        sample_rate=_number(fields, "sample_rate", 16_000),
        channels=channels,
    )
    if not is_fixed_width(form.encoding):
        return AudioFacts(format=form, n_bytes=source.n_bytes, data_offset=source.start + size)
    begin = source.start + size
    available = source.n_bytes - begin
    claimed = _number(fields, "sample_count", 0) * channels * width
    notes: tuple[str, ...] = ()
    if claimed == 0:
        claimed, notes = available, ("sizes_unknown",) if available else ()
    elif claimed > available:
        claimed, notes = available, ("truncated",)
    elif claimed < available:
        notes = ("trailing_bytes",)
    return pcm_facts(
        form,
        n_bytes=source.n_bytes,
        data_offset=begin,
        data_bytes=claimed,
        bit_depth=_number(fields, "sample_sig_bits", 0) or None,
        notes=notes,
    )


def _encoding(coding: list[bytes], width: int, order: bytes) -> str | None:
    if len(coding) > 1:
        return None  # compressed by shorten and its like
    if coding[0] in (b"ulaw", b"mu-law"):
        return "mulaw"
    if coding[0] == b"alaw":
        return "alaw"
    # The order of bytes in a 16-bit number: 10 is big-endian, 01 little.
    return (
        integer_encoding(width, big_endian=order.startswith(b"1")) if coding[0] == b"pcm" else None
    )


def _number(fields: dict[str, bytes], name: str, default: int) -> int:
    text = fields.get(name)
    if text is None:
        return default
    number = text.partition(b".")[0]
    if not number.isdigit() or len(number) > 12:
        raise _impossible(f"{name} of {text[:20]!r}")
    return int(number)


def _impossible(what: str) -> MalformedAudioError:
    return MalformedAudioError(
        f"the SPHERE header claims {what}", format="sphere", fix="Export the audio again."
    )
