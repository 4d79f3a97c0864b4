"""LAME's MP3 has as many frames as went in, for every reader."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.converters.signals import (
    FullSink,
    PipeSink,
    encode_bytes,
    make_voice,
    measure_fidelity,
)
from tests.profiles import tried

from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle.errors import (
    ConfigurationError,
    DependencyMissingError,
    FileAccessError,
    UnsupportedFormatError,
)
from ossicle_lame import LameConverter
from ossicle_lame.rates import SAMPLE_RATES

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

pytest.importorskip("lameenc")

LAME = LameConverter()
MP3 = AudioFormat(container="mp3", encoding="mp3")


def read_by_soundfile(data: bytes) -> Pcm:
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return Pcm(samples=samples, sample_rate=rate)


def frames_by_ffmpeg(data: bytes) -> int:
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(data), format="mp3") as container:
        return sum(frame.samples for frame in container.decode(audio=0))


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("bit_rate", [None, 8_000, 320_000])
def test_length_and_place_are_exact(sample_rate: int, channels: int, bit_rate: int | None) -> None:
    pcm = make_voice(frames=12_345, channels=channels, sample_rate=sample_rate)
    target = AudioFormat(container="mp3", encoding="mp3", bit_rate=bit_rate)
    data = encode_bytes(LAME, pcm, target)
    back = read_by_soundfile(data)
    assert (back.frames, back.channels, back.sample_rate) == (12_345, channels, sample_rate)
    assert frames_by_ffmpeg(data) == 12_345
    assert AudioClip.from_bytes(data).facts.frames == 12_345
    if bit_rate != 8_000:
        found = measure_fidelity(pcm, back)
        assert found.lag == 0
        assert found.snr_db > 12


@settings(deadline=None, max_examples=tried(40))
@given(frames=st.integers(1, 6000), block_frames=st.integers(1, 3000))
def test_any_length_at_any_split_is_exact(frames: int, block_frames: int) -> None:
    pcm = make_voice(frames=frames)
    data = encode_bytes(LAME, pcm, MP3, block_frames=block_frames)
    assert read_by_soundfile(data).frames == frames
    assert data == encode_bytes(LAME, pcm, MP3)


def test_nothing_decodes_to_nothing() -> None:
    assert read_by_soundfile(encode_bytes(LAME, make_voice(frames=0), MP3)).frames == 0


def test_bytes_come_out_while_blocks_go_in() -> None:
    pcm = make_voice(frames=24_000 * 4)
    sink = PipeSink()
    sizes: list[int] = []

    def blocks() -> Iterator[Samples]:
        for block in pcm.stream(24_000):
            sizes.append(len(sink.data))
            yield block

    LAME.encode(pcm.stream().map(blocks()), MP3, sink)  # type: ignore[arg-type]
    assert sizes[0] == 0
    assert sizes[1] > 0
    assert sizes[2] > sizes[1]
    # Without a way back there is no Info frame: the delay stays in, in front.
    back = read_by_soundfile(bytes(sink.data))
    assert pcm.frames < back.frames < pcm.frames + 4 * 1152
    assert 500 < measure_fidelity(pcm, back).lag < 1200


def test_writing_starts_where_the_sink_stands() -> None:
    sink = io.BytesIO(b"before")
    sink.seek(6)
    LAME.encode(make_voice(frames=5000).stream(), MP3, sink)
    assert sink.getvalue()[:6] == b"before"
    assert sink.tell() == len(sink.getvalue())
    assert read_by_soundfile(sink.getvalue()[6:]).frames == 5000


def test_what_is_no_number_becomes_silence_and_overload_is_clipped() -> None:
    samples = np.full((24_000, 1), np.nan, np.float32)
    samples[12_000:] = np.sin(np.arange(12_000) * 0.05)[:, None] * 5
    back = read_by_soundfile(encode_bytes(LAME, Pcm(samples=samples, sample_rate=24_000), MP3))
    assert np.isfinite(back.samples).all()
    assert np.abs(back.samples[1000:10_000]).max() < 0.01
    assert 0.7 < np.sqrt((back.samples[14_000:23_000] ** 2).mean()) < 1.1


@pytest.mark.parametrize(("channels", "sample_rate"), [(3, 24_000), (1, 23_000), (1, 96_000)])
def test_what_mp3_cannot_hold_is_refused(channels: int, sample_rate: int) -> None:
    pcm = make_voice(frames=100, channels=channels, sample_rate=sample_rate)
    with pytest.raises(UnsupportedFormatError, match="MP3 cannot hold"):
        LAME.encode(pcm.stream(), MP3, io.BytesIO())


def test_it_reads_nothing() -> None:
    clip = AudioClip.from_bytes(encode_bytes(LAME, make_voice(frames=5000), MP3))
    with pytest.raises(UnsupportedFormatError, match="reads nothing"):
        LAME.decode(clip)


def test_a_full_disk_is_an_error_of_ours() -> None:
    with pytest.raises(FileAccessError, match="No space left"):
        LAME.encode(make_voice(frames=100_000).stream(), MP3, FullSink(3000))


def test_a_quality_outside_of_the_scale_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="quality of 10"):
        LameConverter(quality=10)  # type: ignore[arg-type]


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lameenc", None)
    with pytest.raises(DependencyMissingError) as caught:
        LAME.encode(make_voice(frames=10).stream(), MP3, io.BytesIO())
    assert caught.value.extra == "mp3"


def test_the_plugin_imports_nothing_heavy() -> None:
    code = "import sys, ossicle_lame.plugin\nprint(*{'lameenc', 'numpy'} & set(sys.modules))"
    env = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (done.stdout.strip(), done.stderr) == ("", "")
