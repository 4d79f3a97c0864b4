"""Hear with one, think with another, speak with a third: over real sockets, by fake vendors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from ossicle import AsyncClient, AudioClip, AudioDelta, Cascade, Client, Message, PipelineSettings
from ossicle.cascade import CallableThinker
from ossicle.errors import (
    ConfigurationError,
    OssicleError,
    ProviderUnavailableError,
    UnsupportedFeatureError,
)
from ossicle.policy import RetryPolicy
from ossicle.testing.vendors import (
    Fault,
    FaultKind,
    ListedFaults,
    LoopbackServer,
    Request,
    Response,
    event,
    tone_ear,
    tone_voice,
)
from ossicle.testing.vendors.elevenlabs import FakeElevenLabs
from ossicle.testing.vendors.openai import FakeOpenAI
from ossicle.testing.vendors.sound import pcm16_bytes

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
ANY_SOUND = PipelineSettings(quality="warn")
"""Words here are tones, which no detector takes for speech."""

KEY = "sk_cascade0123456789abcdef"


def spoken(text: str) -> AudioClip:
    return AudioClip.from_pcm(pcm16_bytes(tone_voice(text)), sample_rate=24_000)


def heard(clip: AudioClip | None) -> str:
    assert clip is not None
    pcm = clip.to_pcm()
    return tone_ear(pcm.samples.mean(axis=1), pcm.sample_rate)


@dataclass
class Vendors:
    eleven: FakeElevenLabs
    openai: FakeOpenAI

    @property
    def endpoints(self) -> dict[str, dict[str, Any]]:
        return {
            "elevenlabs": {"base_url": self.eleven.base_url, "api_key": KEY},
            "openai": {
                "base_url": self.openai.base_url, "api_key": KEY, "options": {"profile": "openai"},
            },
        }  # fmt: skip

    def cascade(self, **parts: Any) -> Cascade:
        parts = {"hear": "elevenlabs", "think": "openai:gpt-4o-mini", "speak": "elevenlabs"} | parts
        return Cascade(endpoints=self.endpoints, **parts)


@pytest.fixture(name="vendors")
def make_vendors() -> Iterator[Vendors]:
    with ExitStack() as stack:
        yield Vendors(
            eleven=stack.enter_context(FakeElevenLabs(keys=[KEY])),
            openai=stack.enter_context(FakeOpenAI(keys=[KEY])),
        )


def test_three_vendors_answer_speech_with_speech(vendors: Vendors) -> None:
    with Client(vendors.cascade(), settings=ANY_SOUND) as client:
        reply = client.respond(audio=spoken("Hello there, my friends"))
    assert heard(reply.audio) == reply.transcript == "You said: Hello there, my friends"
    paths = [entry.path.rpartition("/")[2] for entry in vendors.eleven.ledger.executed]
    assert paths == ["speech-to-text", "stream"]
    (thought,) = vendors.openai.ledger.executed
    assert thought.path.endswith("/chat/completions")
    assert thought.bill.input_audio_tokens == 0
    assert reply.provider == "cascade"


def test_each_task_of_its_parts_is_its_own(vendors: Vendors) -> None:
    with Client(vendors.cascade(), settings=ANY_SOUND) as client:
        assert client.transcribe(spoken("Hello")).text == "Hello"
        assert heard(client.speak("Good day").audio) == "Good day"
        assert client.respond("Hello", output={"text"}).text == "You said: Hello"
        assert not vendors.eleven.server.failures


def test_a_function_thinks_with_or_without_what_was_said_before(vendors: Vendors) -> None:
    def count(messages: Sequence[Message]) -> str:
        return f"{len(messages)} messages, the first says {messages[0].text}"

    with Client(vendors.cascade(think=count, takes="messages"), settings=ANY_SOUND) as client:
        talk = client.conversation()
        talk.send(audio=spoken("One"))
        reply = talk.send(audio=spoken("Two"))
    assert heard(reply.audio) == "3 messages, the first says One"
    with Client(vendors.cascade(think=str.upper), settings=ANY_SOUND) as client:
        assert heard(client.respond(audio=spoken("hello")).audio) == "HELLO"


@BACKENDS
def test_the_first_sentence_sounds_before_the_second_is_thought(
    vendors: Vendors, backend: str
) -> None:
    """The endpoint waits in the middle of its answer until the first sentence was spoken."""

    def has_spoken(entries: Sequence[Any]) -> bool:
        return any(one.executed and one.path.endswith("/stream") for one in entries)

    def pieces() -> Iterator[bytes]:
        yield delta("The first sentence is this one. ")
        yield delta("The sec")
        assert vendors.eleven.ledger.wait_for(has_spoken, timeout_s=20)
        yield delta("ond comes later.", finish="stop")
        yield event("[DONE]")

    def delta(text: str, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        return event({"id": "c1", "object": "chat.completion.chunk", "created": 1,
                      "model": "small", "choices": [choice]})  # fmt: skip

    def answer(request: Request) -> Response:
        assert json.loads(request.body)["stream"] is True
        return Response(
            headers=(("content-type", "text/event-stream"),), body=pieces(), executed=True
        )

    async def main(url: str) -> list[str]:
        cascade = Cascade(
            hear="elevenlabs", think="openai:small", speak="elevenlabs",
            endpoints={**vendors.endpoints, "openai": {"base_url": f"{url}/v1"}},
        )  # fmt: skip
        found: list[str] = []
        asked = spoken("Tell me a story, please.")
        async with (
            AsyncClient(cascade, settings=ANY_SOUND) as client,
            client.stream(audio=asked) as stream,
        ):
            async for one in stream:
                found.append(type(one).__name__)
            reply = stream.reply
        assert heard(reply.audio) == "The first sentence is this one. The second comes later."
        return found

    with LoopbackServer({("POST", "/v1/chat/completions"): answer}) as endpoint:
        found = anyio.run(main, endpoint.url, backend=backend)
    assert found.count(AudioDelta.__name__) > 2
    said = [entry.bill.characters for entry in vendors.eleven.ledger.executed]
    assert said[1:] == [len("The first sentence is this one."), len("The second comes later.")]


def test_it_stands_in_where_another_failed(vendors: Vendors) -> None:
    faults = [Fault(kind=FaultKind.STATUS_503)]
    with FakeOpenAI(schedule=ListedFaults(faults), keys=[KEY]) as failing:
        client = Client(
            ["openai:gpt-audio-1.5", vendors.cascade()],
            api_key=KEY, base_url=failing.base_url, options={"profile": "openai"},
            retry=RetryPolicy(attempts=1), settings=ANY_SOUND,
        )  # fmt: skip
        with client:
            reply = client.respond(audio=spoken("Hello"))
        assert reply.provider == "cascade"
        assert heard(reply.audio) == "You said: Hello"
        assert not failing.ledger.executed


def test_a_stage_that_fails_ends_the_answer_with_its_error() -> None:
    busy = FakeElevenLabs(schedule=ListedFaults([Fault(kind=FaultKind.STATUS_503)]))
    with busy as eleven:
        cascade = Cascade(
            hear="elevenlabs", think=str.upper, speak="elevenlabs",
            endpoints={"elevenlabs": {"base_url": eleven.base_url, "api_key": KEY}},
        )  # fmt: skip
        with Client(cascade, retry=RetryPolicy(attempts=1), settings=ANY_SOUND) as client:
            with pytest.raises(ProviderUnavailableError) as caught:
                client.respond(audio=spoken("Hello"))
            assert caught.value.provider == "elevenlabs"
            assert client.respond(audio=spoken("hello")).transcript == "HELLO"


@pytest.mark.slow
def test_what_was_heard_is_not_heard_and_paid_again_when_the_thinker_fails(
    vendors: Vendors,
) -> None:
    with FakeOpenAI(schedule=ListedFaults([FaultKind.STATUS_503], repeat=True)) as failing:
        endpoints = {**vendors.endpoints, "openai": {"base_url": failing.base_url, "api_key": KEY}}
        cascade = Cascade(hear="elevenlabs", think="openai:gpt-4o-mini", endpoints=endpoints)
        with Client(cascade, retry=RetryPolicy(attempts=3), settings=ANY_SOUND) as client:
            with pytest.raises(ProviderUnavailableError) as caught:
                client.respond(audio=spoken("Hello"), output={"text"})
            assert caught.value.billed
            assert len(vendors.eleven.ledger.executed) == len(failing.ledger.entries) == 1
            # What was written costs nothing to read: that is asked again.
            with pytest.raises(ProviderUnavailableError):
                client.respond("Hello", output={"text"})
            assert len(failing.ledger.entries) == 4


def test_what_is_left_out_cannot_be_asked_for(vendors: Vendors) -> None:
    with Client(vendors.cascade(hear=None), settings=ANY_SOUND) as client:
        assert client.respond("Hello").transcript == "You said: Hello"
        with pytest.raises(OssicleError) as caught:
            client.respond(audio=spoken("Hello"))
        assert isinstance(caught.value, UnsupportedFeatureError)
        with pytest.raises(ConfigurationError, match="no default model to transcribe"):
            client.transcribe(spoken("Hello"))


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"think": "elevenlabs"}, "no default model to respond"),
        ({"think": "elevenlabs:scribe_v2"}, "does not respond"),
        ({"hear": "elevenlabs:eleven_v3"}, "does not transcribe"),
        ({"speak": "nowhere"}, "nowhere"),
    ],
)
def test_parts_that_cannot_do_their_part(
    vendors: Vendors, parts: dict[str, Any], problem: str
) -> None:
    with Client(vendors.cascade(**parts)) as client:
        with pytest.raises(ConfigurationError, match=problem) as caught:
            client.respond("Hello")
        assert caught.value.fix
    assert not vendors.eleven.ledger.entries


def test_two_cascades_are_told_apart_without_their_keys(vendors: Vendors) -> None:
    one, other = vendors.cascade(), vendors.cascade(speak="elevenlabs:eleven_v3")
    assert one.endpoint != other.endpoint
    assert KEY not in one.endpoint
    assert vendors.eleven.base_url in one.endpoint


def test_it_belongs_to_one_client(vendors: Vendors) -> None:
    cascade = vendors.cascade()
    with pytest.raises(ConfigurationError, match="no client"):
        cascade.capabilities("cascade")
    with Client(cascade), pytest.raises(ConfigurationError, match="another client"):
        Client(cascade)


def test_what_makes_no_cascade() -> None:
    with pytest.raises(ConfigurationError, match="without any part"):
        Cascade()
    for wrong in ({"key": "secret-value"}, "http://secret-value"):
        with pytest.raises(ConfigurationError, match="no mapping") as caught:
            Cascade(think=str.upper, endpoints={"openai": wrong})  # type: ignore[dict-item]
        assert "secret-value" not in str(caught.value)


def test_stages_of_ones_own_need_no_client() -> None:
    cascade = Cascade(think=CallableThinker(str.upper), name="mine")
    assert cascade.capabilities("mine").tasks == {"respond"}
    assert cascade.default_models == {"respond": "mine"}
    with Client(cascade) as client:
        assert client.respond("hello", output={"text"}).text == "HELLO"
        assert client.respond("hello", output={"text"}, model="mine").text == "HELLO"
