from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.elevenlabs.vendor import HEARING, said, transcribing

from ossicle.errors import InvalidReplyError, OssicleError, UnsupportedFeatureError
from ossicle.messages import (
    Event,
    Finished,
    LanguageDetected,
    SegmentReported,
    TextDelta,
    UsageReported,
)
from ossicle_elevenlabs.options import CallOptions
from ossicle_elevenlabs.transcription import transcription_events, transcription_fields

NAMES = st.sampled_from(
    ["text", "words", "language_code", "type", "start", "end", "logprob", "speaker_id", "detail",
     "audio_duration_secs", "code", "message", "x"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


def read(body: object, *, duration_s: float | None = 2.0) -> list[Event]:
    return list(transcription_events(body, duration_s=duration_s, request_id="r"))


@given(JSON)
def test_whatever_comes_is_events_or_an_error_of_ours(body: object) -> None:
    try:
        events = read(body)
    except OssicleError:
        return
    assert isinstance(events[-1], Finished)
    for event in events:
        if isinstance(event, SegmentReported):
            assert event.segment.confidence is None or 0 <= event.segment.confidence <= 1


def test_what_stands_between_words_is_no_word() -> None:
    entry = {"start": 0.5, "end": 1, "speaker_id": "speaker_1"}
    body = {
        "text": "So (laughs)",
        "words": [
            {**entry, "text": "So", "type": "word", "logprob": 0},
            {**entry, "text": " ", "type": "spacing"},
            {**entry, "text": "(laughs)", "type": "audio_event", "logprob": 3},
            "no word",
        ],
        "language_code": "deu",
    }
    events = read(body)
    segments = [event.segment for event in events if isinstance(event, SegmentReported)]
    assert [(one.text, one.is_word, one.confidence) for one in segments] == [
        ("So", True, 1.0), ("(laughs)", False, None),
    ]  # fmt: skip
    assert (segments[0].start_s, segments[0].end_s, segments[0].speaker) == (0.5, 1.0, "speaker_1")
    assert [event.language for event in events if isinstance(event, LanguageDetected)] == ["de"]
    # The clip's own length, where the vendor tells none.
    assert [event.usage.input_audio_s for event in events if isinstance(event, UsageReported)] == [
        2.0
    ]


def test_the_vendors_seconds_go_before_ours() -> None:
    (_, _, usage, _) = read({"text": "Hi", "audio_duration_secs": 7})
    assert isinstance(usage, UsageReported)
    assert usage.usage.input_audio_s == 7.0
    assert not any(
        isinstance(event, UsageReported) for event in read({"text": "Hi"}, duration_s=None)
    )


def test_silence_has_no_text() -> None:
    assert not any(isinstance(event, TextDelta) for event in read({"text": ""}))


@pytest.mark.parametrize("body", [None, [], {}, {"text": None}, {"transcripts": []}])
def test_no_transcription(body: object) -> None:
    with pytest.raises(InvalidReplyError):
        read(body)


def test_the_form_says_what_was_asked() -> None:
    clip = said("x")
    plain = {"model_id": HEARING, "tag_audio_events": "false", "timestamps_granularity": "word",
             "diarize": "false"}  # fmt: skip
    assert dict(transcription_fields(transcribing(clip), options=CallOptions())) == plain
    options = CallOptions(
        diarize=True, num_speakers=2, keyterms=("a", "b"), timestamps="none",
        extra_body={"webhook": False},
    )  # fmt: skip
    request = transcribing(clip, language="en-US", seed=1, temperature=0.5)
    assert transcription_fields(request, options=options) == [
        ("model_id", HEARING), ("language_code", "en"), ("tag_audio_events", "false"),
        ("timestamps_granularity", "none"), ("diarize", "true"), ("num_speakers", "2"),
        ("temperature", "0.5"), ("seed", "1"), ("keyterms", "a"), ("keyterms", "b"),
        ("webhook", "false"),
    ]  # fmt: skip


@pytest.mark.parametrize("fields", [{"instructions": "Be exact."}, {"seed": -1}, {"seed": 2**31}])
def test_what_the_form_cannot_say(fields: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFeatureError):
        transcription_fields(transcribing(said("x"), **fields), options=CallOptions())
