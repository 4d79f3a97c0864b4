from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle.audio import AudioClip, AudioFormat, SampleFormat
from ossicle.audio.wav import wav_header
from ossicle.errors import AudioLimitError
from ossicle_openai.audio_pieces import AudioPiece, cut_clip, needs_cutting

RATE = 1000


def wav_clip(
    samples: bytes, *, sample_format: SampleFormat = "s16", channels: int = 1
) -> AudioClip:
    form = AudioFormat.pcm(sample_rate=RATE, channels=channels, sample_format=sample_format)
    width = form.frame_width or 1
    return AudioClip.from_bytes(wav_header(form, len(samples) // width) + samples)


def samples_of(piece: AudioPiece) -> bytes:
    facts = piece.clip.facts
    start = facts.data_offset or 0
    return piece.clip.read_bytes()[start : start + (facts.data_bytes or 0)]


@settings(deadline=None, max_examples=tried(40))
@given(
    st.sampled_from(["u8", "s16", "s24", "s32", "f32"]),
    st.integers(1, 3),
    st.integers(1, 2000),
    st.integers(200, 2000),
    st.none() | st.floats(11, 30),
)
def test_pieces_join_to_the_clip_and_fit(
    sample_format: SampleFormat, channels: int, frames: int, max_bytes: int, max_s: float | None
) -> None:
    form = AudioFormat.pcm(sample_rate=RATE, channels=channels, sample_format=sample_format)
    data = np.random.default_rng(frames).bytes(frames * (form.frame_width or 1))
    clip = wav_clip(data, sample_format=sample_format, channels=channels)
    pieces = list(cut_clip(clip, max_bytes=max_bytes, max_duration_s=max_s))
    assert b"".join(map(samples_of, pieces)) == data
    assert all(piece.clip.n_bytes <= max_bytes for piece in pieces)
    assert all((piece.clip.format, True) == (clip.format, True) for piece in pieces)
    begun = 0.0
    for piece in pieces:
        assert piece.start_s == pytest.approx(begun)
        begun += piece.clip.duration_s or 0.0


def test_the_cut_falls_into_the_pause() -> None:
    rng = np.random.default_rng(1)
    loud = (rng.standard_normal((20_000, 1)) * 8000).astype("<i2")
    loud[8_000:8_600] = 0
    clip = wav_clip(loud.tobytes())
    # Ten seconds are kept from the vendor's limit.
    pieces = list(cut_clip(clip, max_bytes=1 << 20, max_duration_s=19.9))
    assert 8.0 <= pieces[1].start_s <= 8.6
    assert pieces[0].duration_s == pieces[1].start_s


def test_a_clip_that_fits_stays_as_it_is() -> None:
    clip = wav_clip(bytes(2000))
    (piece,) = cut_clip(clip, max_bytes=1 << 20, max_duration_s=None)
    assert piece.clip is clip
    assert not needs_cutting(clip, max_bytes=clip.n_bytes, max_duration_s=1.0)
    assert needs_cutting(clip, max_bytes=clip.n_bytes - 1, max_duration_s=None)
    assert needs_cutting(clip, max_bytes=1 << 20, max_duration_s=0.9)


def test_what_cannot_be_cut_is_refused_with_the_fix() -> None:
    clip = AudioClip.from_bytes(b"fLaC\x00\x00\x00\x22" + bytes.fromhex(
        "1000100000000000000003e800f0000003e8") + bytes(16 + 5000))  # fmt: skip
    with pytest.raises(AudioLimitError, match="WAV") as caught:
        list(cut_clip(clip, max_bytes=1000, max_duration_s=None))
    assert caught.value.allowed == 1000


def test_a_file_is_cut_without_being_read_whole(tmp_path: Path) -> None:
    data = np.arange(30_000, dtype="<i2").tobytes()
    clip = AudioClip.from_path(wav_clip(data).save(tmp_path / "a.wav"))
    pieces = cut_clip(clip, max_bytes=20_000, max_duration_s=None)
    assert next(pieces).clip.n_bytes <= 20_000
    pieces.close()
