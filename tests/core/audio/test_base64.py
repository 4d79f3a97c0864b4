"""Base64: canonical only, sized before it is decoded, and the same in pieces as in one."""

from __future__ import annotations

import base64
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle.audio.base64 import Base64Stream, decode_base64, encode_base64
from ossicle.errors import AudioLimitError, MalformedAudioError
from ossicle_testing.strategies import splittings

LIMIT = 1 << 20


@given(st.binary(max_size=500))
def test_round_trip_agrees_with_the_standard_library(data: bytes) -> None:
    text = encode_base64(data)
    assert text == base64.b64encode(data).decode()
    assert decode_base64(text, max_bytes=LIMIT) == data
    assert decode_base64(text.encode(), max_bytes=LIMIT) == data
    assert decode_base64("data:audio/wav;codecs=1;base64," + text, max_bytes=LIMIT) == data


@settings(max_examples=tried(400), deadline=None)
@given(st.text(alphabet="AQgw+/=-_ \nYR", max_size=12))
def test_what_is_accepted_has_one_text_only(text: str) -> None:
    try:
        data = decode_base64(text, max_bytes=LIMIT)
    except MalformedAudioError:
        return
    assert encode_base64(data) == text


@pytest.mark.parametrize(
    "text",
    [
        "YR==",
        "YWJ=",
        "YQ",
        "YQ=",
        "YQ==\n",
        "Y Q=",
        "YQ==YQ==",
        "-_-_",
        "====",
        "=",
        "YQé=",
        "YQ\x00=",
    ],
)
def test_other_forms_are_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(MalformedAudioError) as caught:
        decode_base64(text, max_bytes=LIMIT)
    assert text not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text", ["data:audio/wav,YQ==", "data:", "data:" + "x" * 300 + ";base64,YQ=="]
)
def test_data_urls_of_another_kind_are_refused(text: str) -> None:
    with pytest.raises(MalformedAudioError):
        decode_base64(text, max_bytes=LIMIT)


def test_size_is_checked_before_anything_is_decoded() -> None:
    text = "A" * (40 << 20)
    tracemalloc.start()
    with pytest.raises(AudioLimitError) as caught:
        decode_base64(text, max_bytes=25 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert (caught.value.limit, caught.value.allowed) == ("encoded_bytes", 25 << 20)


@pytest.mark.parametrize("n_bytes", [2998, 2999, 3000])
def test_the_limit_itself_is_allowed(n_bytes: int) -> None:
    assert len(decode_base64(encode_base64(bytes(n_bytes)), max_bytes=n_bytes)) == n_bytes
    with pytest.raises(AudioLimitError):
        decode_base64(encode_base64(bytes(n_bytes + 3)), max_bytes=n_bytes)


def test_it_works_the_same_without_pybase64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pybase64", None)
    assert decode_base64("YWJj", max_bytes=9) == b"abc"
    for text in ("YQ==YQ==", "YQ=Y", "Y\nQ="):
        with pytest.raises(MalformedAudioError):
            decode_base64(text, max_bytes=9)


@settings(max_examples=tried(200), deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6), st.data())
def test_a_stream_cut_anywhere_gives_the_same_bytes(
    groups: list[bytes], data: st.DataObject
) -> None:
    text = "".join(encode_base64(group) for group in groups)
    stream = Base64Stream()
    decoded = b"".join(stream.push(piece) for piece in data.draw(splittings(text)))
    stream.finish()
    assert decoded == b"".join(groups)


def test_a_stream_of_single_characters() -> None:
    data = bytes(range(256))
    stream = Base64Stream()
    assert b"".join(stream.push(character) for character in encode_base64(data)) == data
    stream.finish()


@pytest.mark.parametrize("pieces", [["YQ"], ["YWJj", "Y"], ["Y", "Q", "="]])
def test_a_stream_that_was_cut_says_so(pieces: list[str]) -> None:
    stream = Base64Stream()
    for piece in pieces:
        stream.push(piece)
    with pytest.raises(MalformedAudioError, match="of 4 characters"):
        stream.finish()


@pytest.mark.parametrize("pieces", [["Y=Q="], ["YQ=", "x"], ["YR", "=="], ["YW Jj"], ["é"]])
def test_a_stream_refuses_what_is_no_base64(pieces: list[str]) -> None:
    stream = Base64Stream()
    with pytest.raises(MalformedAudioError):
        for piece in pieces:
            stream.push(piece)


def test_a_stream_has_a_limit() -> None:
    stream = Base64Stream(max_bytes=10)
    assert stream.push(encode_base64(bytes(9))) == bytes(9)
    with pytest.raises(AudioLimitError):
        stream.push(encode_base64(bytes(3)))
