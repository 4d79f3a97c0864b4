"""Files one behind the other: every sample is heard once, no header is heard at all."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.audio import synthetic

from ossicle import Client, PipelineSettings
from ossicle.audio import AudioClip, AudioFormat
from ossicle.audio.wav import repair_wav, wav_header
from ossicle.intake import decode

RATE = 16_000


def samples(count: int, first: int = 1) -> bytes:
    return np.arange(first, first + count, dtype="<i2").tobytes()


def wav(data: bytes, *, rate: int = RATE, size: int | None = None) -> bytes:
    form = AudioFormat(container="wav", encoding="pcm_s16le", sample_rate=rate, channels=1)
    head = wav_header(form, len(data) // 2)
    return head[:-4] + struct.pack("<I", len(data) if size is None else size) + data


def au(data: bytes, *, rate: int = RATE, size: int | None = None) -> bytes:
    turned = np.frombuffer(data, "<i2").astype(">i2").tobytes()
    head = struct.pack(">4s5I", b".snd", 24, len(data) if size is None else size, 3, rate, 1)
    return head + turned


def aiff(data: bytes, *, rate: int = RATE, size: int | None = None) -> bytes:
    turned = np.frombuffer(data, "<i2").astype(">i2").tobytes()
    whole = synthetic.aiff(turned, channels=1, frames=0 if size else len(data) // 2)
    place = whole.find(b"SSND") + 4
    declared = 8 + len(data) if size is None else size
    return whole[:place] + struct.pack(">I", declared) + whole[place + 4 :]


def w64(data: bytes, *, rate: int = RATE, size: int | None = None) -> bytes:
    del rate
    return synthetic.w64(data, data_size=0 if size else None)


def caf(data: bytes, *, rate: int = RATE, size: int | None = None) -> bytes:
    return synthetic.caf(data, data_size=-1 if size else None, rate=rate)


def heard(clip: AudioClip) -> list[int]:
    return [round(value * 32768) for value in clip.to_pcm().samples[:, 0].tolist()]


MAKERS: tuple[Callable[..., bytes], ...] = (wav, au, aiff, w64, caf)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("size", [None, 0xFFFFFFFF])
@pytest.mark.parametrize("gap", [b"", b"\0", b"\0\0\0"])
def test_files_in_a_row_are_one(make: Callable[..., bytes], size: int | None, gap: bytes) -> None:
    if gap and (size or make is not wav):
        gap = b""
    pieces = [samples(300, first) for first in (1, 301, 601, 901)]
    data = gap.join(make(piece, size=size) for piece in pieces)
    clip = AudioClip.from_bytes(data)
    assert "joined" in clip.facts.notes
    assert clip.facts.frames == 1200
    assert heard(clip) == list(range(1, 1201))


@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=12),
    sizes=st.lists(st.sampled_from([None, 0xFFFFFFFF, 0, 0x7FFFFFFF]), min_size=12, max_size=12),
)
def test_wav_headers_never_become_samples(counts: list[int], sizes: list[int | None]) -> None:
    data, first = b"", 1
    for count, size in zip(counts, sizes, strict=False):
        data += wav(samples(count, first), size=size)
        first += count
    clip = AudioClip.from_bytes(data)
    assert heard(clip) == list(range(1, first))
    assert clip.facts.frames == first - 1
    whole = AudioClip.from_bytes(repair_wav(data, clip.facts))
    assert heard(whole) == heard(clip)
    if first > 1:
        assert not {"joined", "sizes_unknown"} & set(whole.facts.notes)


@pytest.mark.parametrize("make", MAKERS[:3], ids=lambda make: make.__name__)
@pytest.mark.parametrize("size", [None, 0xFFFFFFFF])
def test_a_file_of_another_rate_is_counted_and_said(
    make: Callable[..., bytes], size: int | None
) -> None:
    other = wav(samples(9000), rate=24_000) if make is wav else au(samples(9000), rate=24_000)
    if make is aiff:
        other = synthetic.aiff(samples(9000), channels=2, frames=4500)
    data = make(samples(4000), size=size) + other
    clip = AudioClip.from_bytes(data)
    assert heard(clip) == list(range(1, 4001))
    assert clip.facts.unread_bytes == len(other)
    with Client("echo", settings=PipelineSettings(quality="warn")) as client:
        receipt = client.transcribe(clip).receipt
    assert receipt is not None
    (finding,) = [
        finding for finding in receipt.inputs[0].findings if finding.code == "unread_bytes"
    ]
    assert finding.measured == len(other)
    assert str(len(other)) in finding.message


def test_further_data_chunks_are_read() -> None:
    form = wav(b"")[:36]
    chunks = [b"data" + struct.pack("<I", 200) + samples(100, first) for first in (1, 101, 201)]
    list_chunk = b"LIST" + struct.pack("<I", 4) + b"INFO"
    clip = AudioClip.from_bytes(form + list_chunk.join(chunks) + list_chunk)
    assert heard(clip) == list(range(1, 301))
    assert clip.facts.unread_bytes == 0


def test_a_header_at_an_odd_position_is_found() -> None:
    form = AudioFormat(container="wav", encoding="pcm_u8", sample_rate=RATE, channels=1)
    one = wav_header(form, 5) + b"\x81\x82\x83\x84\x85"
    for size in (None, 0xFFFFFFFF):
        part = one if size is None else one[:40] + struct.pack("<I", size) + one[44:]
        clip = AudioClip.from_bytes(part + part + part)
        assert clip.facts.frames == 15
        assert clip.to_pcm().samples[:, 0].tolist() == [n / 128 for n in (1, 2, 3, 4, 5)] * 3


def test_tags_and_padding_behind_the_samples_are_no_loss() -> None:
    tag = b"LIST" + struct.pack("<I", 2000) + bytes(2000)
    for tail in (tag, bytes(100), b"TAG" + bytes(125)):
        facts = AudioClip.from_bytes(wav(samples(100)) + tail).facts
        assert (facts.frames, facts.unread_bytes) == (100, 0)


def test_what_is_no_chunk_behind_the_samples_is_counted() -> None:
    facts = AudioClip.from_bytes(wav(samples(100)) + b"\x01\xff" * 3000).facts
    assert (facts.frames, facts.unread_bytes) == (100, 6000)
    assert "unread_bytes" in facts.notes


def test_many_empty_headers_cost_little() -> None:
    data = wav(samples(10)) + wav(b"") * 20_000 + wav(samples(10))
    with decode(AudioClip.from_bytes(data)) as stream:
        assert sum(len(block) for block in stream) >= 10
    assert AudioClip.from_file(io.BytesIO(data)).facts.frames is not None


@pytest.mark.parametrize(
    ("encoding", "channels", "bits"), [("pcm_s16le", 1, 16), ("pcm_s16le", 2, 16),
     ("pcm_s24le", 1, 24), ("pcm_u8", 2, 8), ("pcm_f32le", 2, 32), ("mulaw", 1, 8)]
)  # fmt: skip
@pytest.mark.parametrize("wrong", [1, 2, 3, 4, 6, 8, 12])
def test_two_fields_outvote_a_wrong_block_size(
    encoding: str, channels: int, bits: int, wrong: int
) -> None:
    form = AudioFormat(container="wav", encoding=encoding, sample_rate=RATE, channels=channels)
    width = bits // 8 * channels
    body = bytes(range(1, 25)) * 4
    good = wav_header(form, len(body) // width) + body
    at = good.find(b"fmt ") + 20
    bad = good[:at] + struct.pack("<H", wrong) + good[at + 2 :]
    clip = AudioClip.from_bytes(bad)
    assert clip.format == form
    assert clip.facts.notes == (() if wrong == width else ("block_align",))
    assert np.array_equal(clip.to_pcm().samples, AudioClip.from_bytes(good).to_pcm().samples)
    assert repair_wav(bad, clip.facts) == good
