"""WAV headers, the sizes that are believed, and the repair of those that are not."""

from __future__ import annotations

import io
import struct
import wave

import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.audio import synthetic

from ossicle.audio import AudioFacts, AudioFormat, sniff
from ossicle.audio.wav import repair_wav, wav_header
from ossicle.errors import MalformedAudioError, UnsupportedFormatError

ENCODINGS = ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le",
             "mulaw", "alaw")  # fmt: skip
SAMPLES = bytes(range(100)) * 2


def sniff_bytes(data: bytes) -> AudioFacts:
    return sniff(io.BytesIO(data), len(data))


def form(encoding: str, channels: int, sample_rate: int = 24_000) -> AudioFormat:
    return AudioFormat(
        container="wav", encoding=encoding, sample_rate=sample_rate, channels=channels
    )


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8, 64])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_header_is_read_as_it_was_written(encoding: str, channels: int) -> None:
    target = form(encoding, channels)
    width = (target.sample_width or 1) * channels
    data = wav_header(target, 5) + bytes(5 * width)
    facts = sniff_bytes(data + b"\x00" * (5 * width & 1))
    assert facts.format == target
    assert (facts.frames, facts.notes) == (5, ())
    assert facts.data_offset == len(wav_header(target, 5))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_libsndfile_reads_the_header_too(encoding: str, channels: int) -> None:
    target = form(encoding, channels)
    data = wav_header(target, 4) + bytes(4 * channels * (target.sample_width or 1))
    info = soundfile.info(io.BytesIO(data))
    assert (info.samplerate, info.channels, info.frames) == (24_000, channels, 4)


def test_a_plain_header_is_the_canonical_44_bytes() -> None:
    header = wav_header(form("pcm_s16le", 1), 100)
    with wave.open(io.BytesIO(header + bytes(200))) as file:
        assert file.getparams()[:4] == (1, 2, 24_000, 100)
    assert len(header) == 44


def test_an_unknown_length_is_written_as_openai_does() -> None:
    # Source: the first bytes of streamed answers, OpenAI, 2025-07.
    expected = (
        "52494646ffffffff57415645666d74201000000001000100c05d000080bb00000200100064617461ffffffff"
    )
    assert wav_header(form("pcm_s16le", 1), None).hex() == expected


def test_a_length_beyond_32_bits_is_written_as_unknown() -> None:
    header = wav_header(form("pcm_s16le", 1), 1 << 31)
    assert header[4:8] == header[40:44] == b"\xff" * 4


def test_what_no_wav_holds_is_refused() -> None:
    for target in (form("opus", 1), form("pcm_s16be", 1), AudioFormat.named("wav")):
        with pytest.raises(UnsupportedFormatError):
            wav_header(target, 1)


LIES = [
    (0xFFFFFFFF, 0xFFFFFFFF),
    (0, 0),
    (36, 0),
    (0x7FFFFFFF, 0x7FFFFFFF),
    (2_000_000_036, 2_000_000_000),
    (0xFFFFFFFF, 0),
    (0, 0xFFFFFFFF),
    (0xFFFFFFFF, len(SAMPLES)),
]


@pytest.mark.parametrize(("riff_size", "data_size"), LIES)
def test_sizes_that_nobody_knew_are_worked_out_and_repaired(riff_size: int, data_size: int) -> None:
    data = synthetic.wav(SAMPLES, riff_size=riff_size, data_size=data_size)
    facts = sniff_bytes(data)
    assert facts.frames == 100
    assert "sizes_unknown" in facts.notes
    assert repair_wav(data, facts) == synthetic.wav(SAMPLES)


def test_a_size_beyond_the_file_is_cut_to_what_is_there() -> None:
    data = synthetic.wav(SAMPLES, data_size=5000)
    facts = sniff_bytes(data)
    assert (facts.frames, facts.notes) == (100, ("truncated",))
    assert repair_wav(data, facts) == synthetic.wav(SAMPLES)


@pytest.mark.parametrize("after", [b"LIST\x04\x00\x00\x00INFO", b"\x00" * 300, b"garbage"])
def test_a_valid_size_is_honoured_whatever_follows(after: bytes) -> None:
    facts = sniff_bytes(synthetic.wav(SAMPLES, after=after))
    assert (facts.frames, facts.notes) == (100, ("trailing_bytes",))


