"""What bytes that are no audio look like, so that the refusal can say it."""

from __future__ import annotations

import re

_MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xfd7zXZ\x00", "xz-compressed data"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
    *(
        (magic, "IRCAM audio, which ossicle does not read")
        for kind in b"\x01\x02\x03\x04"
        for magic in (bytes((0x64, 0xA3, kind, 0)), bytes((0, kind, 0xA3, 0x64)))
    ),
    (b"MAC ", "Monkey's Audio, which ossicle does not read"),
    (b"MPCK", "Musepack audio, which ossicle does not read"),
    (b"MP+", "Musepack audio, which ossicle does not read"),
    (b"DSD ", "DSD audio, which ossicle does not read"),
    (b"FRM8", "DSD audio, which ossicle does not read"),
    (b".RMF", "RealMedia, which ossicle does not read"),
    (b".ra\xfd", "RealAudio, which ossicle does not read"),
)
_TEXTS: tuple[tuple[bytes, str], ...] = (
    (b"#extm3u", "an HLS or M3U playlist"),
    (b"ffconcat", "an ffconcat script"),
    (b"[playlist]", "a PLS playlist"),
    (b"v=0", "an SDP session description"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"<svg", "an SVG picture"),
    (b"<mpd", "a DASH manifest"),
    (b"<", "an HTML or XML document"),
    (b"{", "JSON text"),
    (b"[", "JSON text or a settings file"),
    (b"data:", "a data URL; build the clip with AudioClip.from_base64"),
    (b"http:", "a web address, not what is found there"),
    (b"https:", "a web address, not what is found there"),
    (b"file:", "a file address, not what is found there"),
    (b"rtsp:", "a stream address, not what is found there"),
    (b"concat:", "an ffmpeg protocol address"),
    (b"subfile,", "an ffmpeg protocol address"),
)
_CLUSTER = b"\x1f\x43\xb6\x75"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# Either alphabet, padded or not, in lines or not.
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}")
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b") | {127}


def describe(head: bytes) -> str | None:
    """What these first bytes look like, such as `an HTML page`; `None` when nothing is known.

    Args:
        head: The first few hundred bytes.
    """
    if (piece := _middle_of(head)) is not None:
        return piece
    for magic, name in _MAGICS:
        if head.startswith(magic) and not (len(magic) < 3 and is_text(head)):
            return name
    if not is_text(head):
        return None
    text = _unmarked(head).lstrip().lower()
    for start, name in _TEXTS:
        if text.startswith(start):
            return name
    if looks_like_base64(head):
        return "base64 text; build the clip with AudioClip.from_base64"
    return "plain text"


def _middle_of(head: bytes) -> str | None:
    """Pieces of a recording that was sent as it was made; only the first one says what it is."""
    if head.startswith(_CLUSTER) or (head[:1] == b"\xa3" and head[3:4] in b"\x81\x82\x83"):
        return (
            "a piece from the middle of a WebM stream; its head is in the first chunk: "
            "join the chunks"
        )
    if head[4:8] in (b"moof", b"sidx"):
        return (
            "a piece from the middle of a fragmented MP4; its head is in the first piece: "
            "join the pieces"
        )
    return None


def looks_like_base64(text: str | bytes) -> bool:
    """Whether text, or its beginning, is more likely base64 than words or a path.

    Base64 of bytes has capitals, small letters and digits in one long run without a dot or a blank.
    """
    head = text[:4096].encode("utf-8", "replace") if isinstance(text, str) else text[:4096]
    head = b"".join(head.split())
    if not _BASE64.fullmatch(head):
        return False
    if head.endswith(b"="):
        return True
    kinds = sum(bool(re.search(kind, head)) for kind in (b"[A-Z]", b"[a-z]", b"[0-9]"))
    longest = max(map(len, re.split(b"[/_-]", head)))
    return longest >= 64 or (kinds == 3 and longest >= 16)


def is_text(head: bytes) -> bool:
    """Whether these bytes are text of some kind: UTF-8 or UTF-16 with a mark, no control bytes."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        # Of Latin letters every second byte is 0, and the others are not.
        letters = head[2:34]
        return any(letters[::2]) != any(letters[1::2])
    text = _unmarked(head)
    if not text.strip() or any(byte in _CONTROL for byte in text):
        return False
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut off at the end of the sample.
        return error.start >= len(text) - 3
    return True


def _unmarked(head: bytes) -> bytes:
    for mark in _MARKS:
        if head.startswith(mark):
            return head[len(mark) :].replace(b"\x00", b"") if len(mark) == 2 else head[3:]
    return head
