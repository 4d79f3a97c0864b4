"""From decoded FFmpeg frames to float32 blocks of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ossicle.audio import BLOCK_FRAMES, AudioFormat
from ossicle.errors import UnsupportedFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ossicle.audio.pcm import Samples

_BLOCK_SAMPLES = 1 << 19
"""Most samples in a block, so that many channels do not multiply the memory."""

_UNSAFE_PLANES = 8

_KINDS: dict[str, tuple[str, float]] = {
    # FFmpeg sample format: numpy type, and what full scale is divided by.
    "u8": ("u1", 128.0),
    "s16": ("i2", 32768.0),
    "s32": ("i4", 2147483648.0),
    "flt": ("f4", 1.0),
    "dbl": ("f8", 1.0),
}


class Silence(NamedTuple):
    """Samples of nothing in place of a decoded frame.

    Attributes:
        samples: How many.
        after: A frame with the shape of the stream.
    """

    samples: int
    after: Any


class Piece(NamedTuple):
    """A part of a decoded frame.

    Attributes:
        frame: An `av.AudioFrame`, or `Silence`.
        start: First sample of the part.
        stop: Behind its last sample.
    """

    frame: Any
    start: int
    stop: int


def assembled(
    pieces: Iterable[Piece], *, form: AudioFormat, sample_rate: int, channels: int
) -> Iterator[Samples]:
    """Blocks of equal size, in one buffer that is used again for each.

    No mixing: FFmpeg's own adds left and right at 0.7 each, which clips.

    Args:
        pieces: What was decoded.
        form: What is decoded, for messages.
        sample_rate: That all frames must have, in Hz.
        channels: Of the blocks; a frame of one channel is repeated on all of them, and a narrower
            one is filled up with silence.

    Raises:
        UnsupportedFormatError: The stream changes its shape midway.
    """
    room = max(1, min(BLOCK_FRAMES, _BLOCK_SAMPLES // channels))
    buffer = np.zeros((room, channels), np.float32)
    filled = 0
    interleaver = _Interleaver()
    for decoded, start, stop in pieces:
        is_silent = isinstance(decoded, Silence)
        frame = decoded
        if not is_silent:
            _check_shape(decoded, form, sample_rate, channels)
            frame = interleaver.take(decoded)
        done = start
        while done < stop:
            count = min(stop - done, room - filled)
            target = buffer[filled : filled + count]
            if is_silent:
                target[...] = 0.0
            else:
                _copy(frame, done, target)
            filled += count
            done += count
            if filled == room:
                yield buffer
                filled = 0
    if filled:
        yield buffer[:filled]


class _Interleaver:
    """Puts frames of many planes into one.

    PyAV 18 counts planes up to the next null pointer, and from eight on there may be none: it then
    reads whatever memory follows (seen: nine planes for 7.1, a crash on reading the ninth).
    """

    def __init__(self) -> None:
        self._resamplers: dict[str, Any] = {}

    def take(self, frame: Any) -> Any:
        """The frame, or the same samples interleaved; nothing is mixed or resampled."""
        if not frame.format.is_planar or frame.layout.nb_channels < _UNSAFE_PLANES:
            return frame
        import av

        name = frame.format.name.removesuffix("p")
        if name not in self._resamplers:
            self._resamplers[name] = av.AudioResampler(format=name)
        frame.pts = None
        (packed,) = self._resamplers[name].resample(frame)
        return packed


def _check_shape(frame: Any, form: AudioFormat, sample_rate: int, channels: int) -> None:
    found = frame.layout.nb_channels
    if frame.sample_rate != sample_rate or found > channels:
        raise UnsupportedFormatError(
            f"the stream changes midway to {frame.sample_rate} Hz and {found} channels",
            format=str(form),
            fix="Split the file where it changes.",
        )


def _copy(frame: Any, start: int, target: Samples) -> None:
    """Fill a part of the buffer from a frame, from its sample `start` on."""
    name = frame.format.name.removesuffix("p")
    kind, full_scale = _KINDS[name]
    found = frame.layout.nb_channels
    count = len(target)
    if frame.format.is_planar:
        for channel in range(found):
            plane = np.frombuffer(frame.planes[channel], kind, frame.samples)
            _scale(plane[start : start + count], full_scale, target[:, channel])
    else:
        flat = np.frombuffer(frame.planes[0], kind, frame.samples * found)
        _scale(flat.reshape(-1, found)[start : start + count], full_scale, target[:, :found])
    if found == 1:
        target[:, 1:] = target[:, :1]
    else:
        target[:, found:] = 0.0


def _scale(source: NDArray[Any], full_scale: float, target: Samples) -> None:
    if source.dtype == np.uint8:
        np.subtract(source, np.float32(128.0), out=target, dtype=np.float32, casting="unsafe")
        np.multiply(target, np.float32(1 / full_scale), out=target)
    elif full_scale == 1.0:
        target[...] = source
    else:
        np.multiply(
            source, np.float32(1 / full_scale), out=target, dtype=np.float32, casting="unsafe"
        )
