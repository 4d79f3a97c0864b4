"""Every sample format of FFmpeg becomes the float that it stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ossicle.audio import AudioFormat
from ossicle.errors import UnsupportedFormatError
from ossicle_av.samples import Piece, assembled

av = pytest.importorskip("av")

FORM = AudioFormat(container="flac", encoding="flac")
VALUES = np.array([[-1.0, -0.5, 0.0, 0.25, 0.5], [0.5, 0.0, -0.25, -0.5, -1.0]])
STORED: dict[str, Any] = {
    "u8": (np.uint8, lambda x: x * 128 + 128),
    "s16": (np.int16, lambda x: x * 32768),
    "s32": (np.int32, lambda x: x * 2147483648),
    "flt": (np.float32, lambda x: x),
    "dbl": (np.float64, lambda x: x),
}


def make_frame(name: str, *, is_planar: bool, sample_rate: int = 8000) -> Any:
    kind, store = STORED[name]
    stored = store(VALUES).astype(kind)
    values = stored if is_planar else np.ascontiguousarray(stored.T).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(values), format=name + ("p" if is_planar else ""), layout="stereo"
    )
    frame.sample_rate = sample_rate
    return frame


@pytest.mark.parametrize("name", sorted(STORED))
@pytest.mark.parametrize("is_planar", [False, True])
def test_all_sample_formats(name: str, is_planar: bool) -> None:
    piece = Piece(make_frame(name, is_planar=is_planar), 0, 5)
    blocks = list(assembled([piece], form=FORM, sample_rate=8000, channels=2))
    np.testing.assert_array_equal(np.concatenate(blocks), VALUES.T.astype(np.float32))


def test_a_piece_is_a_part_of_its_frame() -> None:
    piece = Piece(make_frame("s16", is_planar=True), 1, 3)
    (block,) = assembled([piece], form=FORM, sample_rate=8000, channels=2)
    np.testing.assert_array_equal(block, VALUES.T[1:3].astype(np.float32))


def test_missing_channels_are_silent() -> None:
    piece = Piece(make_frame("flt", is_planar=False), 0, 5)
    (block,) = assembled([piece], form=FORM, sample_rate=8000, channels=3)
    assert not block[:, 2].any()
    np.testing.assert_array_equal(block[:, :2], VALUES.T.astype(np.float32))


@pytest.mark.parametrize(("sample_rate", "channels"), [(8001, 2), (8000, 1)])
def test_a_stream_that_changes_its_shape_is_refused(sample_rate: int, channels: int) -> None:
    piece = Piece(make_frame("flt", is_planar=True), 0, 5)
    with pytest.raises(UnsupportedFormatError, match="changes midway"):
        list(assembled([piece], form=FORM, sample_rate=sample_rate, channels=channels))
