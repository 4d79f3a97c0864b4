"""The whole stack over real sockets: clients of both kinds, asyncio and trio, and a vendor."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from tests.providers.openai.talker import (
    BOTH,
    EVERY_FACE,
    STREAMED_OR_NOT,
    Today,
    heard,
    spoken,
    talking,
)
from tests.providers.openai.vendor import fake
from tests.providers.openai.wire import wav

from ossicle.audio import AudioClip
from ossicle.errors import (
    AudioReferenceNotFoundError,
)
from ossicle.intake import IntakeLimits
from ossicle.messages import (
    AudioDelta,
    AudioPart,
    Message,
    TextPart,
    Tool,
    ToolResultPart,
)
from ossicle.pipeline import PipelineSettings
from ossicle_testing.vendors import Fault, FaultKind, ManualClock
from ossicle_testing.vendors.tones import tone_ear, tone_voice

ROWS: list[tuple[dict[str, Any], set[str], str]] = [
    ({"text": "Hello"}, BOTH, "Hello"),
    ({"audio": spoken("Hello")}, BOTH, "Hello"),
    ({"audio": spoken("Hello")}, {"text"}, "Hello"),
    ({"text": "Listen", "audio": spoken("to me")}, BOTH, "Listen to me"),
    ({"text": "Listen", "audio": [spoken("to"), spoken("me")]}, {"text"}, "Listen to me"),
]


@EVERY_FACE
@STREAMED_OR_NOT
@pytest.mark.parametrize(("given", "output", "words"), ROWS)
def test_every_row_of_the_modality_matrix(
    face: str, streams: bool, given: dict[str, Any], output: set[str], words: str
) -> None:
    with fake() as vendor, talking(face, vendor.base_url) as talker:
        reply = talker.ask(streams=streams, output=output, **given)
        (entry,) = vendor.ledger.executed
    assert reply.text.split() == ["You", "said:", *words.split()]
    assert (reply.audio is not None) == ("audio" in output)
    if reply.audio is not None:
        assert heard(reply.audio) == reply.transcript
        assert reply.reference is not None
        assert reply.reference.expires_at == pytest.approx(entry.received_at + 3600, abs=5)
    assert reply.usage.input_tokens == entry.bill.input_tokens
    assert reply.usage.output_tokens == entry.bill.output_tokens
    assert reply.receipt is not None
    assert reply.receipt.cost is not None
    assert reply.receipt.cost.amount == entry.bill.amount
    assert [attempt.outcome for attempt in reply.receipt.attempts] == ["settled"]
    assert reply.receipt.attempts[0].request_id == reply.request_id


FORMATS = [
    ("wav", "wav", "pcm_s16le"),
    ("mp3", "mp3", "mp3"),
    ("flac", "flac", "flac"),
    ("opus", "ogg", "opus"),
    ("aac", "adts", "aac"),
    ("pcm16", "raw", "pcm_s16le"),
    ("mulaw", "wav", "mulaw"),
]


@STREAMED_OR_NOT
@pytest.mark.parametrize(("name", "container", "encoding"), FORMATS)
def test_every_output_format_is_delivered(
    name: str, container: str, encoding: str, streams: bool
) -> None:
    # The vendor streams nothing but raw samples: every other format is made here, on the way.
    text = "Say this in any format you like, please."
    with fake() as vendor, talking("trio" if streams else "blocking", vendor.base_url) as talker:
        if streams:
            events, reply = talker.stream(text, output_format=name)
            audio = [event for event in events if isinstance(event, AudioDelta)]
            assert {event.format.container for event in audio} == {container}
            joined = b"".join(event.data for event in audio)
            assert reply.audio is not None
            assert joined == reply.audio.read_bytes()
        else:
            reply = talker.respond(text, output_format=name)
    assert reply.audio is not None
    assert (reply.audio.format.container, reply.audio.format.encoding) == (container, encoding)
    assert heard(reply.audio) == f"You said: {text}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mp3", "flac", "opus", "wav"])
def test_a_streamed_answer_is_encoded_while_it_comes(name: str) -> None:
    text = "A rather long answer, so that the encoder has something to do. " * 3
    slow = Fault(kind=FaultKind.BANDWIDTH, bytes_per_s=1_500_000)
    with fake(slow) as vendor, talking("asyncio", vendor.base_url) as talker:
        events, _ = talker.stream(text, output_format=name)
    pieces = [len(event.data) for event in events if isinstance(event, AudioDelta)]
    assert len(pieces) > 3
    assert max(pieces) < 0.6 * sum(pieces)


LOOK = Tool(
    name="look",
    description="Looks at something.",
    parameters={"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
)


@EVERY_FACE
@STREAMED_OR_NOT
def test_a_tool_is_called_answered_and_talked_about(face: str, streams: bool) -> None:
    ask = spoken("please look")
    with fake(tool_talk="One moment.") as vendor, talking(face, vendor.base_url) as talker:
        first = talker.ask(audio=ask, tools=[LOOK], streams=streams)
        (call,) = first.tool_calls
        assert first.finish_reason == "tool_calls"
        assert "at" in call.parsed()
        assert heard(first.audio) == "One moment."
        history = [
            Message(role="user", parts=(AudioPart(clip=AudioClip.from_bytes(ask)),)),
            first.message,
            Message(role="tool", parts=(ToolResultPart(call_id=call.id, content="a door"),)),
        ]
        second = talker.ask(history=history, tools=[LOOK], streams=streams)
        assert heard(second.audio) == second.transcript == "The tool said: a door"
        history += [second.message]
        third = talker.ask("Go on", history=history, tools=[LOOK], streams=streams)
        assert heard(third.audio) == "You said: Go on"
        assert len(vendor.ledger.executed) == 3


@EVERY_FACE
def test_a_conversation_goes_on_by_audio_id(face: str) -> None:
    with fake() as vendor, talking(face, vendor.base_url) as talker:
        history: list[Message] = []
        for number in range(3):
            text = f"Turn {number}"
            reply = talker.respond(text, history=history)
            assert heard(reply.audio) == f"You said: {text}"
            history += [Message(role="user", parts=(TextPart(text=text),)), reply.message]
        last = vendor.ledger.executed[-1].bill
    # The ids stand for audio and are billed as such: 20 tokens for each second that was spoken.
    spoken_s = 2 * (0.24 + 0.04 * len("You said: Turn 0"))
    assert last.input_audio_tokens == pytest.approx(20 * spoken_s, abs=2)


@EVERY_FACE
def test_an_id_that_the_vendor_forgot_names_the_message(face: str) -> None:
    with fake() as vendor, talking(face, vendor.base_url) as talker:
        first = talker.respond("My name is Ann")
        assert first.reference is not None
        history = [
            Message(role="user", parts=(TextPart(text="My name is Ann"),)),
            first.message,
        ]
        vendor.forget()
        with pytest.raises(AudioReferenceNotFoundError) as caught:
            talker.respond("Go on", history=history, instructions="Be brief.")
        assert caught.value.message_index == 1
        assert caught.value.reference_id == first.reference.id
        assert [one.outcome for one in caught.value.receipt.attempts] == ["clean"]
        assert len(vendor.ledger.executed) == 1


def test_a_dead_id_never_leaves_and_its_words_go_instead() -> None:
    clock = ManualClock()
    today = datetime.datetime.fromtimestamp(clock(), datetime.UTC).date()
    with fake(clock=clock) as vendor:
        with talking("blocking", vendor.base_url, clock=Today(today)) as talker:
            first = talker.respond("My name is Ann")
        history = [Message(role="user", parts=(TextPart(text="My name is Ann"),)), first.message]
        clock.advance(7200)
        later = Today(today)
        later.wall_s = clock()
        with talking("blocking", vendor.base_url, clock=later) as talker:
            assert talker.respond("Go on", history=history).transcript == "You said: Go on"
        bill = vendor.ledger.executed[-1].bill
    assert bill.input_audio_tokens == 0
    assert bill.input_text_tokens > 10


@EVERY_FACE
@pytest.mark.parametrize("model", ["gpt-4o-mini-tts", "tts-1"])
def test_speech(face: str, model: str) -> None:
    with fake() as vendor, talking(face, vendor.base_url) as talker:
        reply = talker.speak("Good morning.", model=model, output_format="mp3", voice="coral")
        (entry,) = vendor.ledger.executed
    assert heard(reply.audio) == "Good morning."
    if model == "tts-1":
        assert reply.usage.characters == entry.bill.characters == 13
        assert reply.receipt is not None
        assert reply.receipt.cost is not None
        assert reply.receipt.cost.amount == entry.bill.amount


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mp3", "wav"])
def test_a_long_text_is_spoken_without_a_gap(name: str) -> None:
    text = " ".join(f"This is sentence number {number} of a long text." for number in range(120))
    with fake() as vendor, talking("asyncio", vendor.base_url) as talker:
        reply = talker.speak(text, model="tts-1", output_format=name)
        assert len(vendor.ledger.executed) == 2
        assert reply.usage.characters == vendor.ledger.total.characters
    assert reply.audio is not None
    assert reply.audio.format.container == name
    assert heard(reply.audio) == text


@EVERY_FACE
@STREAMED_OR_NOT
def test_transcription_by_the_default_model(face: str, streams: bool) -> None:
    with fake() as vendor, talking(face, vendor.base_url) as talker:
        if streams:
            _, reply = talker.stream(audio=spoken("Good morning"), task="transcribe")
        else:
            reply = talker.transcribe(spoken("Good morning"))
        (entry,) = vendor.ledger.executed
    assert reply.text == "Good morning"
    assert entry.path.endswith("/audio/transcriptions")


@pytest.mark.slow
def test_a_long_recording_is_cut_in_silence_and_told_as_one() -> None:
    sample_rate, words = 8000, ("Good morning", "how are you", "good bye")
    sound = np.zeros(1500 * sample_rate, np.float32)
    for text, start_s in zip(words, (2, 700, 1480), strict=True):
        tones = tone_voice(text)[::3]
        sound[start_s * sample_rate :][: len(tones)] += tones
    pcm = (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()

    def ear(samples: Any, rate: int) -> str:
        loud = np.flatnonzero(np.abs(samples) > 0.01)
        parts = np.split(loud, np.flatnonzero(np.diff(loud) > rate) + 1) if len(loud) else []
        return " ".join(tone_ear(samples[part[0] : part[-1] + rate], rate) for part in parts)

    settings = PipelineSettings(quality="warn", limits=IntakeLimits(decoded_s=1600))
    with fake(ear=ear) as vendor, talking("trio", vendor.base_url, settings=settings) as talker:
        reply = talker.transcribe(wav(pcm, sample_rate=sample_rate), model="gpt-4o-transcribe")
        assert len(vendor.ledger.executed) == 2
        assert vendor.ledger.total.seconds == pytest.approx(1500, abs=2)
    assert reply.text.split() == " ".join(words).split()
