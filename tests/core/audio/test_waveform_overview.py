"""The outline touches every peak, and is the same at any split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle.audio.waveform_overview import OutlineMeter
from ossicle_testing import laws
from ossicle_testing.strategies import Signal, chunkings, signals


@settings(deadline=None)
@given(st.data(), signals(max_frames=500), st.integers(1, 60))
def test_any_split_gives_the_same_outline(
    data: st.DataObject, signal: Signal, column_frames: int
) -> None:
    laws.meter_chunked_is_whole(
        lambda: OutlineMeter(column_frames=column_frames, channels=signal.channels),
        signal.pcm.samples,
        data.draw(chunkings(signal.frames)),
    )


@settings(deadline=None)
@given(signals(min_frames=1, max_frames=500), st.integers(1, 60))
def test_the_outline_touches_the_peaks(signal: Signal, column_frames: int) -> None:
    meter = OutlineMeter(column_frames=column_frames, channels=signal.channels)
    meter.add(signal.pcm.samples)
    outline = meter.result()
    assert len(outline.maxima) == -(-signal.frames // column_frames)
    assert outline.maxima.max() == signal.pcm.samples.max()
    assert outline.minima.min() == signal.pcm.samples.min()
    assert (outline.rms <= np.maximum(outline.maxima, -outline.minima) + 1e-6).all()


def test_columns_by_hand() -> None:
    meter = OutlineMeter(column_frames=2, channels=1)
    meter.add(np.array([[0.6], [-0.8], [np.nan], [np.inf], [0.5]], np.float32))
    outline = meter.result()
    assert outline.maxima.tolist() == pytest.approx([0.6, 0.0, 0.5])
    assert outline.minima.tolist() == pytest.approx([-0.8, 0.0, 0.5])
    # The root of the mean of 0.36 and 0.64.
    assert outline.rms.tolist() == pytest.approx([np.sqrt(0.5), 0.0, 0.5])


def test_nothing_has_no_columns() -> None:
    assert len(OutlineMeter(column_frames=2, channels=1).result().rms) == 0
