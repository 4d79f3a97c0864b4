"""Plain samples: read and written without a native library, exactly, block by block."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.core.audio import synthetic

from ossicle.audio import AudioClip, AudioFormat, BlockStream, Pcm
from ossicle.errors import ConfigurationError, FileAccessError, UnsupportedFormatError
from ossicle.intake.pcm_reader import read_pcm
from ossicle.intake.pcm_writer import ENCODINGS, RAW_ENCODINGS, write_pcm

Samples = NDArray[np.float32]


class Pipe(io.RawIOBase):
    """A sink that cannot seek."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: object, /) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self.data += piece
        return len(piece)


def form(encoding: str, *, container: str = "wav", channels: int = 1) -> AudioFormat:
    return AudioFormat(
        container=container,  # type: ignore[arg-type]
        encoding=encoding,
        sample_rate=24_000,
        channels=channels,
    )


def encode(samples: Samples, encoding: str, *, block_frames: int = 1 << 16) -> bytes:
    sink = io.BytesIO()
    stream = Pcm(samples=samples, sample_rate=24_000).stream(block_frames)
    write_pcm(stream, form(encoding), sink)
    return sink.getvalue()


def noise(frames: int, channels: int, seed: int = 1) -> Samples:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.2, 1.2, (frames, channels)).astype(np.float32)


SUBTYPES = {
    "pcm_u8": "PCM_U8", "pcm_s16le": "PCM_16", "pcm_s24le": "PCM_24", "pcm_s32le": "PCM_32",
    "pcm_f32le": "FLOAT", "pcm_f64le": "DOUBLE", "mulaw": "ULAW", "alaw": "ALAW",
}  # fmt: skip


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_libsndfile_reads_what_was_written_alike(encoding: str, channels: int) -> None:
    data = encode(noise(1001, channels), encoding)
    theirs, sample_rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    ours = read_pcm(AudioClip.from_bytes(data)).read()
    assert (sample_rate, len(theirs)) == (24_000, 1001)
    assert soundfile.info(io.BytesIO(data)).subtype == SUBTYPES[encoding]
    np.testing.assert_array_equal(ours.samples, theirs)


