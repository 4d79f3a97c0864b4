"""pydub as a converter: exact for plain samples, bounded, and no ffmpeg without trust."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.converters.signals import decode_bytes, encode_bytes, make_voice
from tests.profiles import tried

from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle.errors import AudioLimitError, DependencyMissingError, UnsupportedFormatError
from ossicle.intake import PcmConverter
from ossicle_pydub import PydubConverter
from ossicle_pydub.plugin import pydub_spec

pytest.importorskip("pydub")

DATA = Path(__file__).parents[2] / "data"
PYDUB = PydubConverter()
CORE = PcmConverter()


@pytest.mark.parametrize("encoding", ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le"])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_reads_plain_wav_like_the_core(encoding: str, channels: int) -> None:
    wav = AudioFormat(container="wav", encoding=encoding)
    data = encode_bytes(CORE, make_voice(frames=70_001, channels=channels), wav)
    np.testing.assert_array_equal(
        decode_bytes(PYDUB, data).samples, decode_bytes(CORE, data).samples
    )


@pytest.mark.parametrize("encoding", ["pcm_u8", "pcm_s16le", "pcm_s32le"])
@pytest.mark.parametrize("frames", [0, 1, 7, 3001])
def test_it_writes_plain_wav_like_the_core(encoding: str, frames: int) -> None:
    wav = AudioFormat(container="wav", encoding=encoding)
    pcm = make_voice(frames=frames, channels=2)
    assert encode_bytes(PYDUB, pcm, wav) == encode_bytes(CORE, pcm, wav)


@settings(deadline=None, max_examples=tried(25))
@given(values=st.lists(st.integers(-32768, 32767), max_size=60), block_frames=st.integers(1, 50))
def test_raw_samples_go_through_bit_exact(values: list[int], block_frames: int) -> None:
    samples = np.array(values, np.float32).reshape(-1, 1) / np.float32(32768)
    pcm = Pcm(samples=samples, sample_rate=8000)
    raw = AudioFormat.pcm(sample_rate=8000)
    data = encode_bytes(PYDUB, pcm, raw, block_frames=block_frames)
    assert data == np.array(values, "<i2").tobytes()
    back = PYDUB.decode(AudioClip.from_pcm(data, sample_rate=8000)).read()
    np.testing.assert_array_equal(back.samples, samples)


def test_a_wav_with_unknown_sizes_gives_everything() -> None:
    data = bytearray(encode_bytes(CORE, make_voice(frames=500), AudioFormat.named("wav")))
    data[40:44] = b"\xff" * 4
    assert decode_bytes(PYDUB, bytes(data)).frames == 500


def test_memory_is_bounded_on_both_ways() -> None:
    small = PydubConverter(max_bytes=1000)
    data = encode_bytes(CORE, make_voice(frames=501), AudioFormat.named("wav"))
    with pytest.raises(AudioLimitError) as caught:
        decode_bytes(small, data)
    assert (caught.value.measured, caught.value.allowed) == (1002, 1000)
    with pytest.raises(AudioLimitError):
        encode_bytes(small, make_voice(frames=501), AudioFormat.named("wav"))


@pytest.mark.parametrize("name", ["aac-adts.aac", "flac-one-sample.flac", "opus-mono-20ms.ogg"])
def test_nothing_runs_without_trust(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_trap(tmp_path, monkeypatch)
    with pytest.raises(UnsupportedFormatError, match="trust_ffmpeg"):
        PYDUB.decode(AudioClip.from_path(DATA / name))
    with pytest.raises(UnsupportedFormatError, match="trust_ffmpeg"):
        PYDUB.encode(make_voice(frames=10).stream(), AudioFormat.named("mp3"), io.BytesIO())
    assert not (tmp_path / "ran").exists()


def test_plain_samples_need_no_program_even_with_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_trap(tmp_path, monkeypatch)
    trusting = PydubConverter(trust_ffmpeg=True)
    data = encode_bytes(trusting, make_voice(frames=100), AudioFormat.named("wav"))
    assert decode_bytes(trusting, data).frames == 100
    assert not (tmp_path / "ran").exists()


def test_a_missing_program_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    trusting = PydubConverter(trust_ffmpeg=True)
    with pytest.raises(DependencyMissingError) as caught:
        trusting.decode(AudioClip.from_path(DATA / "aac-adts.aac"))
    assert caught.value.package == "ffmpeg"


def _put_trap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that leave a mark when anything runs them."""
    for name in ("ffmpeg", "ffprobe", "avconv", "avprobe"):
        program = folder / name
        program.write_text(f"#!/bin/sh\ntouch {folder / 'ran'}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def test_the_spec_tells_more_when_trusted() -> None:
    mp3 = AudioFormat.named("mp3")
    assert pydub_spec().reading(mp3) is None
    assert pydub_spec(trust_ffmpeg=True).reading(mp3) is not None
    assert pydub_spec().writing(mp3) is None
    assert pydub_spec(trust_ffmpeg=True).writing(mp3) is not None


def test_importing_pydub_leaks_no_warning() -> None:
    code = (
        "import warnings; warnings.simplefilter('error')\n"
        "from ossicle_pydub.segments import segment_class\n"
        "print(segment_class().__name__)"
    )
    env = {"PYTHONPATH": ":".join(sys.path), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (done.stdout.strip(), done.stderr) == ("AudioSegment", "")


def test_the_plugin_imports_nothing_heavy() -> None:
    code = "import sys, ossicle_pydub.plugin\nprint(*{'pydub', 'numpy'} & set(sys.modules))"
    env = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_bytes(CORE, make_voice(frames=10), AudioFormat.named("wav"))
    monkeypatch.setitem(sys.modules, "pydub", None)
    with pytest.raises(DependencyMissingError) as caught:
        decode_bytes(PYDUB, data)
    assert caught.value.extra == "pydub"
