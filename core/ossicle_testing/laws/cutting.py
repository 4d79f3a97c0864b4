"""Whatever is fed piece by piece gives the same, wherever it was cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any, Protocol, TypeVar

import numpy as np

from ossicle.abc import BlockTransform
from ossicle.messages import Event, Reply, ReplyFold
from ossicle.signal import Samples
from ossicle_testing.laws.sameness import difference

Piece = TypeVar("Piece")


class Flushing(Protocol):
    """A transform of `ossicle.signal`, such as `Resampler`."""

    def process(self, block: Samples) -> Samples:
        """What is ready after this block."""
        ...

    def flush(self) -> Samples:
        """What was held back."""
        ...


class Metering(Protocol):
    """Anything that takes blocks and then returns what it found."""

    def add(self, block: Samples) -> None:
        """Take one block."""

    def result(self) -> Any:
        """What was found so far."""


def chunked_is_whole(
    run: Callable[[Sequence[Piece]], object], whole: Piece, pieces: Sequence[Piece]
) -> None:
    """What comes of the pieces is what comes of the whole.

    Args:
        run: Takes pieces, from first to last, and returns what comes of them; called twice.
        whole: Bytes, text or samples in one piece.
        pieces: The same, cut; see `strategies.splittings` and `blocks_of`.

    Raises:
        AssertionError: It does not.
    """
    told = difference(run([whole]), run(pieces), place="what comes of the whole and of its pieces")
    if told is not None:
        raise AssertionError(f"{told}; {_cuts_in_words(pieces)}")


def transform_chunked_is_whole(
    start: Callable[[], BlockTransform | Flushing], samples: Samples, sizes: Iterable[int]
) -> None:
    """A transform gives the same samples at any split, and neither writes to nor keeps its input.

    Args:
        start: Begins a fresh stream.
        samples: Shape `(frames, channels)`.
        sizes: Frames of each block, adding up to all; see `strategies.chunkings`.

    Raises:
        AssertionError: It does not.
    """
    blocks = blocks_of(samples, sizes)
    whole = passed_through(start(), [samples], takes_back=False)
    told = difference(whole, passed_through(start(), blocks), place="what comes out")
    if told is not None:
        raise AssertionError(f"{told}; {_cuts_in_words(blocks)}")


def meter_chunked_is_whole(
    start: Callable[[], Metering], samples: Samples, sizes: Iterable[int]
) -> None:
    """A meter finds the same at any split, also when it is asked in between.

    Args:
        start: Begins a fresh meter, with `add` and `result`.
        samples: Shape `(frames, channels)`.
        sizes: Frames of each block, adding up to all; see `strategies.chunkings`.

    Raises:
        AssertionError: It does not.
    """

    def run(blocks: Sequence[Samples]) -> object:
        meter = start()
        for number, block in enumerate(blocks):
            if number % 2:
                meter.result()
            meter.add(block)
        return meter.result()

    chunked_is_whole(run, samples, blocks_of(samples, sizes))


def fold_is_split_invariant(events: Sequence[Event], split: Sequence[Event]) -> None:
    """Two tellings of one answer fold to the same reply.

    Args:
        events: An answer.
        split: The same answer, delivered in other pieces; see `strategies.event_splittings`.

    Raises:
        AssertionError: They do not.
    """
    one, other = _folded(events), _folded(split)
    for name in Reply.model_fields:
        told = difference(getattr(one, name), getattr(other, name), place=f"Reply.{name}")
        if told is not None:
            raise AssertionError(f"{told}; delivered in {len(events)} and in {len(split)} events")


def blocks_of(samples: Samples, sizes: Iterable[int]) -> list[Samples]:
    """The samples in blocks of these sizes, which have to add up to all of them."""
    edges = [0, *accumulate(sizes)]
    if edges[-1] != len(samples):
        raise ValueError(f"sizes of {edges[-1]} frames in all do not cut {len(samples)} frames")
    return [samples[start:end] for start, end in pairwise(edges)]


def passed_through(
    transform: BlockTransform | Flushing, blocks: Sequence[Samples], *, takes_back: bool = True
) -> Samples:
    """Everything that comes out of a transform for these blocks.

    Args:
        transform: Fresh.
        blocks: Given as copies.
        takes_back: Whether each copy is overwritten as soon as the next block is there.

    Raises:
        AssertionError: The transform wrote to a block.
    """
    pieces: list[Samples] = []
    for block in blocks:
        lent = block.copy()
        pieces.append(np.array(transform.process(lent), copy=True))
        if not np.array_equal(lent, block, equal_nan=True):
            raise AssertionError(f"the transform wrote to its input, a block of {len(block)}")
        if takes_back:
            lent[:] = np.nan
    last = transform.finish() if isinstance(transform, BlockTransform) else transform.flush()
    return np.concatenate([*pieces, last])


def _folded(events: Sequence[Event]) -> Reply:
    fold = ReplyFold(provider="law", model="law")
    for event in events:
        fold.add(event)
    return fold.reply()


def _cuts_in_words(pieces: Sequence[Any]) -> str:
    sizes = [len(piece) if hasattr(piece, "__len__") else 1 for piece in pieces[:20]]
    more = "" if len(pieces) <= 20 else f" and {len(pieces) - 20} more"
    return f"cut into {', '.join(map(str, sizes))}{more}"
