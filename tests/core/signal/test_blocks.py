from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle.signal.blocks import Reblocker, finite
from ossicle_testing.laws import blocks_of
from ossicle_testing.strategies import chunkings


@given(frames=st.integers(1, 40), length=st.integers(0, 200), data=st.data())
@settings(deadline=None, max_examples=tried(100))
def test_all_blocks_are_whole_and_nothing_is_lost(
    frames: int, length: int, data: st.DataObject
) -> None:
    samples = np.arange(2 * length, dtype=np.float32).reshape(length, 2)
    reblocker = Reblocker(frames=frames, channels=2)
    pieces = blocks_of(samples, data.draw(chunkings(length)))
    blocks = [block.copy() for piece in pieces for block in reblocker.push(piece)]
    assert all(block.shape == (frames, 2) for block in blocks)
    assert len(reblocker.rest) < frames
    assert np.array_equal(np.concatenate([*blocks, reblocker.rest]), samples)


def test_what_is_no_number_becomes_zero_and_the_input_stays() -> None:
    block = np.array([[np.nan, 1.0], [np.inf, -np.inf]], np.float32)
    assert finite(block).tolist() == [[0.0, 1.0], [0.0, 0.0]]
    assert np.isnan(block[0, 0])


def test_a_clean_block_is_not_copied() -> None:
    block = np.ones((3, 1), np.float32)
    assert finite(block) is block
