"""What FFmpeg may read and write for us, as data: a closed list, far shorter than what it can.

Costs are CPU milliseconds per minute of 24 kHz mono, measured on one core of a Xeon (AVX-512) with
av 18.1.0 (FFmpeg 8.1), November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.abc import CodecRule
from ossicle.audio import Container

DEMUXERS: dict[str, str] = {
    "adts": "aac", "mp4": "mov", "matroska": "matroska", "ogg": "ogg", "flac": "flac",
    "mp3": "mp3", "asf": "asf", "amr": "amr", "ac3": "ac3", "caf": "caf", "wav": "wav",
    "avi": "avi", "flv": "flv", "mpegts": "mpegts", "wavpack": "wv", "tta": "tta",
}  # fmt: skip
"""The one FFmpeg demuxer that may touch a container of ours."""

RAW_DEMUXERS = {"g722": "g722"}
"""The same for headerless audio, by its encoding."""

# In MOV the order of bytes stands in a place of its own, and decoders of plain samples are alike.
_PCM_DECODERS = (
    "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le",
    "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be",
)  # fmt: skip

DECODERS: dict[str, tuple[str, ...]] = {
    "aac": ("aac", "aac_latm"), "alac": ("alac",), "opus": ("opus",), "vorbis": ("vorbis",),
    "flac": ("flac",), "mp3": ("mp3float", "mp3"), "mp2": ("mp2float", "mp2"),
    "mp1": ("mp1float", "mp1"), "amr_nb": ("amrnb",), "amr_wb": ("amrwb",), "ac3": ("ac3",),
    "eac3": ("eac3",), "wma": ("wmav1", "wmav2", "wmapro", "wmavoice", "wmalossless"),
    "wma_pro": ("wmapro",), "wma_lossless": ("wmalossless",), "dts": ("dca",),
    "truehd": ("truehd", "mlp"), "mlp": ("mlp", "truehd"), "wavpack": ("wavpack",),
    "tta": ("tta",), "speex": ("speex",), "g722": ("g722",), "g726": ("g726", "g726le"),
    "nellymoser": ("nellymoser",), "mulaw": ("pcm_mulaw",), "alaw": ("pcm_alaw",),
    "ima_adpcm": ("adpcm_ima_wav", "adpcm_ima_qt"), "ms_adpcm": ("adpcm_ms",),
    "yamaha_adpcm": ("adpcm_yamaha",), "swf_adpcm": ("adpcm_swf",), "gsm": ("gsm", "gsm_ms"),
    **dict.fromkeys(_PCM_DECODERS, _PCM_DECODERS),
}  # fmt: skip
"""The FFmpeg decoders that may touch an encoding of ours."""

_PLAIN = (*_PCM_DECODERS, "mulaw", "alaw")
_ADPCM = ("ima_adpcm", "ms_adpcm")
# Container, encodings, cost; what libsndfile or the core reads for less stands here only where
# they do not know the container.
_READS: tuple[tuple[Container, tuple[str, ...], float], ...] = (
    ("adts", ("aac",), 45.0),
    ("mp4", ("aac", "alac", "mp3", "mp2", "ac3", "eac3", "opus", "flac", "dts", "truehd",
             "amr_nb", "amr_wb", "vorbis", "gsm", *_PLAIN, *_ADPCM), 45.0),
    ("matroska", ("opus", "vorbis", "aac", "mp3", "mp2", "mp1", "flac", "ac3", "eac3", "alac",
                  "dts", "truehd", "mlp", "wavpack", "tta", "g722", "g726", "yamaha_adpcm",
                  "gsm", *_PLAIN, *_ADPCM), 100.0),
    ("ogg", ("opus", "speex"), 100.0),
    ("ogg", ("vorbis",), 85.0),
    ("ogg", ("flac",), 75.0),
    ("flac", ("flac",), 75.0),
    ("mp3", ("mp3", "mp2", "mp1"), 60.0),
    ("asf", ("wma", "wma_pro", "wma_lossless", "mp3", "mp2", "aac", "ac3", "g726",
             *_PLAIN, *_ADPCM), 60.0),
    ("amr", ("amr_nb", "amr_wb"), 150.0),
    ("ac3", ("ac3", "eac3"), 60.0),
    ("caf", ("alac", "aac", "opus", "mp3", "mp2", "ac3", "flac", "amr_nb", "ima_adpcm", "gsm"),
     60.0),
    ("wav", ("mp3", "mp2", "ac3", "dts", "g722", "g726", "yamaha_adpcm", "wma"), 60.0),
    ("avi", ("mp3", "mp2", "aac", "ac3", "dts", "g726", "yamaha_adpcm", "gsm", "wma", "opus",
             *_PLAIN, *_ADPCM), 60.0),
    ("flv", ("mp3", "aac", "speex", "nellymoser", "swf_adpcm", "pcm_u8", "pcm_s16le", "mulaw",
             "alaw"), 60.0),
    ("mpegts", ("aac", "mp3", "mp2", "mp1", "ac3", "eac3", "opus"), 60.0),
    ("wavpack", ("wavpack",), 60.0),
    ("tta", ("tta",), 60.0),
    ("raw", ("g722",), 60.0),
)  # fmt: skip

READS: tuple[CodecRule, ...] = tuple(
    CodecRule(container=container, encodings=encodings, cost=cost)
    for container, encodings, cost in _READS
)

ADMITTED = frozenset(
    (container, encoding) for container, encodings, _ in _READS for encoding in encodings
)
"""The pairs of container and encoding that come near FFmpeg."""

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
