"""Decoded samples: in one piece (`Pcm`) or as a stream of blocks (`BlockStream`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ossicle.audio.facts import Hole
from ossicle.errors import ConfigurationError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    """Shape `(frames, channels)`, full scale is ±1.0."""

BLOCK_FRAMES = 1 << 16
"""Frames a source should put into one block; measured sweet spot between overhead and memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pcm:
    """Decoded audio in memory.

    Attributes:
        samples: float32, shape `(frames, channels)`, full scale ±1.0.
        sample_rate: In Hz.
    """

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != "float32" or self.samples.shape[1] < 1:
            raise ConfigurationError(
                f"samples have shape {self.samples.shape} and type {self.samples.dtype}",
                fix="Give a float32 array of shape (frames, channels).",
            )
        if self.sample_rate < 1:
            raise ConfigurationError(
                f"sample_rate of {self.sample_rate} is impossible", fix="Give a rate in Hz."
            )

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        """How many channels there are."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    def stream(self, block_frames: int = BLOCK_FRAMES) -> BlockStream:
        """The same samples as a stream of views of at most `block_frames` frames."""
        pieces = (
            self.samples[start : start + block_frames]
            for start in range(0, self.frames, block_frames)
        )
        return BlockStream(
            pieces, sample_rate=self.sample_rate, channels=self.channels, frames=self.frames
        )


class BlockStream:
    """Decoded audio as an iterator of float32 blocks of shape `(frames, channels)`.

    Single use, and a context manager: leaving it releases the decoder, also half-way. A block
    belongs to the caller until the next one is asked for and may be overwritten then; who keeps
    one copies it.

    Args:
        blocks: The blocks; none has more than a few hundred thousand frames.
        sample_rate: In Hz, the same for all blocks.
        channels: The same for all blocks.
        frames: How many frames will come, if that is known for sure; else `None`.
        close: Called once when the stream is closed.
        holes: Grows while blocks come: stretches of the file's clock that are given as silence.
    """

    __slots__ = ("_blocks", "_close", "channels", "frames", "holes", "sample_rate")

    def __init__(
        self,
        blocks: Iterable[Samples],
        *,
        sample_rate: int,
        channels: int,
        frames: int | None = None,
        close: Callable[[], Any] | None = None,
        holes: list[Hole] | None = None,
    ) -> None:
        self.holes: list[Hole] = [] if holes is None else holes
        self._blocks: Iterator[Samples] = iter(blocks)
        self._close = close
        self.sample_rate = sample_rate
        self.channels = channels
        self.frames = frames

    def __iter__(self) -> Iterator[Samples]:
        """The blocks, once."""
        return self._blocks

    def __enter__(self) -> Self:
        """Return the stream itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Release what feeds the stream; closing twice is harmless."""
        close_blocks = getattr(self._blocks, "close", None)
        if close_blocks is not None:
            close_blocks()
        close, self._close = self._close, None
        if close is not None:
            close()

    def map(
        self,
        blocks: Iterable[Samples],
        *,
        sample_rate: int | None = None,
        channels: int | None = None,
        frames: int | None = None,
    ) -> BlockStream:
        """A stream of other blocks made from this one's; closing it closes this one too."""
        return BlockStream(
            blocks,
            sample_rate=sample_rate or self.sample_rate,
            channels=channels or self.channels,
            frames=frames,
            close=self.close,
            holes=self.holes,
        )

    def read(self) -> Pcm:
        """Everything in one piece; the stream is closed afterwards."""
        import numpy as np

        with self:
            pieces = [block.copy() for block in self]
        if not pieces:
            samples: Samples = np.zeros((0, self.channels), np.float32)
        elif len(pieces) == 1:
            samples = pieces[0]
        else:
            samples = np.concatenate(pieces)
        return Pcm(samples=samples, sample_rate=self.sample_rate)
