"""Audio files built field by field, so that a test can put any value into any field."""

from __future__ import annotations

import struct
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")


def seeds() -> list[bytes]:
    """One small file of every kind, sorted by name."""
    paths = sorted(path for path in DATA.iterdir() if path.suffix not in (".md", ".json"))
    found = [path.read_bytes() for path in paths if path.stat().st_size < 64 << 10]
    return [*found, wav(), aiff(), caf(), voc(), w64(), flac(), mp3(frames=9), mp4()]


def fmt(
    *,
    tag: int = 1,
    channels: int = 1,
    sample_rate: int = 16_000,
    block_align: int | None = None,
    bits: int = 16,
    order: str = "<",
    extra: bytes = b"",
) -> bytes:
    """The body of a `fmt ` chunk."""
    align = channels * bits // 8 if block_align is None else block_align
    rate = (sample_rate * align) & 0xFFFFFFFF
    return struct.pack(f"{order}HHIIHH", tag, channels, sample_rate, rate, align, bits) + extra


def chunk(name: bytes, body: bytes, *, size: int | None = None, order: str = "<") -> bytes:
    """A RIFF chunk with its pad byte; `size` overrides the true one."""
    claimed = len(body) if size is None else size
    return struct.pack(f"{order}4sI", name, claimed) + body + b"\x00" * (len(body) & 1)


def wav(
    samples: bytes = bytes(range(64)),
    *,
    form: bytes | None = None,
    riff_size: int | None = None,
    data_size: int | None = None,
    before: bytes = b"",
    after: bytes = b"",
    cover: bytes = b"RIFF",
) -> bytes:
    """A WAV with any sizes."""
    order = ">" if cover == b"RIFX" else "<"
    description = fmt(order=order) if form is None else form
    body = b"".join(
        (
            b"WAVE",
            before,
            chunk(b"fmt ", description, order=order),
            chunk(b"data", samples, size=data_size, order=order),
            after,
        )
    )
    size = len(body) if riff_size is None else riff_size
    return struct.pack(f"{order}4sI", cover, size) + body


def aiff(samples: bytes = bytes(64), *, channels: int = 2, frames: int = 16) -> bytes:
    """A 16-bit AIFF at 44.1 kHz."""
    rate = bytes.fromhex("400eac44000000000000")
    comm = struct.pack(">4sIHIH", b"COMM", 18, channels, frames, 16) + rate
    ssnd = struct.pack(">4sIII", b"SSND", 8 + len(samples), 0, 0) + samples
    return struct.pack(">4sI4s", b"FORM", 4 + len(comm) + len(ssnd), b"AIFF") + comm + ssnd


def caf(samples: bytes = bytes(64), *, data_size: int | None = None, rate: float = 8000) -> bytes:
    """A little-endian 16-bit mono CAF."""
    desc = struct.pack(">4sqd4sIIIII", b"desc", 32, rate, b"lpcm", 2, 2, 1, 1, 16)
    size = 4 + len(samples) if data_size is None else data_size
    return b"caff\x00\x01\x00\x00" + desc + struct.pack(">4sqI", b"data", size, 0) + samples


def voc(samples: bytes = bytes(64)) -> bytes:
    """An 8-bit VOC of about 11 kHz with one sound block."""
    body = bytes((165, 0)) + samples
    head = b"Creative Voice File\x1a" + struct.pack("<HHH", 26, 0x10A, 0x1129)
    return head + b"\x01" + len(body).to_bytes(3, "little") + body + b"\x00"


def w64(samples: bytes = bytes(64), *, data_size: int | None = None) -> bytes:
    """A 16-bit mono Wave64."""
    form = fmt()
    size = 24 + len(samples) if data_size is None else data_size
    body = b"wave" + W64_TAIL
    body += b"fmt " + W64_TAIL + struct.pack("<Q", 24 + len(form)) + form
    body += b"data" + W64_TAIL + struct.pack("<Q", size) + samples
    riff = bytes.fromhex("726966662e91cf11a5d628db04c10000")
    return riff + struct.pack("<Q", 24 + len(body)) + body


def flac(
    audio: bytes = b"\xff\xf8" + bytes(200),
    *,
    sample_rate: int = 44_100,
    channels: int = 1,
    bits: int = 16,
    total: int = 0,
    max_block: int = 4096,
) -> bytes:
    """A FLAC stream description with some bytes behind it."""
    packed = sample_rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | total
    info = struct.pack(">HH6xQ16x", max_block, max_block, packed)
    return b"fLaC\x80\x00\x00\x22" + info + audio


def mp3(*, frames: int, header: bytes = b"\xff\xfb\x90\x64", size: int = 417) -> bytes:
    """Frames of 128 kbit/s at 44.1 kHz with nothing in them."""
    return (header + bytes(size - len(header))) * frames


def id3(n_bytes: int = 30, *, declared: int | None = None) -> bytes:
    """An ID3v2.3 tag."""
    size = n_bytes if declared is None else declared
    packed = bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + packed + bytes(n_bytes)


def box(kind: bytes, *parts: bytes, is_large: bool = False) -> bytes:
    """An MP4 box."""
    body = b"".join(parts)
    if is_large:
        return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body
    return struct.pack(">I4s", 8 + len(body), kind) + body


def mp4(
    *,
    kind: bytes = b"sowt",
    channels: int = 2,
    sample_rate: int = 44_100,
    duration: int = 44_100,
    moov_first: bool = False,
    is_large: bool = False,
    edits: bytes = b"",
) -> bytes:
    """A MOV with one audio track of PCM, one second long by default."""
    entry = struct.pack(">6xH8xHH4xI", 1, channels, 16, sample_rate << 16)
    table = box(b"stsd", struct.pack(">II", 0, 1), box(kind, entry))
    media = box(
        b"mdia",
        box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, sample_rate, duration, 0)),
        box(b"hdlr", struct.pack(">II4s12xB", 0, 0, b"soun", 0)),
        box(b"minf", box(b"stbl", table)),
    )
    movie = box(
        b"moov",
        box(b"mvhd", struct.pack(">IIIII80x", 0, 0, 0, 600, 600)),
        box(b"trak", edits, media),
        is_large=is_large,
    )
    data = box(b"mdat", bytes(64), is_large=is_large)
    parts = (movie, data) if moov_first else (data, movie)
    return box(b"ftyp", b"M4A \x00\x00\x00\x00M4A ") + b"".join(parts)