@pytest.mark.parametrize(("container", "subtype", "endian"), [
    *[("WAV", subtype, "FILE") for subtype in SUBTYPES.values()],
    *[("WAVEX", subtype, "FILE") for subtype in ("PCM_16", "PCM_24", "FLOAT")],
    *[("RF64", subtype, "FILE") for subtype in ("PCM_16", "DOUBLE")],
    *[("W64", subtype, "FILE") for subtype in SUBTYPES.values()],
    *[("AIFF", subtype, "FILE") for subtype in
      ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")],
    ("AIFF", "PCM_16", "LITTLE"), ("WAV", "PCM_16", "BIG"), ("WAV", "PCM_24", "BIG"),
    *[("AU", subtype, "FILE") for subtype in
      ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")],
    *[("CAF", subtype, "FILE") for subtype in
      ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")],
    ("CAF", "PCM_24", "LITTLE"),
])  # fmt: skip
def test_what_libsndfile_wrote_is_read_alike(container: str, subtype: str, endian: str) -> None:
    file = io.BytesIO()
    soundfile.write(
        file, noise(777, 2).clip(-1, 1), 32_000, format=container, subtype=subtype, endian=endian
    )
    theirs, _ = soundfile.read(io.BytesIO(file.getvalue()), dtype="float32", always_2d=True)
    clip = AudioClip.from_bytes(file.getvalue())
    with read_pcm(clip) as stream:
        assert (stream.sample_rate, stream.channels, stream.frames) == (32_000, 2, 777)
        np.testing.assert_array_equal(stream.read().samples, theirs)


@settings(deadline=None)
@given(st.binary(max_size=600), st.sampled_from(ENCODINGS), st.integers(1, 8), st.integers(1, 9))
def test_a_round_trip_is_bit_exact(
    data: bytes, encoding: str, channels: int, block_frames: int
) -> None:
    target = form(encoding, channels=channels)
    width = target.frame_width or channels
    raw = data[: len(data) // width * width]
    if encoding.startswith("pcm_f"):
        kind = "<f4" if "32" in encoding else "<f8"
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.frombuffer(raw, kind).astype(np.float32)
        values = np.nan_to_num(values, posinf=1, neginf=-1)
        raw = values.astype(kind).tobytes()
    if encoding == "pcm_s32le":
        # float32 holds 24 bits: the lowest eight are rounded off.
        raw = (np.frombuffer(raw, "<i4") & -256).astype("<i4").tobytes()
    from ossicle.audio.wav import wav_header

    frames = len(raw) // width
    whole = wav_header(target, frames) + raw + b"\x00" * (len(raw) & 1)
    samples = read_pcm(AudioClip.from_bytes(whole)).read().samples
    written = encode(samples, encoding, block_frames=block_frames)
    if encoding == "mulaw":
        # Mu-law has two codes for 0; the negative one comes back as the other.
        whole = whole.replace(b"\x7f", b"\xff")
        written = written.replace(b"\x7f", b"\xff")
    assert written == whole


@pytest.mark.parametrize("encoding", RAW_ENCODINGS)
def test_raw_samples_are_the_wav_without_its_header(encoding: str) -> None:
    samples = noise(50, 2)
    sink = io.BytesIO()
    write_pcm(
        Pcm(samples=samples, sample_rate=8000).stream(7), form(encoding, container="raw"), sink
    )
    if encoding in ENCODINGS:
        assert encode(samples, encoding).endswith(sink.getvalue())
    elif encoding == "pcm_s8":
        shifted = np.frombuffer(sink.getvalue(), np.int8).astype(np.int16) + 128
        assert encode(samples, "pcm_u8").endswith(shifted.astype(np.uint8).tobytes())
    else:
        swapped = np.frombuffer(sink.getvalue(), ">i2").astype("<i2")
        assert encode(samples, "pcm_s16le").endswith(swapped.tobytes())


@pytest.mark.parametrize("sample_format", ["u8", "s8", "s16", "s24", "s32", "f32", "f64"])
def test_raw_clips_are_read_in_every_sample_format(sample_format: str) -> None:
    samples = np.array([[0.5, -0.25], [0.0, -1.0]], np.float32)
    name = f"pcm_{sample_format}" + ("" if sample_format in ("u8", "s8") else "le")
    sink = io.BytesIO()
    write_pcm(Pcm(samples=samples, sample_rate=8000).stream(), form(name, container="raw"), sink)
    clip = AudioClip.from_pcm(
        sink.getvalue() + b"\x01",
        sample_rate=8000,
        channels=2,
        sample_format=sample_format,  # type: ignore[arg-type]
    )
    np.testing.assert_array_equal(read_pcm(clip).read().samples, samples)


def test_samples_are_rounded_and_clipped_by_hand_computed_numbers() -> None:
    samples = np.array([[0.0], [0.5], [1.0], [-1.0], [2.0], [-2.0], [1.5 / 32768]], np.float32)
    values = struct.unpack("<7h", encode(samples, "pcm_s16le")[44:])
    # 1.5 steps round to the even neighbour.
    assert values == (0, 16384, 32767, -32768, 32767, -32768, 2)


def test_chunked_is_whole() -> None:
    samples = noise(1000, 3)
    for encoding in ENCODINGS:
        whole = encode(samples, encoding)
        for block_frames in (1, 7, 999):
            assert encode(samples, encoding, block_frames=block_frames) == whole


@pytest.mark.parametrize(("frames", "channels"), [(0, 1), (1, 8), (70_000, 8), (20_000, 64)])
def test_blocks_are_bounded_and_counted(frames: int, channels: int) -> None:
    clip = AudioClip.from_bytes(encode(np.zeros((frames, channels), np.float32), "pcm_u8"))
    with read_pcm(clip) as stream:
        assert stream.frames == frames
        sizes = [block.shape for block in stream]
    assert sum(size[0] for size in sizes) == frames
    assert all(size[0] * size[1] <= 1 << 19 for size in sizes)


def unknown_length(samples: Samples) -> BlockStream:
    return BlockStream(iter([samples[:3], samples[3:]]), sample_rate=24_000, channels=1)


def test_the_header_is_completed_where_the_sink_can_seek() -> None:
    samples = noise(9, 1)
    sink = io.BytesIO(b"before")
    sink.seek(6)
    write_pcm(unknown_length(samples), form("pcm_u8"), sink)
    assert sink.getvalue() == b"before" + encode(samples, "pcm_u8")
    assert sink.tell() == len(sink.getvalue())


def test_the_header_stays_open_where_the_sink_cannot_seek() -> None:
    samples = noise(9, 1)
    sink = Pipe()
    write_pcm(unknown_length(samples), form("pcm_u8"), sink)  # type: ignore[arg-type]
    clip = AudioClip.from_bytes(sink.data)
    assert (clip.facts.frames, clip.facts.notes) == (9, ("sizes_unknown",))
    whole = Pipe()
    write_pcm(Pcm(samples=samples, sample_rate=24_000).stream(), form("pcm_u8"), whole)  # type: ignore[arg-type]
    assert whole.data == encode(samples, "pcm_u8")


def test_a_broken_promise_is_not_written_into_a_pipe() -> None:
    stream = BlockStream(
        iter([np.zeros((3, 1), np.float32)]), sample_rate=24_000, channels=1, frames=4
    )
    with pytest.raises(ConfigurationError, match="promised 4"):
        write_pcm(stream, form("pcm_s16le"), Pipe())  # type: ignore[arg-type]


def test_what_is_not_plain_is_refused() -> None:
    stream = Pcm(samples=noise(2, 1), sample_rate=8000).stream()
    for target in (form("opus"), form("pcm_s16be"), form("pcm_s16le", container="aiff")):
        with pytest.raises(UnsupportedFormatError):
            write_pcm(stream, target, io.BytesIO())
    with pytest.raises(UnsupportedFormatError):
        read_pcm(AudioClip.from_bytes(synthetic.mp3(frames=4)))


def test_a_full_disk_is_a_file_access_error() -> None:
    class Full(io.BytesIO):
        def write(self, data: object, /) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(FileAccessError, match="No space left"):
        write_pcm(Pcm(samples=noise(2, 1), sample_rate=8000).stream(), form("pcm_s16le"), Full())


def test_a_double_beyond_float32_becomes_inf_without_a_warning() -> None:
    description = synthetic.fmt(tag=3, bits=64)
    data = synthetic.wav(struct.pack("<2d", 1e300, -0.5), form=description)
    samples = read_pcm(AudioClip.from_bytes(data)).read().samples
    assert samples.tolist() == [[np.inf], [-0.5]]


def test_closing_early_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(encode(noise(200_000, 1), "pcm_s16le"))
    stream = read_pcm(AudioClip.from_path(path))
    next(iter(stream))
    stream.close()
    stream.close()
    # An open file would be reported as a ResourceWarning, which is an error here.