def test_chunks_behind_a_valid_data_size_survive_the_repair() -> None:
    tail = b"LIST\x04\x00\x00\x00INFO"
    data = synthetic.wav(SAMPLES, riff_size=0xFFFFFFFF, after=tail)
    repaired = repair_wav(data, sniff_bytes(data))
    assert repaired == synthetic.wav(SAMPLES, after=tail)


def test_a_data_chunk_that_is_meant_to_be_empty_stays_empty() -> None:
    tail = b"LIST\x04\x00\x00\x00INFO"
    assert sniff_bytes(synthetic.wav(b"")).frames == 0
    assert sniff_bytes(synthetic.wav(b"", after=tail)).frames == 0
    # The same bytes where even the RIFF's size was never written are samples.
    assert sniff_bytes(synthetic.wav(b"", riff_size=0, after=tail)).frames == 6


def test_an_odd_last_byte_is_left_out() -> None:
    data = synthetic.wav(b"\x01\x02\x03", riff_size=0, data_size=0)[:-1]
    facts = sniff_bytes(data)
    assert (facts.frames, facts.data_bytes) == (1, 2)
    assert repair_wav(data, facts) == synthetic.wav(b"\x01\x02")


def test_a_missing_block_size_is_worked_out_and_repaired() -> None:
    data = synthetic.wav(SAMPLES, form=synthetic.fmt(block_align=0))
    facts = sniff_bytes(data)
    assert (facts.frames, facts.notes) == (100, ("block_align",))
    assert repair_wav(data, facts) == synthetic.wav(SAMPLES)


@pytest.mark.parametrize(
    ("block_align", "channels", "bits"),
    [(3, 2, 16), (1, 1, 16), (0, 1, 12), (2, 1, 0), (32, 2, 16)],
)
def test_impossible_block_sizes_are_refused(block_align: int, channels: int, bits: int) -> None:
    description = synthetic.fmt(block_align=block_align, channels=channels, bits=bits)
    with pytest.raises(MalformedAudioError, match="blocks of"):
        sniff_bytes(synthetic.wav(form=description))


def test_odd_chunks_are_walked_with_and_without_their_pad_byte() -> None:
    for body in (b"abc\x00", b"abc"):
        before = struct.pack("<4sI", b"note", 3) + body
        assert sniff_bytes(synthetic.wav(SAMPLES, before=before)).frames == 100


def test_big_endian_files_are_repaired_in_their_own_order() -> None:
    data = synthetic.wav(SAMPLES, cover=b"RIFX", riff_size=0, data_size=0)
    facts = sniff_bytes(data)
    assert facts.format.encoding == "pcm_s16be"
    assert repair_wav(data, facts) == synthetic.wav(SAMPLES, cover=b"RIFX")


def test_what_is_right_is_returned_as_it_is() -> None:
    for data in synthetic.seeds():
        facts = sniff_bytes(data)
        if not {"sizes_unknown", "truncated", "block_align"} & set(facts.notes):
            assert repair_wav(data, facts) is data


def test_foreign_facts_are_refused() -> None:
    data = synthetic.wav(SAMPLES, data_size=0, riff_size=0)
    with pytest.raises(MalformedAudioError, match="do not belong"):
        repair_wav(data + b"x", sniff_bytes(data))


@settings(deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(ENCODINGS),
    st.integers(1, 8),
    st.sampled_from([0, 36, 0x7FFFFFFF, 0xFFFFFFFF]),
)
def test_a_repair_is_true_and_changes_no_sample(
    samples: bytes, encoding: str, channels: int, size: int
) -> None:
    target = form(encoding, channels)
    header = bytearray(wav_header(target, None))
    header[4:8] = struct.pack("<I", size)
    header[-4:] = struct.pack("<I", size if size != 36 else 0)
    data = bytes(header) + samples
    before = sniff_bytes(data)
    repaired = repair_wav(data, before)
    after = sniff_bytes(repaired)
    assert after.frames == before.frames == len(samples) // (channels * (target.sample_width or 1))
    assert after.data_offset == before.data_offset == len(header)
    assert repaired[len(header) :][: after.data_bytes] == samples[: before.data_bytes]
    if before.notes:
        assert struct.unpack_from("<I", repaired, 4)[0] == len(repaired) - 8
    assert "sizes_unknown" not in after.notes
