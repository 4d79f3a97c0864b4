"""What pydub reads and writes, by itself and by running ffmpeg, as data."""

from __future__ import annotations

from ossicle.abc import CodecRule

_PLAIN = ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le")
_WRITTEN = ("pcm_u8", "pcm_s16le", "pcm_s32le")

READS: tuple[CodecRule, ...] = (
    CodecRule(container="wav", encodings=_PLAIN, cost=90.0),
    CodecRule(container="raw", encodings=_PLAIN, cost=90.0),
)

WRITES: tuple[CodecRule, ...] = (
    CodecRule(container="wav", encodings=_WRITTEN, cost=90.0),
    CodecRule(container="raw", encodings=_WRITTEN, cost=90.0),
)

FFMPEG_FORMATS: dict[str, str] = {
    "mp3": "mp3", "flac": "flac", "ogg": "ogg", "adts": "aac", "mp4": "mov",
    "matroska": "matroska", "asf": "asf", "amr": "amr", "ac3": "ac3", "aiff": "aiff", "au": "au",
    "caf": "caf",
}  # fmt: skip
"""The demuxer that ffmpeg is told to use for each container; it never probes."""

FFMPEG_CODECS: dict[tuple[str, str], tuple[str, str]] = {
    ("mp3", "mp3"): ("mp3", "libmp3lame"),
    ("flac", "flac"): ("flac", "flac"),
    ("ogg", "opus"): ("ogg", "libopus"),
    ("ogg", "vorbis"): ("ogg", "libvorbis"),
    ("adts", "aac"): ("adts", "aac"),
}
"""Muxer and encoder by container and encoding."""

FFMPEG_READS: tuple[CodecRule, ...] = tuple(
    CodecRule(container=container, cost=500.0) for container in FFMPEG_FORMATS
)

_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_RATES: dict[str, tuple[int, ...]] = {
    "mp3": _MP3_RATES,
    "aac": (*_MP3_RATES, 64000, 88200, 96000),
    "opus": (8000, 12000, 16000, 24000, 48000),
}

FFMPEG_WRITES: tuple[CodecRule, ...] = tuple(
    CodecRule(
        container=container,
        encodings=(encoding,),
        cost=1000.0,
        sample_rates=_RATES.get(encoding),
        max_channels=2,
    )
    for container, encoding in FFMPEG_CODECS
)
