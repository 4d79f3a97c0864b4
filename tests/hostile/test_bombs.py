"""Little that becomes much, and headers that hide it: ended by counting, in little memory."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from tests.core.audio import synthetic
from tests.hostile.attack import MIB, Expense, decode_all

from ossicle.audio import AudioClip
from ossicle.errors import AudioError, AudioLimitError, MalformedAudioError
from ossicle.intake import IntakeLimits, load


def silence(format: str, subtype: str, *, seconds: int, sample_rate: int = 48_000) -> bytes:
    file = io.BytesIO()
    block = np.zeros((sample_rate, 1), np.float32)
    with soundfile.SoundFile(file, "w", sample_rate, 1, format=format, subtype=subtype) as sound:
        for _ in range(seconds):
            sound.write(block)
    return file.getvalue()


@pytest.fixture(scope="module")
def flac_bomb() -> bytes:
    """900 s of silence in some ten kilobytes; decoded once, so that memory is warm."""
    data = silence("FLAC", "PCM_16", seconds=900)
    assert len(data) < 400_000
    decode_all(load(silence("FLAC", "PCM_16", seconds=1)))
    return data


def test_a_header_that_tells_the_truth_is_refused_at_the_door(flac_bomb: bytes) -> None:
    with pytest.raises(AudioLimitError) as caught:
        load(flac_bomb)
    assert caught.value.limit == "decoded_s"


def without_length(data: bytes) -> bytes:
    """The same FLAC with a count of 0 frames, which means unknown."""
    return data[:21] + bytes([data[21] & 0xF0]) + bytes(4) + data[26:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (IntakeLimits(), "decoded_s"),
        (IntakeLimits(decoded_s=86_400, decoded_bytes=32 << 20), "decoded_bytes"),
    ],
)
def test_a_header_that_says_nothing_is_ended_while_decoding(
    flac_bomb: bytes, limits: IntakeLimits, limit: str
) -> None:
    clip = load(without_length(flac_bomb), limits=limits)
    assert clip.facts.frames is None
    with Expense() as expense, pytest.raises(AudioLimitError) as caught:
        decode_all(clip, limits=limits)
    assert caught.value.limit == limit
    assert expense.growth_bytes <= 32 * MIB


def test_a_forged_rate_does_not_shorten_what_comes_out(flac_bomb: bytes) -> None:
    packed = int.from_bytes(flac_bomb[18:26], "big")
    forged = (packed & ~(((1 << 20) - 1) << 44)) | 384_000 << 44
    data = without_length(flac_bomb[:18] + forged.to_bytes(8, "big") + flac_bomb[26:])
    limits = IntakeLimits(decoded_bytes=64 << 20)
    with Expense() as expense, pytest.raises(AudioError):
        decode_all(load(data, limits=limits), limits=limits)
    assert expense.growth_bytes <= 32 * MIB


@pytest.mark.parametrize(("format", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)])
def test_other_codecs_are_ended_too(format: str, subtype: str) -> None:
    data = silence(format, subtype, seconds=40)
    facts = AudioClip.from_bytes(data).facts
    # As if the header had hidden it.
    clip = AudioClip(data, facts=replace(facts, frames=None, duration_s=None))
    with pytest.raises(AudioLimitError):
        decode_all(clip, limits=IntakeLimits(decoded_s=10.0))


def test_a_claim_of_512_gib_allocates_nothing() -> None:
    # Source: the 42 bytes for which soundfile asks numpy for 512 GiB.
    data = synthetic.flac(b"\xff\xf8" + bytes(200), total=(1 << 36) - 1)
    with Expense() as expense, pytest.raises(MalformedAudioError):
        decode_all(load(data))
    assert expense.growth_bytes <= 16 * MIB


def id3_with_entries(count: int) -> bytes:
    frame = b"TXXX" + (10).to_bytes(4, "big") + b"\x00\x00" + b"\x00key\x00value"
    body = frame * count
    size = bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


def test_forty_thousand_tag_entries_cost_nothing() -> None:
    """At their defaults PyAV takes 23 s for these and soundfile 5."""
    audio = silence("MP3", "MPEG_LAYER_III", seconds=3)
    expected = decode_all(load(audio))
    tagged = load(id3_with_entries(40_000) + audio)
    with Expense() as expense:
        assert decode_all(tagged) == expected
    assert expense.cpu_s <= 1.0


def test_not_a_number_is_refused() -> None:
    file = io.BytesIO()
    soundfile.write(file, np.array([0.0, np.nan, np.inf]), 8000, format="WAV", subtype="FLOAT")
    with pytest.raises(MalformedAudioError, match="nan or inf"):
        decode_all(load(file.getvalue()))
