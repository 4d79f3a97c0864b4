from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.openai.wire import b64, wav

from ossicle.audio import AudioFormat
from ossicle.errors import InvalidReplyError
from ossicle.rest import AudioReader, whole_audio
from ossicle_openai.errors import FAILURES
from ossicle_openai.response_audio import PCM16

MPEG_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
"""MPEG-1 layer III, 128 kbit/s at 44.1 kHz: 417 bytes without padding."""


def true_format(data: bytes, *, asked: AudioFormat) -> AudioFormat:
    audio = whole_audio(data, asked, failures=FAILURES)
    assert audio is not None
    assert audio.data == data
    return audio.format


def stream(*pieces: bytes) -> list[tuple[bytes, AudioFormat]]:
    sound = AudioReader(PCM16, failures=FAILURES, max_bytes=1 << 20)
    found = [sound.push_base64(b64(piece)) for piece in pieces]
    return [(one.data, one.format) for one in (*found, sound.finish()) if one is not None]


@settings(deadline=None)
@given(st.binary(max_size=100), st.integers(0, 100))
def test_samples_pass_whole_wherever_they_are_cut(data: bytes, cut: int) -> None:
    data = b"\x00" + data
    found = stream(data[:cut], data[cut:])
    assert b"".join(piece for piece, _ in found) == data
    assert {form for _, form in found} == {PCM16}


def test_samples_that_begin_like_mpeg_are_samples() -> None:
    loud = b"\xff\xfb" * 5000
    found = stream(loud[:100], loud[100:])
    assert b"".join(piece for piece, _ in found) == loud
    assert found[0][1] == PCM16


def test_an_mpeg_file_is_given_whole_and_by_its_name() -> None:
    data = MPEG_FRAME * 12
    ((whole, form),) = stream(data[:1], data[1:5], data[5:])
    assert whole == data
    assert form.container == "mp3"


def test_letters_are_no_samples() -> None:
    for data in (b"This is not audio. " * 10, b"<html>" + b" " * 100):
        with pytest.raises(InvalidReplyError, match="text"):
            stream(data)
        with pytest.raises(InvalidReplyError, match="text"):
            true_format(data, asked=PCM16)


def test_too_much_audio_is_refused() -> None:
    with pytest.raises(InvalidReplyError, match="cannot be read"):
        AudioReader(PCM16, failures=FAILURES, max_bytes=10).push_base64(b64(bytes(100)))


def test_true_formats_of_whole_files() -> None:
    mp3 = AudioFormat.named("mp3")
    assert true_format(MPEG_FRAME * 12, asked=PCM16).container == "mp3"
    assert true_format(wav(bytes(100)), asked=mp3).container == "wav"
    assert true_format(bytes(100), asked=PCM16) == PCM16
    for nonsense in (b"nonsense" * 100, b"<html></html>"):
        with pytest.raises(InvalidReplyError):
            true_format(nonsense, asked=mp3)


@pytest.mark.parametrize("text", [b"Not Found", b"This is not audio, whatever the header says."])
def test_a_text_of_few_bytes_is_no_sound(text: bytes) -> None:
    # The faults bar got 44 such bytes as a committed reply (nonsense_audio on raw speech).
    with pytest.raises(InvalidReplyError, match="text came"):
        stream(text)
