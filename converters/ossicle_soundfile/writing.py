"""Encoding in small steps, rounded instead of truncated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from ossicle.audio import AudioFormat, BlockStream
from ossicle.audio.file_views import SeekableSink
from ossicle.errors import UnsupportedFormatError
from ossicle.signal.quantize import float_to_s16, float_to_s24, float_to_s32, float_to_u8
from ossicle_soundfile.channel_order import to_ogg_order
from ossicle_soundfile.faults import translated
from ossicle_soundfile.rules import NativeFormat, native_format

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ossicle.audio.pcm import Samples

_STEP_FRAMES = 1 << 13
"""libvorbis takes its work memory from the stack: one write of minutes ends the process."""

_NEVER_EMPTY = ("FLAC", "MP3", "OGG")
"""What libsndfile leaves without even a header when nothing was written."""

_Quantizer = Callable[["Samples"], "NDArray[Any]"]


def write_blocks(
    stream: BlockStream, target: AudioFormat, sink: BinaryIO, *, flac_bit_depth: int = 16
) -> None:
    """Encode all blocks of a stream into a seekable sink.

    Args:
        stream: At the target's rate and channels.
        target: One of the formats in `rules.WRITES`.
        sink: Writable and seekable; left open.
        flac_bit_depth: 16 or 24.

    Raises:
        UnsupportedFormatError: libsndfile does not take this combination.
        FileAccessError: The sink cannot be written.
    """
    import soundfile

    native = native_format(target.container, target.encoding)
    if native.format == "FLAC" and flac_bit_depth == 24:
        native = NativeFormat(format="FLAC", subtype="PCM_24")
    quantize = _quantizer(native.subtype)
    window = SeekableSink(sink)
    with translated(target, doing="begin"):
        sound = soundfile.SoundFile(
            cast("BinaryIO", window),
            "w",
            samplerate=stream.sample_rate,
            channels=stream.channels,
            format=native.format,
            subtype=native.subtype,
            **_settings(target, stream),
        )
    frames = 0
    try:
        for block in stream:
            frames += len(block)
            values = quantize(block)
            for start in range(0, len(values), _STEP_FRAMES):
                with translated(target, doing="write"):
                    sound.write(values[start : start + _STEP_FRAMES])
            window.check()
        if frames == 0 and native.format in _NEVER_EMPTY:
            # For these, one frame of silence stands for nothing.
            sound.write(quantize(np.zeros((1, stream.channels), np.float32)))
    except UnsupportedFormatError:
        # A full disk is what libsndfile has no words for.
        window.check()
        raise
    finally:
        sound.close()
    window.check()


def _settings(target: AudioFormat, stream: BlockStream) -> dict[str, Any]:
    """Rate control, by libsndfile's own scale from 0 (best) to 1 (smallest)."""
    if target.encoding == "mp3":
        lowest, highest = _mp3_span(stream.sample_rate)
        wanted: float = target.bit_rate or 64_000 * stream.channels
        level = (highest - wanted) / (highest - lowest)
        return {"bitrate_mode": "CONSTANT", "compression_level": _clipped(level)}
    if target.encoding == "opus":
        # Source: libsndfile 1.2.2 ogg_opus.c: 6 to 256 kbit/s a channel, linear.
        wanted = (target.bit_rate or 32_000 * stream.channels) / stream.channels
        return {"compression_level": _clipped((256_000 - wanted) / 250_000)}
    return {}


def _mp3_span(sample_rate: int) -> tuple[int, int]:
    """Bit rates between which libsndfile interpolates (1.2.2, mpeg_l3_encode.c)."""
    if sample_rate >= 32_000:
        return 32_000, 320_000
    return (8_000, 160_000) if sample_rate >= 16_000 else (8_000, 64_000)


def _clipped(level: float) -> float:
    return min(max(level, 0.0), 0.999)


def _quantizer(subtype: str) -> _Quantizer:
    if subtype in ("PCM_16", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"):
        return float_to_s16
    if subtype in ("FLOAT", "DOUBLE"):
        return _as_is
    if subtype in ("VORBIS", "OPUS"):
        return _reordered
    return _JUSTIFIED.get(subtype, _bounded)


def _as_is(block: Samples) -> Samples:
    return np.ascontiguousarray(block)


def _bounded(block: Samples) -> Samples:
    """Within full scale and finite, for encoders that compute in float."""
    return np.nan_to_num(np.clip(block, -1.0, 1.0))


def _reordered(block: Samples) -> Samples:
    return np.ascontiguousarray(to_ogg_order(_bounded(block)))


def _justified_8(block: Samples) -> NDArray[np.int32]:
    return (float_to_u8(block).astype(np.int32) - 128) << 24


def _justified_24(block: Samples) -> NDArray[np.int32]:
    return float_to_s24(block) << 8


# libsndfile only has to cut what is rounded already and stands in the upper bits.
_JUSTIFIED: dict[str, _Quantizer] = {
    "PCM_S8": _justified_8,
    "PCM_U8": _justified_8,
    "PCM_24": _justified_24,
    "PCM_32": float_to_s32,
}
