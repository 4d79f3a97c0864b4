"""Captions from segments, as SubRip and WebVTT."""

from __future__ import annotations

import pytest

from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import Segment
from ossicle_cli.captions import captions_of, to_srt, to_vtt


def words(*texts: str) -> list[Segment]:
    return [
        Segment(text=text, start_s=float(number), end_s=number + 0.5, is_word=True)
        for number, text in enumerate(texts)
    ]


def test_srt_is_numbered_and_has_commas() -> None:
    captions = captions_of(
        [
            Segment(text="Hello there.", start_s=0.0, end_s=1.25),
            Segment(text="Bye.", start_s=3661.5, end_s=3662.0),
        ],
        model="m",
    )
    assert to_srt(captions) == (
        "1\n00:00:00,000 --> 00:00:01,250\nHello there.\n\n2\n01:01:01,500 --> 01:01:02,000\nBye.\n"
    )


def test_vtt_escapes_what_would_be_markup_and_arrows() -> None:
    (caption,) = captions_of(
        [Segment(text="a <b> & --> c\n\nd", start_s=0.0, end_s=1.0)], model="m"
    )
    text = to_vtt([caption])
    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n")
    assert text.endswith("a &lt;b&gt; &amp; -&gt; c d\n")
    assert text.count("-->") == 1


def test_words_are_joined_up_to_the_end_of_a_sentence() -> None:
    captions = captions_of(words("One", "two.", "Three"), model="m")
    assert [one.text for one in captions] == ["One two.", "Three"]
    assert (captions[0].start_s, captions[0].end_s) == (0.0, 1.5)


def test_no_caption_of_words_is_long() -> None:
    captions = captions_of(words(*["word"] * 40), model="m")
    assert all(one.end_s - one.start_s <= 6.0 for one in captions)
    assert " ".join(one.text for one in captions).split() == ["word"] * 40


def test_a_speaker_is_named() -> None:
    (caption,) = captions_of([Segment(text="Hi", start_s=0, end_s=1, speaker="A")], model="m")
    assert caption.text == "A: Hi"


def test_without_times_there_are_no_captions() -> None:
    with pytest.raises(UnsupportedFeatureError, match="tells no times"):
        captions_of([Segment(text="Hi")], model="m")
