"""Vorbis and Opus have an order of channels of their own, which libsndfile leaves as it is.

Source: Vorbis I specification, section 4.3.9; RFC 7845 section 5.1.1.2. The usual order is that of
WAVE_FORMAT_EXTENSIBLE: front left, front right, centre, low frequency, back, side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

_USUAL: dict[int, tuple[int, ...]] = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 5, 3, 4),
    7: (0, 2, 1, 6, 5, 3, 4),
    8: (0, 2, 1, 7, 5, 6, 3, 4),
}
"""For each channel of the usual order its place in Vorbis, by channel count."""


def from_ogg_order(block: Samples) -> Samples:
    """The block with its channels in the usual order."""
    order = _USUAL.get(block.shape[1])
    return block if order is None else block[:, list(order)]


def to_ogg_order(block: Samples) -> Samples:
    """The block with its channels in the order of Vorbis and Opus."""
    order = _USUAL.get(block.shape[1])
    return block if order is None else block[:, [order.index(place) for place in range(len(order))]]
