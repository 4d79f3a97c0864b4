from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.gemini.wire import L16, b64, wav_clip

from ossicle.audio import AudioFormat
from ossicle.errors import InvalidReplyError
from ossicle.rest import raw_format_of
from ossicle_gemini.errors import FAILURES
from ossicle_gemini.response_audio import PCM16, BlobReader

WAV_BYTES = wav_clip(bytes(200)).read_bytes()


@pytest.mark.parametrize(
    ("media_type", "form"),
    [
        (L16, PCM16),
        ("audio/l16; rate=16000; channels=2", AudioFormat.pcm(sample_rate=16_000, channels=2)),
        ('audio/pcm;rate="8000"', AudioFormat.pcm(sample_rate=8000)),
        ("audio/L16", PCM16),
        ("audio/wav", None),
        ("", None),
    ],
)
def test_media_types(media_type: str, form: AudioFormat | None) -> None:
    assert raw_format_of(media_type, default=PCM16, failures=FAILURES) == form


@pytest.mark.parametrize("rest", ["rate=0", "rate=x", "channels=0", "rate=999999999", "rate=1.5"])
def test_impossible_parameters(rest: str) -> None:
    with pytest.raises(InvalidReplyError):
        raw_format_of(f"audio/L16;{rest}", default=PCM16, failures=FAILURES)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_raw_samples_are_handed_on_byte_for_byte(pieces: list[bytes]) -> None:
    sound = BlobReader(max_bytes=1000)
    # Bytes that no file begins with and no letter is.
    found = [sound.push(b64(b"\x00" + piece), L16) for piece in pieces]
    # The first few are held back until they can be told from a file.
    came = [one for one in (*found, sound.finish()) if one is not None]
    assert b"".join(one.data for one in came) == b"".join(b"\x00" + p for p in pieces)
    assert all(one.format == PCM16 for one in came)


@pytest.mark.parametrize("media_type", ["audio/wav", "", "audio/mpeg", L16])
@pytest.mark.parametrize("cut", [len(WAV_BYTES), 100])
def test_a_file_is_a_file_whatever_its_label(media_type: str, cut: int) -> None:
    sound = BlobReader(max_bytes=1000)
    for piece in (WAV_BYTES[:cut], WAV_BYTES[cut:]):
        assert sound.push(b64(piece), media_type) is None
    audio = sound.finish()
    assert audio is not None
    assert audio.data == WAV_BYTES
    assert audio.format.container == "wav"
    assert sound.finish() is None


@pytest.mark.parametrize(
    ("pushes", "what"),
    [
        ([("@@@@", L16)], "cannot be read"),
        ([(b64(bytes(2000)), L16)], "cannot be read"),
        ([(b64(b"This is no sound at all, but text. " * 3), L16)], "text came"),
        ([(b64(bytes(4)), L16), (b64(bytes(4)), "audio/L16;rate=8000")], "changes"),
        ([(b64(bytes(4)), L16), (b64(bytes(4)), "audio/wav")], "changes"),
    ],
)
def test_what_is_no_sound_is_refused(pushes: list[tuple[str, str]], what: str) -> None:
    sound = BlobReader(max_bytes=1000)
    with pytest.raises(InvalidReplyError, match=what):
        for text, media_type in pushes:
            sound.push(text, media_type)
        sound.finish()


def test_a_file_that_is_none_is_refused_at_the_end() -> None:
    sound = BlobReader(max_bytes=1000)
    sound.push(b64(bytes(100)), "audio/wav")
    with pytest.raises(InvalidReplyError, match="not audio"):
        sound.finish()


def test_nothing_is_no_sound() -> None:
    sound = BlobReader(max_bytes=1000)
    assert sound.push("", L16) is None
    assert (sound.finish(), sound.n_bytes) == (None, 0)
