"""`LameConverter`: MP3 output."""

from __future__ import annotations

from typing import Any, BinaryIO, Literal

from ossicle.abc import FormatConverter
from ossicle.audio import AudioClip, AudioFormat, BlockStream
from ossicle.audio.file_views import SeekableSink, SinkWindow
from ossicle.errors import ConfigurationError, DependencyMissingError, UnsupportedFormatError
from ossicle_lame.frame import Mp3Shape, info_frame, info_frame_kbit, nearest_kbit
from ossicle_lame.rates import SAMPLE_RATES

DEFAULT_BIT_RATE = 64_000
"""In bit/s for each channel."""


class LameConverter(FormatConverter):
    """Writes MP3 at a constant bit rate, in constant memory, while the blocks come in.

    Into a sink that can seek it also writes the Info frame, from which decoders learn to give back
    exactly the frames that went in. Without it they add about 1,100 frames of silence.

    Args:
        quality: LAME's own scale from 0 (slowest) to 9 (fastest). 5 costs half of LAME's default.
    """

    def __init__(self, *, quality: Literal[0, 1, 2, 3, 4, 5, 6, 7, 8, 9] = 5) -> None:
        if quality not in range(10):
            raise ConfigurationError(
                f"MP3 quality of {quality} is not offered", fix="Use 0 (slowest) to 9 (fastest)."
            )
        self._quality = quality

    def decode(self, clip: AudioClip) -> BlockStream:
        """Nothing: LAME only encodes.

        Raises:
            UnsupportedFormatError: Always.
        """
        raise UnsupportedFormatError(
            "the lame converter reads nothing",
            format=str(clip.format),
            fix="Decode with the soundfile converter.",
        )

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        """Write all blocks as MP3.

        Raises:
            UnsupportedFormatError: The rate or the channel count is not MP3's.
            FileAccessError: The sink cannot be written.
            DependencyMissingError: lameenc is not installed.
        """
        shape = _shape(stream, target)
        encoder = self._encoder(shape)
        window = SeekableSink(sink) if sink.seekable() else SinkWindow(sink)
        placeholder = (
            shape.frame_bytes(info_frame_kbit(shape)) if isinstance(window, SeekableSink) else 0
        )
        window.write(bytes(placeholder))
        frames, mode = _write_stream(stream, encoder, window)
        if isinstance(window, SeekableSink):
            end = window.tell()
            frame = info_frame(shape, mode=mode, n_bytes=end - placeholder, frames=frames)
            window.seek(0)
            window.write(frame)
            window.seek(end)
        window.check()

    def _encoder(self, shape: Mp3Shape) -> Any:
        try:
            import lameenc
        except ImportError as error:
            raise DependencyMissingError(
                "MP3 output by LAME needs lameenc", package="lameenc", extra="mp3"
            ) from error
        encoder = lameenc.Encoder()
        encoder.silence()
        encoder.set_bit_rate(shape.bit_rate // 1000)
        encoder.set_in_sample_rate(shape.sample_rate)
        # LAME resamples by itself at low bit rates unless told not to.
        encoder.set_out_sample_rate(shape.sample_rate)
        encoder.set_channels(shape.channels)
        encoder.set_quality(self._quality)
        return encoder


def _shape(stream: BlockStream, target: AudioFormat) -> Mp3Shape:
    if stream.sample_rate not in SAMPLE_RATES or stream.channels > 2:
        raise UnsupportedFormatError(
            f"MP3 cannot hold {stream.channels} channels at {stream.sample_rate} Hz",
            format=str(target),
            fix=f"Use one or two channels at one of {', '.join(map(str, SAMPLE_RATES))} Hz.",
        )
    wish = Mp3Shape(
        sample_rate=stream.sample_rate,
        channels=stream.channels,
        bit_rate=target.bit_rate or DEFAULT_BIT_RATE * stream.channels,
    )
    return Mp3Shape(
        sample_rate=stream.sample_rate,
        channels=stream.channels,
        bit_rate=nearest_kbit(wish) * 1000,
    )


def _write_stream(stream: BlockStream, encoder: Any, window: SinkWindow) -> tuple[int, int]:
    """Returns the frames that went in, and the last byte of the first frame's header."""
    from ossicle.signal.quantize import float_to_s16

    frames, head = 0, b""
    for block in stream:
        if not len(block):
            continue
        frames += len(block)
        data = bytes(encoder.encode(float_to_s16(block).tobytes()))
        head += data[: 4 - len(head)]
        window.write(data)
        window.check()
    if frames == 0:
        # LAME gives nothing for nothing; a file without a frame is no MP3.
        encoder.encode(bytes(2 * stream.channels))
    data = bytes(encoder.flush())
    head += data[: 4 - len(head)]
    window.write(data)
    return frames, head[3]
