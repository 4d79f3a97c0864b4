"""Earlier answers reach a provider as a live id or as words, never as a dead id."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.abc import Capabilities
from ossicle.audio import AudioClip
from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    Part,
    TextPart,
    ToolCall,
    ToolCallPart,
)
from ossicle.pipeline.history import SAFETY_S, for_provider

CLIP = AudioClip.from_pcm(b"\0\0", sample_rate=8000)
CALL = ToolCallPart(call=ToolCall(id="c", name="f"))
NOW = 1_000_000.0


def model(*, references: bool = True) -> Capabilities:
    return Capabilities(
        provider="p",
        model="m",
        rows={},
        audio_references=references,
        source="test",
        as_of=datetime.date(2026, 11, 23),
    )


def answer(*parts: Part) -> Message:
    return Message(role="assistant", parts=parts)


def reference(*, provider: str = "p", expires_at: float | None = NOW + 3600) -> AudioReference:
    return AudioReference(provider=provider, id="audio_1", expires_at=expires_at, transcript="hi")


def test_a_live_id_stands_for_the_audio() -> None:
    whole = answer(AudioPart(clip=CLIP, transcript="hi"), reference(), CALL)
    assert for_provider(whole, model(), now_s=NOW).parts == (reference(), CALL)


@pytest.mark.parametrize(
    ("dead", "references"),
    [
        (reference(expires_at=NOW + SAFETY_S), True),
        (reference(expires_at=NOW - 1), True),
        (reference(provider="q"), True),
        (reference(), False),
    ],
)
def test_what_the_provider_does_not_know_goes_as_words(
    dead: AudioReference, references: bool
) -> None:
    told = for_provider(
        answer(AudioPart(clip=CLIP, transcript="hi"), dead, CALL),
        model(references=references),
        now_s=NOW,
    )
    assert told.parts == (TextPart(text="hi"), CALL)


def test_written_words_are_not_said_twice() -> None:
    whole = answer(TextPart(text="written"), AudioPart(clip=CLIP, transcript="spoken"))
    assert for_provider(whole, model(), now_s=NOW).parts == (TextPart(text="written"),)


def test_an_answer_that_nobody_can_tell_is_an_error() -> None:
    with pytest.raises(UnsupportedFeatureError, match="no transcript"):
        for_provider(answer(AudioPart(clip=CLIP)), model(), now_s=NOW)


def test_what_others_said_is_left_as_it_is() -> None:
    said = Message(role="user", parts=(AudioPart(clip=CLIP),))
    assert for_provider(said, model(), now_s=NOW) is said


@given(expires_at=st.floats(0, 2e6), now_s=st.floats(0, 2e6), references=st.booleans())
def test_no_dead_id_ever_leaves(expires_at: float, now_s: float, references: bool) -> None:
    whole = answer(reference(expires_at=expires_at))
    told = for_provider(whole, model(references=references), now_s=now_s)
    for part in told.parts:
        if isinstance(part, AudioReference):
            assert part.expires_at is not None
            assert part.expires_at > now_s
