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
from ossicle.pipeline.prepared_call import MAX_SKEW_S, SAFETY_S, Liveness, for_provider

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


def told(
    message: Message,
    *,
    references: bool = True,
    now_s: float = NOW,
    skew_s: float | None = 0.0,
    left_s: float = 0.0,
) -> Message:
    capabilities = model(references=references)
    liveness = Liveness(capabilities, now_s=now_s, skew_s=skew_s, left_s=left_s)
    return for_provider(message, capabilities, liveness=liveness)


def answer(*parts: Part) -> Message:
    return Message(role="assistant", parts=parts)


def reference(*, provider: str = "p", expires_at: float | None = NOW + 3600) -> AudioReference:
    return AudioReference(provider=provider, id="audio_1", expires_at=expires_at, transcript="hi")


def test_a_live_id_stands_for_the_audio() -> None:
    whole = answer(AudioPart(clip=CLIP, transcript="hi"), reference(), CALL)
    assert told(whole).parts == (reference(), CALL)


@pytest.mark.parametrize(
    ("dead", "references"),
    [
        (reference(expires_at=NOW + SAFETY_S), True),
        (reference(expires_at=NOW - 1), True),
        (reference(expires_at=None), True),
        (reference(provider="q"), True),
        (reference(), False),
    ],
)
def test_what_the_provider_does_not_know_goes_as_words(
    dead: AudioReference, references: bool
) -> None:
    whole = answer(AudioPart(clip=CLIP, transcript="hi"), dead, CALL)
    assert told(whole, references=references).parts == (TextPart(text="hi"), CALL)


@pytest.mark.parametrize(
    ("lives_s", "skew_s", "left_s", "is_named"),
    [
        (181, 0.0, 120.0, True),
        (180, 0.0, 120.0, False),
        (681, 500.0, 120.0, True),
        (680, 500.0, 120.0, False),
        (781, None, 120.0, True),
        (780, None, 120.0, False),
        (61, 0.0, -5.0, True),
    ],
)
def test_an_id_must_outlive_the_call_by_the_vendors_clock(
    lives_s: float, skew_s: float | None, left_s: float, is_named: bool
) -> None:
    whole = answer(reference(expires_at=NOW + lives_s))
    found = told(whole, skew_s=skew_s, left_s=left_s).parts
    assert isinstance(found[0], AudioReference) == is_named


def test_written_words_are_not_said_twice() -> None:
    whole = answer(TextPart(text="written"), AudioPart(clip=CLIP, transcript="spoken"))
    assert told(whole).parts == (TextPart(text="written"),)


def test_an_answer_that_nobody_can_tell_is_an_error() -> None:
    with pytest.raises(UnsupportedFeatureError, match="no transcript"):
        told(answer(AudioPart(clip=CLIP)))


def test_what_others_said_is_left_as_it_is() -> None:
    said = Message(role="user", parts=(AudioPart(clip=CLIP),))
    assert told(said) is said


@given(
    vendor_s=st.floats(0, 2e6),
    skew_s=st.floats(-MAX_SKEW_S, MAX_SKEW_S),
    is_known=st.booleans(),
    left_s=st.floats(0, 3600),
    passed=st.floats(0, 1),
    expires_at=st.none() | st.floats(0, 2e6),
    references=st.booleans(),
)
def test_no_dead_id_ever_leaves(
    vendor_s: float,
    skew_s: float,
    is_known: bool,
    left_s: float,
    passed: float,
    expires_at: float | None,
    references: bool,
) -> None:
    found = told(
        answer(reference(expires_at=expires_at)),
        references=references,
        now_s=vendor_s - skew_s,
        skew_s=skew_s if is_known else None,
        left_s=left_s,
    )
    for part in found.parts:
        if isinstance(part, AudioReference):
            assert part.expires_at is not None
            assert part.expires_at > vendor_s + passed * left_s
