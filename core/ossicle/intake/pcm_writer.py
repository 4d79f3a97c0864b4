"""Writes uncompressed samples, mu-law and A-law, as WAV or raw, in constant memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ossicle.audio import AudioFormat, BlockStream
from ossicle.audio.wav import can_be_wav, wav_header
from ossicle.errors import ConfigurationError, FileAccessError, UnsupportedFormatError
from ossicle.signal.quantize import (
    alaw_encode,
    float_to_s16,
    float_to_s24,
    float_to_s32,
    float_to_u8,
    mulaw_encode,
    pack_s24,
)

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

_Encoder = Callable[["Samples"], bytes]

ENCODINGS = (
    "pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "mulaw", "alaw",
)  # fmt: skip
"""What both containers take; raw also takes `pcm_s8` and `pcm_s16be`."""

RAW_ENCODINGS = (*ENCODINGS, "pcm_s8", "pcm_s16be")


def write_pcm(stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
    """Write all blocks to a sink; the stream is closed afterwards.

    Floats become integers by a factor of `2**(bits - 1)`, rounding to the nearest and clipping.
    A WAV's sizes are written when they are known: at once if the stream knows its frames, at the
    end if the sink can seek; else they stay 0xFFFFFFFF.

    Args:
        stream: Of the target's sample rate and channels.
        target: Container `wav` or `raw`, encoding one of `ENCODINGS`.
        sink: Writable; left open, at its end.

    Raises:
        UnsupportedFormatError: It is another container or encoding.
        ConfigurationError: The stream gave fewer or more frames than it promised, and the sink
            cannot go back to correct them.
        FileAccessError: Writing failed.
    """
    encoder = _ENCODERS.get(target.encoding)
    is_wav = target.container == "wav"
    if encoder is None or not (
        target.container == "raw" or (is_wav and can_be_wav(target.encoding))
    ):
        raise UnsupportedFormatError(
            f"{target} is not plain samples",
            format=str(target),
            fix=f"Use wav or raw with one of {', '.join(ENCODINGS)}.",
        )
    exact = target.at(sample_rate=stream.sample_rate, channels=stream.channels)
    try:
        with stream:
            if is_wav:
                _write_wav(stream, exact, sink, encoder)
            else:
                for block in stream:
                    sink.write(encoder(block))
    except OSError as error:
        if isinstance(error, FileAccessError):
            raise
        raise FileAccessError(
            f"cannot write the audio: {error.strerror or error}",
            fix="Check that the target is writable and has room.",
        ) from error


def _write_wav(stream: BlockStream, target: AudioFormat, sink: BinaryIO, encoder: _Encoder) -> None:
    can_seek = sink.seekable()
    start = sink.tell() if can_seek else 0
    sink.write(wav_header(target, stream.frames))
    frames = n_bytes = 0
    for block in stream:
        data = encoder(block)
        sink.write(data)
        frames += len(block)
        n_bytes += len(data)
    if not can_seek and stream.frames not in (None, frames):
        raise ConfigurationError(
            f"a stream that promised {stream.frames} frames gave {frames}",
            fix="Leave its frames None, or write to a sink that can seek.",
        )
    if n_bytes & 1 and (can_seek or stream.frames is not None):
        sink.write(b"\x00")
    if can_seek and stream.frames != frames:
        end = sink.tell()
        sink.seek(start)
        sink.write(wav_header(target, frames))
        sink.seek(end)


def _s8(block: Samples) -> bytes:
    return (float_to_u8(block) ^ np.uint8(0x80)).tobytes()


def _f32(block: Samples) -> bytes:
    return block.astype("<f4", copy=False).tobytes()


def _f64(block: Samples) -> bytes:
    return block.astype("<f8").tobytes()


_ENCODERS: dict[str, _Encoder] = {
    "pcm_u8": lambda block: float_to_u8(block).tobytes(),
    "pcm_s8": _s8,
    "pcm_s16le": lambda block: float_to_s16(block).astype("<i2", copy=False).tobytes(),
    "pcm_s16be": lambda block: float_to_s16(block).astype(">i2").tobytes(),
    "pcm_s24le": lambda block: pack_s24(float_to_s24(block)),
    "pcm_s32le": lambda block: float_to_s32(block).astype("<i4", copy=False).tobytes(),
    "pcm_f32le": _f32,
    "pcm_f64le": _f64,
    "mulaw": lambda block: mulaw_encode(float_to_s16(block)).tobytes(),
    "alaw": lambda block: alaw_encode(float_to_s16(block)).tobytes(),
}
