"""Counts what a decoder gives, and ends it at the limits; believes no header and no plugin."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from ossicle.audio import BlockStream
from ossicle.errors import MalformedAudioError, OssicleError, PluginContractError
from ossicle.intake.header_limits import limit_error
from ossicle.intake.limits import IntakeLimits

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

_MAX_BLOCK_BYTES = 64 << 20

_Result = TypeVar("_Result")


class Refusal(NamedTuple):
    """A converter that announced a format and then did not know this variant of it.

    Attributes:
        converter: Its name.
        reason: What it said, in words.
    """

    converter: str
    reason: str


class DecodedStream(BlockStream):
    """The guarded samples of a clip, and where they come from.

    Attributes:
        converter: Name of the one that decodes.
        refusals: Of cheaper ones that were asked before.
    """

    __slots__ = ("_counter", "converter", "refusals")

    def __init__(
        self, source: BlockStream, counter: Counter, *, refusals: Iterable[Refusal] = ()
    ) -> None:
        super().__init__(
            counter.blocks(source),
            sample_rate=source.sample_rate,
            channels=source.channels,
            frames=source.frames,
            close=source.close,
            holes=source.holes,
        )
        self._counter = counter
        self.converter, self.refusals = counter.name, tuple(refusals)

    @property
    def decoded_s(self) -> float:
        """Seconds that were decoded until now."""
        return self._counter.frames / self.sample_rate


class Counter:
    """What one decoder has given so far.

    Attributes:
        name: Of the converter.
        frames: How many came.

    Args:
        name: Of the converter.
        limits: What it may give.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, *, name: str, limits: IntakeLimits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name, self._limits, self._clock = name, limits, clock
        self._spent_s = 0.0
        self.frames = 0

    def open(
        self, start: Callable[[], BlockStream], *, refusals: Iterable[Refusal] = ()
    ) -> DecodedStream:
        """Start the decoder and wrap its stream.

        Raises:
            AudioLimitError: Its channels or its rate are beyond the limits.
            PluginContractError: It raised what is not an `OssicleError`.
        """
        stream = self._run(start)
        if not isinstance(stream, BlockStream):
            raise self._broken(f"a {type(stream).__name__} instead of a BlockStream")
        try:
            self._check_shape(stream)
        except BaseException:
            stream.close()
            raise
        return DecodedStream(stream, self, refusals=refusals)

    def blocks(self, stream: BlockStream) -> Iterator[Samples]:
        """The decoder's blocks, each checked and counted."""
        blocks = iter(stream)
        while (block := self._run(lambda: next(blocks, None))) is not None:
            self._check_block(block, stream.channels)
            self._count(len(block), stream)
            yield block

    def _run(self, work: Callable[[], _Result]) -> _Result:
        """Do a piece of the decoder's work on its own time."""
        start_s = self._clock()
        try:
            result = work()
        except OssicleError:
            raise
        except Exception as error:
            # A rim like plugin loading: whatever a plugin raises of its own ends here, named.
            raise PluginContractError(
                f"converter {self.name!r} raised {type(error).__name__}",
                plugin=self.name,
                fix="Report this to the author of the converter.",
            ) from error
        self._spent_s += self._clock() - start_s
        if self._spent_s > self._limits.decode_wall_s:
            raise limit_error(
                "decode_wall_s", self._spent_s, self._limits.decode_wall_s, "seconds of decoding"
            )
        return result

    def _check_shape(self, stream: BlockStream) -> None:
        """The decoder's own word: a header may have said less than the stream holds."""
        if stream.channels < 1 or stream.sample_rate < 1:
            raise self._broken(f"{stream.channels} channels at {stream.sample_rate} Hz")
        limits = self._limits
        if stream.channels > limits.channels:
            raise limit_error("channels", stream.channels, limits.channels, "channels")
        if stream.sample_rate > limits.sample_rate:
            raise limit_error("sample_rate", stream.sample_rate, limits.sample_rate, "Hz")

    def _check_block(self, block: Samples, channels: int) -> None:
        if not isinstance(block, np.ndarray) or block.dtype != np.float32 or block.ndim != 2:
            raise self._broken("blocks that are not two-dimensional float32 arrays")
        if block.shape[1] != channels:
            raise self._broken(f"{block.shape[1]} channels where it said {channels}")
        if block.nbytes > _MAX_BLOCK_BYTES:
            raise self._broken(f"a block of {block.nbytes} bytes")
        # A sum finds nan and inf at a tenth of the price of looking at every sample.
        with np.errstate(over="ignore", invalid="ignore"):
            total = block.sum()
        if not np.isfinite(total) and not np.isfinite(block).all():
            raise MalformedAudioError(
                "the audio has samples that are not numbers (nan or inf)",
                fix="Export it again as integer samples, or replace them by 0.",
            )

    def _count(self, frames: int, stream: BlockStream) -> None:
        self.frames += frames
        limits = self._limits
        if self.frames > limits.decoded_s * stream.sample_rate:
            raise limit_error("decoded_s", None, limits.decoded_s, "seconds")
        if self.frames * stream.channels * 4 > limits.decoded_bytes:
            raise limit_error("decoded_bytes", None, limits.decoded_bytes, "bytes when decoded")

    def _broken(self, what: str) -> PluginContractError:
        return PluginContractError(
            f"converter {self.name!r} gave {what}",
            plugin=self.name,
            fix="Report this to the author of the converter.",
        )
