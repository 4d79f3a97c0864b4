"""The whole stack over real sockets: clients of both kinds, asyncio and trio, and a vendor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from typing import Any

import anyio
import pytest
from tests.providers.gemini.vendor import KEY, fake
from tests.providers.gemini.wire import said

import ossicle_gemini.plugin
from ossicle import AsyncClient, Client, PipelineSettings
from ossicle.audio import AudioClip
from ossicle.errors import (
    AmbiguousOutcomeError,
    ContentRefusedError,
    QuotaExhaustedError,
    TextTooLongError,
    UnknownModelError,
    UnsupportedFeatureError,
    UnsupportedModalityError,
)
from ossicle.messages import AudioDelta, AudioReference, Message, TextPart, Tool, ToolResultPart
from ossicle.plugins import installed_entry_points
from ossicle.policy import RetryPolicy
from ossicle_testing.vendors import FaultKind
from ossicle_testing.vendors.gemini import FakeGemini, text_tokens
from ossicle_testing.vendors.openai import FakeOpenAI
from ossicle_testing.vendors.tones import tone_ear

IS_INSTALLED = any(entry.name == "gemini" for entry in installed_entry_points())


def arguments(url: str, **more: Any) -> dict[str, Any]:
    return {
        "api_key": KEY,
        "base_url": url,
        "options": {"read_timeout_s": 5.0, "connect_timeout_s": 2.0},
        "settings": PipelineSettings(quality="warn"),
        "retry": RetryPolicy(base_s=0.0),
        # Where this very distribution is installed its entry point is the door; else this is.
        "plugins": [] if IS_INSTALLED else [ossicle_gemini.plugin],
        **more,
    }


@pytest.fixture(name="vendor")
def make_vendor() -> Iterator[FakeGemini]:
    with fake() as vendor:
        yield vendor


@pytest.fixture(name="client")
def make_client(vendor: FakeGemini) -> Iterator[Client]:
    with Client("gemini", **arguments(vendor.base_url)) as client:
        yield client


def clip(text: str) -> AudioClip:
    return said(text).clip


def heard(audio: AudioClip | None) -> str:
    assert audio is not None
    pcm = audio.to_pcm()
    return tone_ear(pcm.samples.mean(axis=1), pcm.sample_rate)


ROWS: list[tuple[dict[str, Any], str]] = [
    ({"text": "Hello"}, "Hello"),
    ({"audio": clip("Hello")}, "Hello"),
    ({"text": "Listen", "audio": clip("to me")}, "Listen to me"),
    ({"text": "Listen", "audio": [clip("to"), clip("me")]}, "Listen to me"),
]


@pytest.mark.parametrize(("given", "words"), ROWS)
def test_every_row_with_a_receipt_that_agrees_with_the_ledger(
    client: Client, vendor: FakeGemini, given: dict[str, Any], words: str
) -> None:
    reply = client.respond(output={"text"}, **given)
    (entry,) = vendor.ledger.executed
    assert sorted(reply.text.split()) == sorted(["You", "said:", *words.split()])
    assert reply.usage.input_tokens == entry.bill.input_tokens
    assert reply.receipt is not None
    assert reply.receipt.cost is not None
    assert reply.receipt.cost.amount == entry.bill.amount


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_streams_and_speech_under_both_loops(vendor: FakeGemini, backend: str) -> None:
    async def main() -> None:
        client = AsyncClient("gemini:gemini-3.8-flash", **arguments(vendor.base_url))
        try:
            async with client.stream(audio=clip("Hello"), output={"text"}) as stream:
                events = [event async for event in stream]
            assert stream.reply.text == "You said: Hello"
            assert len(events) > 2
            spoken = await client.speak("Good morning", model="gemini-3.8-flash-tts", voice="Puck")
            assert heard(spoken.audio) == "Good morning"
            assert spoken.audio is not None
            written = await client.transcribe(spoken.audio, model="gemini-3.5-transcribe")
            assert written.text == "Good morning"
        finally:
            await client.aclose()

    anyio.run(main, backend=backend)


@pytest.mark.parametrize(
    ("name", "container"), [("wav", "wav"), ("mp3", "mp3"), ("pcm16", "raw"), ("flac", "flac")]
)
@pytest.mark.parametrize("whole_wav", [False, True])
def test_speech_comes_in_the_format_that_was_asked_for(
    name: str, container: str, whole_wav: bool
) -> None:
    with (
        fake(whole_wav=whole_wav) as vendor,
        Client("gemini", **arguments(vendor.base_url)) as client,
    ):
        reply = client.speak("Good morning", output_format=name)
        (entry,) = vendor.ledger.executed
    assert reply.audio is not None
    assert reply.audio.format.container == container
    assert heard(reply.audio) == "Good morning"
    assert reply.receipt is not None
    assert reply.receipt.cost is not None
    assert reply.receipt.cost.amount == entry.bill.amount > Decimal(0)


def test_audio_that_the_model_does_not_take_is_converted(
    client: Client, vendor: FakeGemini, tmp_path: Any
) -> None:
    import numpy as np
    import soundfile

    pcm = clip("Hello there").to_pcm()
    path = tmp_path / "hello.wav"
    soundfile.write(path, pcm.samples.astype(np.float32), 24_000, subtype="FLOAT")
    reply = client.respond(audio=path, output={"text"})
    assert reply.text == "You said: Hello there"
    assert reply.receipt is not None
    assert [step.action for step in reply.receipt.inputs[0].steps][-1] == "encode"


def test_spoken_answers_are_refused_before_anything_is_sent(
    client: Client, vendor: FakeGemini
) -> None:
    with pytest.raises(UnsupportedModalityError):
        client.respond("Hello", output={"text", "audio"})
    assert len(vendor.ledger) == 0


def test_a_history_of_another_provider_goes_as_words(client: Client, vendor: FakeGemini) -> None:
    reference = AudioReference(provider="openai", id="audio_1", transcript="My name is Ann")
    history = (
        Message(role="user", parts=(said("Who are you"),)),
        Message(role="assistant", parts=(reference,)),
    )
    reply = client.respond("Go on", history=history, output={"text"})
    assert reply.text == "You said: Go on"
    (entry,) = vendor.ledger.executed
    assert entry.bill.input_audio_tokens > 0


def test_tools_through_the_client(client: Client, vendor: FakeGemini) -> None:
    tool = Tool(name="look", parameters={"type": "object", "properties": {}})
    first = client.respond("look", tools=[tool], output={"text"})
    (call,) = first.tool_calls
    history = (
        Message(role="user", parts=(TextPart(text="look"),)),
        first.message,
        Message(role="tool", parts=(ToolResultPart(call_id=call.id, content="a door"),)),
    )
    second = client.respond("and now", history=history, tools=[tool], output={"text"})
    assert second.text == "You said: and now"


def test_a_rate_limit_heals_and_a_lost_answer_is_not_repeated() -> None:
    faults = (FaultKind.STATUS_429, None, FaultKind.CLOSE_BEFORE_HEADERS, FaultKind.QUOTA_429)
    with fake(*faults) as vendor, Client("gemini", **arguments(vendor.base_url)) as client:
        assert client.respond("Hello", output={"text"}).text
        assert len(vendor.ledger) == 2
        with pytest.raises(AmbiguousOutcomeError):
            client.respond("Hello", output={"text"})
        with pytest.raises(QuotaExhaustedError):
            client.respond("Hello", output={"text"})
        assert len(vendor.ledger) == 4


def test_a_blocked_prompt_is_a_refusal_of_content() -> None:
    with (
        fake(blocks={"bomb": "SAFETY"}) as vendor,
        Client("gemini", **arguments(vendor.base_url)) as client,
    ):
        with pytest.raises(ContentRefusedError):
            client.respond("bomb", output={"text"})
        assert len(vendor.ledger) == 1


def test_speech_streams_in_pieces(client: Client) -> None:
    reply = client.speak("A text that is spoken", instructions="Whisper")
    assert heard(reply.audio) == "A text that is spoken"


def test_models_are_listed_and_calls_explained_without_a_key() -> None:
    settings = {**arguments("http://127.0.0.1:9"), "api_key": None}
    with closing(Client("gemini", **settings)) as client:
        models = {found.model for found in client.models() if found.provider == "gemini"}
        explained = client.explain("Hello", output={"text"})
    assert "gemini-3.8-flash" in models
    assert explained


def test_what_a_model_cannot_do_is_refused_before_sending(
    client: Client, vendor: FakeGemini
) -> None:
    with pytest.raises(UnknownModelError):
        client.respond("Hello", output={"text"}, model="gemini:no/such")
    with pytest.raises(UnsupportedFeatureError):
        client.transcribe(clip("Hello"), instructions="Names")
    with pytest.raises(TextTooLongError):
        client.speak("word " * 2000)
    assert len(vendor.ledger) == 0


def test_nothing_is_left_open() -> None:
    stack = ExitStack()
    vendor = stack.enter_context(fake())
    client = stack.enter_context(Client("gemini", **arguments(vendor.base_url)))
    with client.stream("Hello", output={"text"}) as stream:
        assert not any(isinstance(event, AudioDelta) for event in stream)
    stack.close()
    stack.close()


def test_a_conversation_moves_to_gemini_and_back(
    vendor: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", vendor.base_url)
    with FakeOpenAI() as other:
        settings = arguments(other.base_url, options={"profile": "openai"})
        with Client("openai:gpt-audio-1.5", **settings) as client:
            talk = client.conversation()
            first = talk.send(audio=clip("My name is Ann"))
            assert first.transcript == "You said: My name is Ann"
            talk.switch("gemini:gemini-3.8-flash")
            second = talk.send(audio=clip("And who are you"), output={"text"})
            assert (second.provider, second.text) == ("gemini", "You said: And who are you")
            talk.switch("openai:gpt-audio-1.5")
            third = talk.send(audio=clip("Good bye"))
            assert third.transcript == "You said: Good bye"
            # Both of the user's clips and the words of the answer went along.
            (entry,) = vendor.ledger.executed
            seconds = sum(one.duration_s or 0 for one in map(clip, USED))
            assert entry.bill.input_audio_tokens == pytest.approx(25 * seconds, abs=len(USED))
            assert entry.bill.input_text_tokens == text_tokens(first.transcript or "")


USED = ("My name is Ann", "And who are you")
