"""Tags before and behind MPEG audio: ID3v2, ID3v1, APE, Lyrics3.

Source: ID3.org, "ID3 tag version 2.4.0 - Main Structure" section 3.1; the APEv2 specification.
"""

from __future__ import annotations

from ossicle.audio.containers.source import Source

_MAX_TAGS = 16
_HAS_FOOTER = 0x10


def skip_leading_tags(source: Source, offset: int = 0) -> int:
    """The first byte behind all ID3v2 and APE tags at `offset`.

    A tag that declares more bytes than the file has ends at the file's end.
    """
    for _ in range(_MAX_TAGS):
        header = source.at(offset, 32)
        size = _id3_size(header) or _ape_size(header)
        if size is None:
            return offset
        offset = min(offset + size, source.n_bytes)
    return offset


def trailing_tags_start(source: Source, start: int) -> int:
    """Where the tags at the file's end begin; the file's size if there are none."""
    end = source.n_bytes
    for _ in range(_MAX_TAGS):
        size = _trailing_size(source, end)
        if size is None or end - size < start:
            return end
        end -= size
    return end


def _id3_size(header: bytes) -> int | None:
    if len(header) < 10 or header[:3] != b"ID3" or header[3] == 0xFF or header[4] == 0xFF:
        return None
    if any(byte & 0x80 for byte in header[6:10]):
        return None
    size = 0
    for byte in header[6:10]:
        size = size << 7 | byte
    return 10 + size + (10 if header[5] & _HAS_FOOTER else 0)


def _ape_size(header: bytes) -> int | None:
    if len(header) < 32 or header[:8] != b"APETAGEX":
        return None
    return 32 + int.from_bytes(header[12:16], "little")


def _trailing_size(source: Source, end: int) -> int | None:
    tail = source.at(end - 128, 3) if end >= 128 else b""
    if tail == b"TAG":
        return 128
    footer = source.at(end - 32, 32) if end >= 32 else b""
    if footer[:8] == b"APETAGEX":
        body = int.from_bytes(footer[12:16], "little")
        has_header = bool(int.from_bytes(footer[20:24], "little") & 1 << 31)
        return max(body, 32) + (32 if has_header else 0)
    if footer[-9:] == b"LYRICS200" and (digits := footer[-15:-9]).isdigit():
        return int(digits) + 15
    if footer[22:25] == b"3DI":
        return _id3_size(b"ID3" + footer[25:])
    return None
