from __future__ import annotations

import base64
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.audio import AudioFormat
from ossicle.audio.wav import wav_header
from ossicle.errors import InvalidReplyError
from ossicle.rest import AudioReader, Failures

PCM = AudioFormat.pcm(sample_rate=24_000)
MP3 = AudioFormat.named("mp3")
WAV = wav_header(PCM, 400) + bytes(800)


def read(data: bytes, cuts: list[int], *, asked: AudioFormat = PCM) -> list[tuple[bytes, str]]:
    """What comes out, with containers, for bytes cut at these places."""
    reader = AudioReader(asked, failures=Failures(provider="any"))
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [reader.push(data[a:b]) for a, b in itertools.pairwise(edges)]
    found = [one for one in (*pieces, reader.finish()) if one is not None]
    assert reader.n_bytes == len(data)
    assert reader.finish() is None
    return [(one.data, one.format.container) for one in found]


@given(st.binary(max_size=300).map(lambda data: b"\x00\x80" + data), st.lists(st.integers(0)))
def test_samples_come_out_as_they_went_in_however_they_were_cut(
    data: bytes, cuts: list[int]
) -> None:
    found = read(data, cuts)
    assert b"".join(piece for piece, _ in found) == data
    assert {kind for _, kind in found} == {"raw"}


@given(st.lists(st.integers(0)))
def test_a_file_in_the_place_of_samples_comes_whole(cuts: list[int]) -> None:
    assert read(WAV, cuts) == [(WAV, "wav")]
    assert read(WAV, cuts, asked=MP3) == [(WAV, "wav")]


@pytest.mark.parametrize("asked", [PCM, MP3])
@given(cuts=st.lists(st.integers(0)))
def test_letters_are_no_sound(asked: AudioFormat, cuts: list[int]) -> None:
    for text in (b"The server is busy.", b"<html>" * 100):
        with pytest.raises(InvalidReplyError):
            read(text, cuts, asked=asked)


def test_nothing_is_nothing() -> None:
    assert read(b"", []) == []
    assert read(b"", [], asked=MP3) == []


@given(st.binary(min_size=70, max_size=200), st.integers(0, 300), st.sampled_from(["", "\n", " "]))
def test_base64_of_a_vendor_is_read_liberally(data: bytes, cut: int, gap: str) -> None:
    """What was paid for was once thrown away for a line break or a missing `=`."""
    data = b"\x00" + data
    plain = base64.b64encode(data).decode()
    spaced = gap.join(plain[at : at + 76] for at in range(0, len(plain), 76))
    url = base64.urlsafe_b64encode(data).decode()
    for text in (plain, spaced, plain.rstrip("="), url, url.rstrip("="), f"data:x;base64,{plain}"):
        reader = AudioReader(PCM, failures=Failures(provider="any"))
        pieces = [text] if text.startswith("data:") else [text[:cut], text[cut:]]
        found = [*(reader.push_base64(piece) for piece in pieces), reader.finish()]
        assert b"".join(one.data for one in found if one is not None) == data


@pytest.mark.parametrize("text", ["A", "AB!D", "====", "AAA=A", "=AAA"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    reader = AudioReader(PCM, failures=Failures(provider="any"))
    with pytest.raises(InvalidReplyError):
        reader.push_base64(text)
        reader.finish()
