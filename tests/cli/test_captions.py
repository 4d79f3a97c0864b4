"""Captions from segments, as SubRip and WebVTT."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
            Segment(text="Bye.", start_s=3661.5, end_s=3662.5),
        ],
        model="m",
    )
    assert to_srt(captions) == (
        "1\n00:00:00,000 --> 00:00:01,250\nHello there.\n\n2\n01:01:01,500 --> 01:01:02,500\nBye.\n"
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


def test_odd_times_are_sorted_and_no_caption_is_empty_or_ends_before_it_starts() -> None:
    captions = captions_of(
        [
            Segment(text="ends before it starts", start_s=3.0, end_s=1.0),
            Segment(text="no length", start_s=0.5, end_s=0.5),
            Segment(text="  ", start_s=1.0, end_s=2.0),
            Segment(text="last", start_s=2.0, end_s=3.0),
        ],
        model="m",
    )
    assert [(one.start_s, one.end_s, one.text) for one in captions] == [
        (0.5, 1.5, "no length"), (2.0, 3.0, "last"), (3.0, 4.0, "ends before it starts"),
    ]  # fmt: skip


def test_a_long_segment_goes_on_in_further_captions() -> None:
    text = " ".join(["word"] * 40)  # 199 characters: five lines
    captions = captions_of([Segment(text=text, start_s=10.0, end_s=20.0)], model="m")
    assert len(captions) == 3
    assert captions[0].start_s == 10.0
    assert captions[-1].end_s == pytest.approx(20.0)


times = st.floats(0, 1000, allow_nan=False)


@given(
    st.lists(
        st.builds(
            Segment,
            text=st.lists(st.text("abc.é", min_size=1, max_size=12), max_size=60).map(" ".join),
            start_s=times,
            end_s=times,
            speaker=st.sampled_from([None, "A", "Speaker 12"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_every_caption_keeps_the_rules_and_no_word_is_lost(segments: list[Segment]) -> None:
    captions = captions_of(segments, model="m")
    starts = [one.start_s for one in captions]
    assert starts == sorted(starts)
    for one, next_s in zip(captions, [*starts, float("inf")][1:], strict=True):
        lines = one.text.split("\n")
        assert 1 <= len(lines) <= 2
        assert all(0 < len(line) <= 42 for line in lines)
        assert one.end_s - one.start_s <= 6.0 + 1e-6
        assert one.end_s - one.start_s >= 1.0 - 1e-6 or one.end_s >= next_s - 1e-6
    spoken = "".join(word for part in segments for word in part.text.split())
    shown = "".join(word for one in captions for word in one.text.split())
    names = sum(len((part.speaker or "").replace(" ", "")) + 1 for part in segments
                if part.speaker and part.text.strip())  # fmt: skip
    assert len(shown) == len(spoken) + names
