"""One rule for `save`, `convert` and the command: the extension says what a file holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.converters.signals import encode_bytes, make_voice

import ossicle
from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import AudioLimitError, UnsupportedFormatError
from ossicle.intake import PcmConverter

pytest.importorskip("av")
pytest.importorskip("soundfile")

WRITTEN = {
    "m4a": ("mp4", "aac"),
    "mp4": ("mp4", "aac"),
    "m4b": ("mp4", "aac"),
    "webm": ("matroska", "opus"),
    "mka": ("matroska", "opus"),
    "caf": ("caf", "pcm_s16be"),
    "aiff": ("aiff", "pcm_s16be"),
    "AIF": ("aiff", "pcm_s16be"),
    "au": ("au", "pcm_s16be"),
    "mp3": ("mp3", "mp3"),
    "ogg": ("ogg", "opus"),
    "flac": ("flac", "flac"),
}


def voice(encoding: str = "pcm_s16le") -> AudioClip:
    wav = AudioFormat(container="wav", encoding=encoding)
    return AudioClip.from_bytes(encode_bytes(PcmConverter(), make_voice(frames=24_000), wav))


@pytest.mark.parametrize("extension", WRITTEN)
def test_convert_and_save_write_what_the_extension_says(tmp_path: Path, extension: str) -> None:
    made = ossicle.convert(voice(), tmp_path / f"made.{extension}").clip
    saved = AudioClip.from_path(voice().save(tmp_path / f"saved.{extension}"))
    for clip in (made, saved):
        assert (clip.format.container, clip.format.encoding) == WRITTEN[extension]
        assert clip.to_pcm().duration_s == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("name", ["same.wav", "same.WAVE", "same.bin", "same", "same.2026"])
def test_save_leaves_bytes_alone_that_the_name_does_not_contradict(
    tmp_path: Path, name: str
) -> None:
    clip = voice("pcm_s24le")
    assert clip.save(tmp_path / name).read_bytes() == clip.read_bytes()


def test_other_encodings_of_the_extensions_container_are_saved_untouched(tmp_path: Path) -> None:
    vorbis = voice().convert("vorbis").clip
    assert vorbis.save(tmp_path / "song.ogg").read_bytes() == vorbis.read_bytes()


def test_raw_samples_get_the_header_of_a_file_called_wav(tmp_path: Path) -> None:
    raw = AudioClip.from_pcm(b"\1\0" * 800, sample_rate=8000)
    saved = AudioClip.from_path(raw.save(tmp_path / "voice.wav"))
    assert (saved.format.container, saved.facts.frames) == ("wav", 800)
    assert raw.save(tmp_path / "voice.pcm").read_bytes() == raw.read_bytes()


@pytest.mark.parametrize("extension", ["amr", "wma", "ac3"])
def test_what_nothing_writes_is_refused_with_what_can_be_and_leaves_no_file(
    tmp_path: Path, extension: str
) -> None:
    path = tmp_path / f"voice.{extension}"
    for write in (lambda: ossicle.convert(voice(), path), lambda: voice().save(path)):
        with pytest.raises(UnsupportedFormatError, match="does not say a format that") as caught:
            write()
        assert "m4a" in (caught.value.fix or "")
    assert not list(tmp_path.iterdir())


def test_a_clip_may_be_saved_over_the_file_it_reads_from(tmp_path: Path) -> None:
    path = voice().save(tmp_path / "voice.wav")
    clip = AudioClip.from_path(path)
    assert clip.save(path) == path
    assert path.read_bytes() == voice().read_bytes()


def test_save_decodes_no_more_than_a_stranger_may_send(tmp_path: Path) -> None:
    silence = AudioClip.from_pcm(bytes(2 * 8000 * 601), sample_rate=8000)
    bomb = ossicle.convert(silence, tmp_path / "bomb.flac").clip
    assert bomb.n_bytes < 100_000
    with pytest.raises(AudioLimitError):
        bomb.save(tmp_path / "voice.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["bomb.flac"]
