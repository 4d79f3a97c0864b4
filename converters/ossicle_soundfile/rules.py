"""What libsndfile reads and writes, as data.

Costs are CPU milliseconds per minute of 24 kHz mono, measured on one core of a Xeon (AVX-512) with
soundfile 0.14.0 (libsndfile 1.2.2), November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.abc import CodecRule

_INTEGERS = ("pcm_s16le", "pcm_s24le", "pcm_s32le")
_LITTLE = (*_INTEGERS, "pcm_f32le", "pcm_f64le")
_BIG = ("pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be")
_LAWS = ("mulaw", "alaw")
_BLOCKS = ("ima_adpcm", "ms_adpcm", "gsm")

READS: tuple[CodecRule, ...] = (
    CodecRule(container="wav", encodings=("pcm_u8", *_LITTLE, *_BIG, *_LAWS, *_BLOCKS), cost=8.0),
    CodecRule(container="w64", encodings=("pcm_u8", *_LITTLE, *_LAWS, *_BLOCKS), cost=8.0),
    CodecRule(
        container="aiff",
        encodings=("pcm_u8", "pcm_s8", *_INTEGERS, *_BIG, *_LAWS, "ima_adpcm", "gsm"),
        cost=8.0,
    ),
    CodecRule(container="au", encodings=("pcm_s8", *_BIG, *_LITTLE, *_LAWS), cost=8.0),
    CodecRule(container="caf", encodings=("pcm_s8", *_BIG, *_LITTLE, *_LAWS), cost=8.0),
    CodecRule(container="voc", encodings=("pcm_u8", "pcm_s16le", *_LAWS), cost=8.0),
    CodecRule(container="flac", encodings=("flac",), cost=54.0),
    CodecRule(container="mp3", encodings=("mp3", "mp2", "mp1"), cost=41.0),
    CodecRule(container="ogg", encodings=("vorbis",), cost=79.0),
    CodecRule(container="ogg", encodings=("opus",), cost=279.0),
)

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)

WRITES: tuple[CodecRule, ...] = (
    CodecRule(container="flac", encodings=("flac",), cost=17.0, max_channels=8),
    CodecRule(
        container="mp3", encodings=("mp3",), cost=394.0, sample_rates=MP3_RATES, max_channels=2
    ),
    # libsndfile lets Vorbis in with any rate, but libvorbis has no mode outside of these.
    CodecRule(
        container="ogg",
        encodings=("vorbis",),
        cost=130.0,
        sample_rates=(*MP3_RATES, 64000, 96000, 192000),
        max_channels=8,
    ),
    CodecRule(
        container="ogg", encodings=("opus",), cost=1658.0, sample_rates=OPUS_RATES, max_channels=2
    ),
    CodecRule(container="wav", encodings=("pcm_u8", *_LITTLE, *_LAWS), cost=2.0, max_channels=64),
    CodecRule(container="wav", encodings=("ima_adpcm", "ms_adpcm"), cost=30.0, max_channels=2),
    CodecRule(container="wav", encodings=("gsm",), cost=60.0, sample_rates=(8000,), max_channels=1),
    CodecRule(container="w64", encodings=("pcm_u8", *_LITTLE, *_LAWS), cost=2.0, max_channels=64),
    # No 8-bit kinds: libsndfile counts the byte that pads an odd number of them.
    CodecRule(container="aiff", encodings=_BIG, cost=2.0, max_channels=64),
    CodecRule(container="au", encodings=("pcm_s8", *_BIG, *_LAWS), cost=2.0, max_channels=64),
    CodecRule(container="caf", encodings=("pcm_s8", *_BIG, *_LAWS), cost=2.0, max_channels=64),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeFormat:
    """How libsndfile calls a format.

    Attributes:
        format: Its major format.
        subtype: Its encoding within.
    """

    format: str
    subtype: str


_SUBTYPES = {
    "u8": "PCM_U8", "s8": "PCM_S8", "s16": "PCM_16", "s24": "PCM_24", "s32": "PCM_32",
    "f32": "FLOAT", "f64": "DOUBLE",
}  # fmt: skip

_NAMED_SUBTYPES = {
    "mulaw": "ULAW", "alaw": "ALAW", "ima_adpcm": "IMA_ADPCM", "ms_adpcm": "MS_ADPCM",
    "gsm": "GSM610", "vorbis": "VORBIS", "opus": "OPUS", "mp3": "MPEG_LAYER_III",
}  # fmt: skip


def native_format(container: str, encoding: str) -> NativeFormat:
    """How libsndfile calls what a rule covers; FLAC is taken at 16 bits.

    Args:
        container: Of the format, as in `AudioFormat`.
        encoding: Of the format, as in `AudioFormat`.
    """
    if encoding == "flac":
        return NativeFormat(format="FLAC", subtype="PCM_16")
    subtype = _NAMED_SUBTYPES.get(encoding)
    if subtype is None:
        plain = encoding.removeprefix("pcm_").removesuffix("le").removesuffix("be")
        subtype = _SUBTYPES[plain]
    return NativeFormat(format=container.upper(), subtype=subtype)
