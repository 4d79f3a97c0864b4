"""Where audio goes, and that nothing half-written stays."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ossicle.audio import AudioClip, AudioFormat
from ossicle.audio.wav import wav_header
from ossicle.errors import FileAccessError, UnsupportedFormatError
from ossicle_cli.audio_output import AudioSink, destination, opened


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.wav", "wav"), ("a.MP3", "mp3"), ("a.flac", "flac"), ("a.b.opus", "opus"),
        ("a.ogg", "opus"), ("a.aac", "aac"), ("a.pcm", "pcm16"), ("a.raw", "pcm16"),
    ],
)  # fmt: skip
def test_the_extension_says_the_format(name: str, format: str) -> None:
    assert destination(name).format == format


def test_a_given_format_counts_more() -> None:
    assert destination("a.wav", format="mp3").format == "mp3"
    assert destination("noextension", format="flac").format == "flac"


@pytest.mark.parametrize("name", ["a.xyz", "noextension", ".wav", "a."])
def test_an_unknown_extension_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedFormatError, match="does not say an audio format"):
        destination(name)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UnsupportedFormatError, match="unknown audio format 'amr'"):
        destination("a.wav", format="amr")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = destination(str(tmp_path / "a.wav"))
    with pytest.raises(RuntimeError), opened(target) as sink:
        assert sink is not None
        sink.write(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with opened(target) as sink:
        assert sink is not None
        sink.write(b"wh")
        sink.write(b"ole")
        assert sink.n_bytes == 5
        assert not (tmp_path / "a.wav").exists()
    assert (tmp_path / "a.wav").read_bytes() == b"whole"


def test_nothing_written_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"before")
    with opened(destination(str(tmp_path / "a.wav"))):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"before"


def test_a_missing_folder_is_found_out_on_opening(tmp_path: Path) -> None:
    target = destination(str(tmp_path / "no" / "a.wav"))
    with pytest.raises(FileAccessError, match="cannot write"), opened(target):
        pytest.fail("opened")


def test_a_streamed_wav_gets_true_sizes() -> None:
    form = AudioFormat(container="wav", encoding="pcm_s16le", sample_rate=8000, channels=1)
    data = wav_header(form, None) + bytes(200)
    file = io.BytesIO()
    sink = AudioSink(file)
    sink.write(data)
    sink.settle(AudioClip.from_bytes(data))
    clip = AudioClip.from_bytes(file.getvalue())
    assert clip.facts.notes == ()
    assert clip.facts.frames == 100
