"""Encoding with FFmpeg into a sink that need not seek."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ossicle.audio import AudioFormat, BlockStream
from ossicle.audio.file_views import SeekableSink, SinkWindow
from ossicle.errors import UnsupportedFormatError
from ossicle.signal.quantize import float_to_s16
from ossicle_av.faults import translated
from ossicle_av.index_first import copy_index_first
from ossicle_av.rules import ENCODINGS, Encoding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ossicle.audio.pcm import Samples

_STEP_FRAMES = 1 << 14
"""Frames handed over at a time; the encoder cuts them to its own size."""
_LAYOUTS = {1: "mono", 2: "stereo"}
_MOST_AAC_BITS = 6144
"""Of one channel in one frame of 1,024 samples (ISO/IEC 14496-3, 4.5.1.1)."""


def write_blocks(stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
    """Encode all blocks of a stream into a sink.

    Args:
        stream: At the target's rate and channels.
        target: One of the formats in `rules.WRITES`.
        sink: Writable; left open.

    Raises:
        UnsupportedFormatError: FFmpeg does not take this combination.
        FileAccessError: The sink cannot be written.
        DependencyMissingError: PyAV is not installed.
    """
    encoding = ENCODINGS.get((target.container, target.encoding))
    if encoding is None or stream.channels not in _LAYOUTS:
        raise UnsupportedFormatError(
            f"cannot write {stream.channels} channels of {target.container}/{target.encoding}",
            format=str(target),
            fix="Ask for one or two channels, or for WAV.",
        )
    if target.container == "mp4":
        # Its index is known last and has to stand first: players begin before they have it all.
        with tempfile.TemporaryFile() as file:
            _write(stream, target, file, encoding)
            window = SinkWindow(sink)
            copy_index_first(file, window)
            window.check()
        return
    _write(stream, target, sink, encoding)


def _write(stream: BlockStream, target: AudioFormat, sink: BinaryIO, encoding: Encoding) -> None:
    window = SeekableSink(sink) if sink.seekable() else SinkWindow(sink)
    with translated(target, doing="begin"):
        import av

        # The default time scale of 1,000 cuts off up to a millisecond of the end.
        scale = {"movie_timescale": str(stream.sample_rate)} if encoding.has_edit_list else {}
        container = av.open(window, "w", format=encoding.muxer, container_options=scale)
    try:
        with translated(target, doing="begin"):
            output = _add_stream(container, encoding, stream, target)
        _encode(stream, container, output, encoding, target, window)
    except BaseException:
        _abandon(container)
        window.check()
        raise
    with translated(target, doing="write"):
        container.close()
    window.check()


def _add_stream(
    container: Any, encoding: Encoding, stream: BlockStream, target: AudioFormat
) -> Any:
    output = container.add_stream(
        encoding.encoder, rate=stream.sample_rate, layout=_LAYOUTS[stream.channels]
    )
    context = output.codec_context
    context.thread_count = 1
    if encoding.bit_rate is not None:
        context.bit_rate = target.bit_rate or encoding.bit_rate * stream.channels
    if encoding.encoder == "aac":
        most = _MOST_AAC_BITS * stream.sample_rate * stream.channels // 1024
        context.bit_rate = min(context.bit_rate, most)
    context.options = dict(encoding.options)
    return output


def _encode(
    stream: BlockStream,
    container: Any,
    output: Any,
    encoding: Encoding,
    target: AudioFormat,
    window: SinkWindow,
) -> None:
    frames = 0
    for block in stream:
        values = _quantized(block, encoding)
        for start in range(0, len(values), _STEP_FRAMES):
            piece = values[start : start + _STEP_FRAMES]
            with translated(target, doing="write"):
                container.mux(output.encode(_frame(piece, encoding, stream, frames)))
            frames += len(piece)
        window.check()
    with translated(target, doing="write"):
        if frames == 0:
            # None of the formats can hold nothing: one frame of silence stands for it.
            silence = _quantized(np.zeros((1, stream.channels), np.float32), encoding)
            container.mux(output.encode(_frame(silence, encoding, stream, 0)))
        container.mux(output.encode(None))


def _frame(values: NDArray[Any], encoding: Encoding, stream: BlockStream, start: int) -> Any:
    import av

    frame = av.AudioFrame.from_ndarray(
        values.reshape(1, -1), format=encoding.sample_format, layout=_LAYOUTS[stream.channels]
    )
    frame.sample_rate = stream.sample_rate
    frame.pts = start
    frame.time_base = Fraction(1, stream.sample_rate)
    return frame


def _quantized(block: Samples, encoding: Encoding) -> NDArray[Any]:
    if encoding.sample_format == "s16":
        return float_to_s16(block)
    return np.ascontiguousarray(np.nan_to_num(np.clip(block, -1.0, 1.0)))


def _abandon(container: Any) -> None:
    """Close what will not be finished; its own complaint would hide the cause."""
    from av.error import FFmpegError

    try:
        container.close()
    except (FFmpegError, ValueError, RuntimeError, OSError):
        return
