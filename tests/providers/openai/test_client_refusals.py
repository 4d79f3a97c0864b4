"""What goes wrong in the whole stack over real sockets, and what is told of it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from tests.providers.openai.talker import (
    EVERY_FACE,
    STREAMED_OR_NOT,
    Today,
    heard,
    spoken,
    talking,
)
from tests.providers.openai.vendor import KEY, fake

from ossicle.audio import AudioClip
from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioMissingError,
    AuthenticationError,
    MalformedAudioError,
    ModelNotFoundError,
    OssicleError,
    TextTooLongError,
    UnknownModelError,
    UnknownVoiceError,
    UnsupportedFeatureError,
    UnsupportedFormatError,
    UnsupportedModalityError,
)
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    Reply,
    ReplyStarted,
    TextPart,
)
from ossicle_testing.vendors import Fault, FaultKind, ManualClock, RetryAfter

USER = Message(role="user", parts=(TextPart(text="Hi"),))
REFUSED: list[tuple[str, type[OssicleError], dict[str, Any]]] = [
    ("text to text", UnsupportedModalityError, {"text": "Hi", "output": {"text"}}),
    ("an unknown voice", UnknownVoiceError, {"text": "Hi", "voice": "bob"}),
    ("a format nobody writes", UnsupportedFormatError, {"text": "Hi", "output_format": "amr"}),
    ("audio that is none", MalformedAudioError, {"audio": b"not audio at all" * 100}),
    ("a page", MalformedAudioError, {"audio": b"<!doctype html><html></html>" * 20}),
    (
        "audio in a tool result",
        UnsupportedFeatureError,
        {
            "history": [
                USER,
                Message(
                    role="tool",
                    parts=(AudioPart(clip=AudioClip.from_bytes(spoken("x"))),),
                ),
            ]
        },
    ),
    (
        "a model that was shut down",
        UnknownModelError,
        {"text": "Hi", "model": "gpt-4o-audio-preview"},
    ),
    ("a model that only speaks", UnsupportedFeatureError, {"text": "Hi", "model": "tts-1"}),
]


@EVERY_FACE
@pytest.mark.parametrize(("why", "error", "ask"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_is_refused_before_a_byte_is_sent(
    face: str, why: str, error: type[OssicleError], ask: dict[str, Any]
) -> None:
    with fake() as vendor, talking(face, vendor.base_url) as talker:
        with pytest.raises(error) as caught:
            talker.respond(**ask)
        assert vendor.ledger.entries == ()
        assert vendor.connections == 0
    assert caught.value.fix, why


def test_text_over_the_limit_is_refused_before_a_byte_is_sent() -> None:
    with fake() as vendor, talking("blocking", vendor.base_url) as talker:
        with pytest.raises(TextTooLongError) as caught:
            talker.speak("word " * 20_000, model="tts-1")
        assert vendor.ledger.entries == ()
    assert caught.value.measured is not None
    assert caught.value.allowed is not None
    assert caught.value.measured > caught.value.allowed


@EVERY_FACE
def test_a_wrong_key_is_named_and_not_shown(face: str) -> None:
    with fake(keys=["sk-other"]) as vendor, talking(face, vendor.base_url) as talker:
        with pytest.raises(AuthenticationError) as caught:
            talker.respond("Hi")
        assert vendor.ledger.executed == ()
        assert len(vendor.ledger.entries) == 1
    assert KEY not in f"{caught.value} {caught.value.receipt}"
    assert KEY[-4:] not in str(caught.value)


def test_an_unknown_model_is_asked_with_care_and_refused_by_the_vendor() -> None:
    with fake() as vendor, talking("trio", vendor.base_url) as talker:
        with pytest.raises(ModelNotFoundError) as caught:
            talker.respond("Hi", model="gpt-audio-99")
        assert len(vendor.ledger.entries) == 1
    assert any("gpt-audio-99" in note for note in caught.value.receipt.notes)


@pytest.mark.parametrize("streams", [False, True])
def test_clean_failures_are_repeated_and_every_attempt_is_on_the_receipt(streams: bool) -> None:
    throttled = Fault(kind=FaultKind.STATUS_429, retry_after=RetryAfter.ZERO)
    with (
        fake(throttled, FaultKind.STATUS_503) as vendor,
        talking("asyncio", vendor.base_url) as talker,
    ):
        reply = talker.ask("Hi", streams=streams)
        assert len(vendor.ledger.entries) == 3
        assert len(vendor.ledger.executed) == 1
    assert heard(reply.audio) == "You said: Hi"
    assert reply.receipt is not None
    told = [(one.outcome, one.error) for one in reply.receipt.attempts]
    assert told == [
        ("clean", "rate_limited"),
        ("clean", "provider_unavailable"),
        ("settled", None),
    ]
    assert all(one.request_id for one in reply.receipt.attempts)


@EVERY_FACE
@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER_UPLOAD, FaultKind.STATUS_500])
def test_what_may_have_been_executed_is_not_repeated(face: str, kind: FaultKind) -> None:
    with fake(kind) as vendor, talking(face, vendor.base_url) as talker:
        with pytest.raises(AmbiguousOutcomeError) as caught:
            talker.respond("Hi")
        assert len(vendor.ledger.entries) == 1
    assert [one.outcome for one in caught.value.receipt.attempts] == ["ambiguous"]
    assert caught.value.turn_id == caught.value.receipt.turn_id


@STREAMED_OR_NOT
def test_an_answer_without_the_audio_that_was_asked_for_is_an_error(streams: bool) -> None:
    with fake(FaultKind.AUDIO_MISSING) as vendor, talking("trio", vendor.base_url) as talker:
        with pytest.raises(AudioMissingError) as caught:
            talker.ask("Hi", streams=streams)
        assert len(vendor.ledger.executed) == 1
    assert isinstance(caught.value.partial, Reply)
    assert caught.value.partial.text == "You said: Hi"


def test_audio_of_another_format_than_asked_is_sniffed_converted_and_noted() -> None:
    with fake(FaultKind.OTHER_FORMAT) as vendor, talking("blocking", vendor.base_url) as talker:
        reply = talker.respond("Hi", output_format="wav")
    assert reply.audio is not None
    assert reply.audio.format.container == "wav"
    assert reply.receipt is not None
    assert reply.receipt.output is not None
    reasons = [step.reason for step in reply.receipt.output.steps]
    assert "wav was asked for, mp3 came" in reasons


def test_a_model_near_its_end_warns_once_a_call_and_names_its_successor() -> None:
    with fake() as vendor:
        for day, warned in ((datetime.date(2026, 10, 1), 0), (datetime.date(2026, 11, 1), 1)):
            clock = Today(day)
            with talking("blocking", vendor.base_url, clock=clock) as talker:
                reply = talker.respond("Hi", model="gpt-audio")
            assert reply.receipt is not None
            notes = [note for note in reply.receipt.notes if "2027-01-20" in note]
            assert len(notes) == warned
            assert all("gpt-audio-1.5" in note for note in notes)


def test_after_its_end_a_model_is_refused_here_and_its_successor_is_named() -> None:
    clock = Today(datetime.date(2027, 1, 21))
    with fake() as vendor, talking("blocking", vendor.base_url, clock=clock) as talker:
        with pytest.raises(UnknownModelError, match=r"gpt-audio-1\.5"):
            talker.respond("Hi", model="gpt-audio")
        assert vendor.ledger.entries == ()


@pytest.mark.parametrize("skew_s", [-600.0, 0.0, 600.0])
def test_the_vendors_clock_is_told(skew_s: float) -> None:
    clock = ManualClock()
    clock.advance(skew_s)
    with fake(clock=clock) as vendor, talking("blocking", vendor.base_url) as talker:
        events, reply = talker.stream("Hi")
    assert isinstance(events[0], ReplyStarted)
    assert events[0].server_time_s == pytest.approx(clock(), abs=1)
    assert reply.server_time_s == events[0].server_time_s
    assert isinstance(reply.reference, AudioReference)
    assert reply.reference.expires_at == pytest.approx(clock() + 3600, abs=1)


def test_headers_of_one_call_reach_the_vendor_with_that_call_only() -> None:
    with fake() as vendor, talking("blocking", vendor.base_url) as talker:
        options = {"openai": {"headers": {"x-ossicle-nonce": "n-1"}}}
        talker.respond("Hi", provider_options=options)
        talker.speak("Hi", model="tts-1", provider_options=options)
        talker.transcribe(spoken("Hi"), provider_options=options)
        talker.respond("Hi")
        nonces = [entry.nonce for entry in vendor.ledger.entries]
    assert nonces == ["n-1", "n-1", "n-1", None]


@pytest.mark.parametrize(
    ("fault", "noted"), [(None, 0), (Fault(kind=FaultKind.STREAM_DUPLICATE, at=0.45), 1)]
)
def test_a_piece_that_came_twice_shows_against_the_bill(fault: Fault | None, noted: int) -> None:
    # Nothing on the wire numbers the pieces; the faults bar found such replies without a word.
    with fake(fault) as vendor, talking("asyncio", vendor.base_url) as talker:
        _, reply = talker.stream("A text that takes a few pieces to say, one after the other.")
    assert reply.receipt is not None
    assert len([note for note in reply.receipt.notes if "doubled" in note]) == noted
