"""Finding the next intact MPEG frame."""

from __future__ import annotations

import io

import pytest

from ossicle_soundfile.resync import next_mp3_frame

# MPEG-1 layer III, 128 kbit/s, 44.1 kHz, no padding: 144 * 128000 // 44100 = 417 bytes.
FRAME = b"\xff\xfb\x90\x00" + bytes(413)
# MPEG-2 layer III, 64 kbit/s, 24 kHz: 72 * 64000 // 24000 = 192 bytes.
HALF = b"\xff\xf3\x84\x00" + bytes(188)


@pytest.mark.parametrize(("frame", "rate"), [(FRAME, 44_100), (HALF, 24_000)])
def test_three_frames_in_a_row_are_found(frame: bytes, rate: int) -> None:
    data = b"\xff\xfb\x90junk" * 3 + frame * 4
    assert next_mp3_frame(io.BytesIO(data), 0, sample_rate=rate) == 21


def test_two_frames_are_no_proof() -> None:
    assert next_mp3_frame(io.BytesIO(FRAME * 2), 0, sample_rate=44_100) is None


def test_frames_of_another_rate_do_not_count() -> None:
    assert next_mp3_frame(io.BytesIO(FRAME * 5), 0, sample_rate=48_000) is None


def test_looking_starts_at_the_position() -> None:
    assert next_mp3_frame(io.BytesIO(FRAME * 5), 1, sample_rate=44_100) == 417


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff" * 5000, bytes(5000)])
def test_nothing_is_found_in_nothing(data: bytes) -> None:
    assert next_mp3_frame(io.BytesIO(data), 0, sample_rate=44_100) is None
