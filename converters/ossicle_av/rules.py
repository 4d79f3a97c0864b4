"""What FFmpeg may read and write for us, as data: a closed list, far shorter than what it can.

Costs are CPU milliseconds per minute of 24 kHz mono, measured on one core of a Xeon (AVX-512) with
av 18.1.0 (FFmpeg 8.1), November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.abc import CodecRule

DEMUXERS: dict[str, str] = {
    "adts": "aac", "mp4": "mov", "matroska": "matroska", "ogg": "ogg", "flac": "flac",
    "mp3": "mp3", "asf": "asf", "amr": "amr", "ac3": "ac3", "caf": "caf",
}  # fmt: skip
"""The one FFmpeg demuxer that may touch a container of ours."""

DECODERS: dict[str, tuple[str, ...]] = {
    "aac": ("aac", "aac_latm"), "alac": ("alac",), "opus": ("opus",), "vorbis": ("vorbis",),
    "flac": ("flac",), "mp3": ("mp3float", "mp3"), "mp2": ("mp2float", "mp2"),
    "mp1": ("mp1float", "mp1"), "amr_nb": ("amrnb",), "amr_wb": ("amrwb",), "ac3": ("ac3",),
    "eac3": ("eac3",), "wma": ("wmav1", "wmav2", "wmapro", "wmavoice", "wmalossless"),
}  # fmt: skip
"""The FFmpeg decoders that may touch an encoding of ours."""

READS: tuple[CodecRule, ...] = (
    CodecRule(container="adts", encodings=("aac",), cost=45.0),
    CodecRule(
        container="mp4", encodings=("aac", "alac", "mp3", "ac3", "eac3", "opus", "flac"), cost=45.0
    ),
    CodecRule(
        container="matroska",
        encodings=("opus", "vorbis", "aac", "mp3", "flac", "ac3", "eac3", "alac"),
        cost=100.0,
    ),
    CodecRule(container="ogg", encodings=("opus",), cost=100.0),
    CodecRule(container="ogg", encodings=("vorbis",), cost=85.0),
    CodecRule(container="ogg", encodings=("flac",), cost=75.0),
    CodecRule(container="flac", encodings=("flac",), cost=75.0),
    CodecRule(container="mp3", encodings=("mp3", "mp2", "mp1"), cost=60.0),
    CodecRule(container="asf", encodings=("wma",), cost=60.0),
    CodecRule(container="amr", encodings=("amr_nb", "amr_wb"), cost=150.0),
    CodecRule(container="ac3", encodings=("ac3",), cost=60.0),
    CodecRule(container="caf", encodings=("alac", "aac"), cost=60.0),
)

_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_AAC_RATES = (*_MP3_RATES, 64000, 88200, 96000)

WRITES: tuple[CodecRule, ...] = (
    CodecRule(
        container="ogg",
        encodings=("opus",),
        cost=141.0,
        sample_rates=_OPUS_RATES,
        max_channels=2,
        is_incremental=True,
    ),
    CodecRule(
        container="matroska",
        encodings=("opus",),
        cost=145.0,
        sample_rates=_OPUS_RATES,
        max_channels=2,
        is_incremental=True,
    ),
    CodecRule(
        container="adts",
        encodings=("aac",),
        cost=250.0,
        sample_rates=_AAC_RATES,
        max_channels=2,
        is_incremental=True,
    ),
    CodecRule(
        container="mp4", encodings=("aac",), cost=251.0, sample_rates=_AAC_RATES, max_channels=2
    ),
    CodecRule(
        container="flac", encodings=("flac",), cost=22.0, max_channels=2, is_incremental=True
    ),
    CodecRule(
        container="mp3",
        encodings=("mp3",),
        cost=275.0,
        sample_rates=_MP3_RATES,
        max_channels=2,
        is_incremental=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How FFmpeg writes a format.

    Attributes:
        muxer: Name of the muxer.
        encoder: Name of the encoder.
        sample_format: What it is fed with: `s16` or `flt`, both interleaved.
        bit_rate: Default in bit/s for each channel; `None` for lossless.
        options: Settings of the encoder.
        has_edit_list: Whether the container tells the length in units of a time scale of its own.
    """

    muxer: str
    encoder: str
    sample_format: str
    bit_rate: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    has_edit_list: bool = False


# Complexity 5 costs 8.5 s CPU per hour, 7 and above 24 to 30; with plain VBR complexities 1 to 6
# overshoot 32 kbit/s by 40 % (measured).
_OPUS = (("compression_level", "5"), ("vbr", "constrained"))

ENCODINGS: dict[tuple[str, str], Encoding] = {
    ("ogg", "opus"): Encoding(
        muxer="ogg", encoder="libopus", sample_format="flt", bit_rate=32_000, options=_OPUS
    ),
    ("matroska", "opus"): Encoding(
        muxer="webm", encoder="libopus", sample_format="flt", bit_rate=32_000, options=_OPUS
    ),
    ("adts", "aac"): Encoding(muxer="adts", encoder="aac", sample_format="flt", bit_rate=64_000),
    ("mp4", "aac"): Encoding(
        muxer="ipod", encoder="aac", sample_format="flt", bit_rate=64_000, has_edit_list=True
    ),
    ("flac", "flac"): Encoding(muxer="flac", encoder="flac", sample_format="s16"),
    ("mp3", "mp3"): Encoding(
        muxer="mp3",
        encoder="libmp3lame",
        sample_format="flt",
        bit_rate=64_000,
        options=(("compression_level", "7"),),
    ),
}
"""By container and encoding."""
