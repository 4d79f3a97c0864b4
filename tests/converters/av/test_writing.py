"""What FFmpeg writes for us comes back, and into sinks that cannot seek as well."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.converters.signals import (
    FullSink,
    PipeSink,
    decode_bytes,
    encode_bytes,
    make_voice,
    measure_fidelity,
)
from tests.profiles import tried

from ossicle.abc import CodecRule
from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle.errors import FileAccessError, UnsupportedFormatError
from ossicle_av import AvConverter
from ossicle_av.rules import ENCODINGS, WRITES
from ossicle_soundfile import SoundfileConverter

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

pytest.importorskip("av")

AV = AvConverter()
TARGETS = sorted(ENCODINGS)
GAPLESS = [pair for pair in TARGETS if pair[0] != "adts"]


def form(pair: tuple[str, str], **settings: int) -> AudioFormat:
    return AudioFormat(container=pair[0], encoding=pair[1], **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("pair", GAPLESS)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sample_rate", [16_000, 24_000, 48_000])
def test_length_and_place_are_exact(pair: tuple[str, str], channels: int, sample_rate: int) -> None:
    pcm = make_voice(frames=30_001, channels=channels, sample_rate=sample_rate)
    back = decode_bytes(AV, encode_bytes(AV, pcm, form(pair)))
    assert back.channels == channels
    assert back.duration_s == pytest.approx(pcm.duration_s, abs=0.5 / sample_rate)
    if back.sample_rate == sample_rate:
        assert back.frames == pcm.frames
        found = measure_fidelity(pcm, back)
        assert found.lag == 0
        assert found.snr_db > 12


def test_adts_keeps_the_delay_it_has_no_field_for() -> None:
    pcm = make_voice(frames=30_001)
    back = decode_bytes(AV, encode_bytes(AV, pcm, form(("adts", "aac"))))
    assert pcm.frames <= back.frames <= pcm.frames + 2 * 1024
    assert measure_fidelity(pcm, back).lag == 1024


@settings(deadline=None, max_examples=tried(20))
@given(frames=st.integers(1, 5000), block_frames=st.integers(1, 2000))
def test_flac_is_bit_exact_at_any_split(frames: int, block_frames: int) -> None:
    rng = np.random.default_rng(frames)
    samples = (rng.integers(-32768, 32768, (frames, 1)) / 32768).astype(np.float32)
    pcm = Pcm(samples=samples, sample_rate=16_000)
    data = encode_bytes(AV, pcm, form(("flac", "flac")), block_frames=block_frames)
    np.testing.assert_array_equal(decode_bytes(AV, data).samples, samples)
    np.testing.assert_array_equal(decode_bytes(SoundfileConverter(), data).samples, samples)


@pytest.mark.parametrize(
    "rule", [rule for rule in WRITES if rule.is_incremental], ids=lambda rule: rule.container
)
def test_bytes_come_out_while_blocks_go_in(rule: CodecRule) -> None:
    assert rule.encodings is not None
    pcm = make_voice(frames=24_000 * 8)
    sink = PipeSink()
    sizes: list[int] = []

    def blocks() -> Iterator[Samples]:
        for block in pcm.stream(24_000):
            sizes.append(len(sink.data))
            yield block

    target = form((rule.container, rule.encodings[0]), sample_rate=24_000, channels=1)
    AV.encode(pcm.stream().map(blocks()), target, sink)  # type: ignore[arg-type]
    assert sizes[0] < 1000
    assert sizes[-1] > 5000
    back = decode_bytes(AV, bytes(sink.data))
    assert back.duration_s == pytest.approx(pcm.duration_s, abs=0.1)


@pytest.mark.parametrize("pair", TARGETS)
def test_nothing_becomes_a_moment_of_silence(pair: tuple[str, str]) -> None:
    back = decode_bytes(AV, encode_bytes(AV, make_voice(frames=0), form(pair)))
    assert back.duration_s < 0.1
    assert back.frames == 0 or np.abs(back.samples).max() < 1e-3


@pytest.mark.parametrize("pair", TARGETS)
def test_what_is_no_number_becomes_silence_and_overload_is_clipped(pair: tuple[str, str]) -> None:
    samples = np.full((48_000, 1), np.nan, np.float32)
    samples[24_000:] = np.sin(np.arange(24_000) * 0.05)[:, None] * 5
    back = decode_bytes(AV, encode_bytes(AV, Pcm(samples=samples, sample_rate=24_000), form(pair)))
    quiet = back.samples[int(back.frames * 0.1) : int(back.frames * 0.4)]
    loud = back.samples[int(back.frames * 0.6) : int(back.frames * 0.9)]
    assert np.abs(quiet).max() < 0.01
    assert 0.7 < np.sqrt((loud**2).mean()) < 1.1


@pytest.mark.parametrize(
    ("pair", "bit_rate"), [(("ogg", "opus"), 24_000), (("adts", "aac"), 48_000)]
)
def test_a_wanted_bit_rate_is_met(pair: tuple[str, str], bit_rate: int) -> None:
    rng = np.random.default_rng(5)
    samples = make_voice(frames=24_000 * 8).samples
    samples += rng.normal(0, 0.02, samples.shape).astype(np.float32)
    data = encode_bytes(AV, Pcm(samples=samples, sample_rate=24_000), form(pair, bit_rate=bit_rate))
    assert len(data) * 8 / 8 == pytest.approx(bit_rate, rel=0.2)


def test_what_was_written_is_sniffed_as_what_was_asked_for() -> None:
    for pair in TARGETS:
        data = encode_bytes(AV, make_voice(frames=24_000), form(pair))
        found = AudioClip.from_bytes(data).format
        assert (found.container, found.encoding) == pair


@pytest.mark.parametrize(("channels", "pair"), [(3, ("ogg", "opus")), (1, ("ogg", "speex"))])
def test_what_cannot_be_written_is_refused(channels: int, pair: tuple[str, str]) -> None:
    with pytest.raises(UnsupportedFormatError, match="cannot write"):
        AV.encode(make_voice(frames=10, channels=channels).stream(), form(pair), io.BytesIO())


def test_a_rate_that_the_encoder_does_not_know_is_an_error_of_ours() -> None:
    pcm = make_voice(frames=1000, sample_rate=23_456)
    with pytest.raises(UnsupportedFormatError, match="could not"):
        AV.encode(pcm.stream(), form(("ogg", "opus")), io.BytesIO())


@pytest.mark.parametrize("pair", TARGETS)
def test_a_full_disk_is_an_error_of_ours(pair: tuple[str, str]) -> None:
    with pytest.raises(FileAccessError, match="No space left"):
        AV.encode(make_voice(frames=300_000).stream(), form(pair), FullSink(3000))


def test_an_error_of_the_source_ends_encoding_and_is_not_hidden() -> None:
    pcm = make_voice(frames=2000)

    def failing() -> Iterator[Samples]:
        yield pcm.samples
        raise FileAccessError("the source is gone")

    with pytest.raises(FileAccessError, match="the source is gone"):
        AV.encode(pcm.stream().map(failing()), form(("ogg", "opus")), io.BytesIO())


def top_boxes(data: bytes) -> list[bytes]:
    kinds, start = [], 0
    while start < len(data):
        kinds.append(data[start + 4 : start + 8])
        start += int.from_bytes(data[start : start + 4], "big")
    return kinds


@pytest.mark.parametrize("seconds", [0.5, 90.0])
def test_mp4_has_its_index_before_its_samples(seconds: float) -> None:
    pcm = make_voice(frames=int(seconds * 24_000))
    data = encode_bytes(AV, pcm, form(("mp4", "aac")))
    kinds = top_boxes(data)
    assert kinds[:2] == [b"ftyp", b"moov"]
    assert kinds.count(b"moov") == 1
    assert b"mdat" in kinds[2:]
    back = decode_bytes(AV, data)
    assert back.frames == pcm.frames
    assert measure_fidelity(pcm, back).lag == 0


def test_mp4_goes_into_a_sink_that_cannot_seek() -> None:
    pcm = make_voice(frames=24_000)
    sink = PipeSink()
    AV.encode(pcm.stream(), form(("mp4", "aac"), sample_rate=24_000, channels=1), sink)  # type: ignore[arg-type]
    assert decode_bytes(AV, bytes(sink.data)).frames == pcm.frames
