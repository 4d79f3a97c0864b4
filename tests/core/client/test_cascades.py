"""Hear with one, think with another, speak with a third: over real sockets, by fake vendors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import anyio
import numpy as np
import pytest

from ossicle import (
    AsyncClient,
    AudioClip,
    AudioDelta,
    Budget,
    BudgetLimits,
    Cascade,
    Client,
    Message,
    PipelineSettings,
    Reply,
)
from ossicle.abc import CallInfo, hookimpl
from ossicle.cascade import CallableThinker
from ossicle.errors import (
    ConfigurationError,
    OssicleError,
    ProviderUnavailableError,
    UnsupportedFeatureError,
)
from ossicle.messages import Receipt
from ossicle.policy import RetryPolicy
from ossicle_testing.vendors import (
    FakeVendor,
    Fault,
    FaultKind,
    ListedFaults,
    Request,
    Response,
    event,
    tone_ear,
    tone_voice,
)
from ossicle_testing.vendors.audio import pcm16_bytes
from ossicle_testing.vendors.elevenlabs import FakeElevenLabs
from ossicle_testing.vendors.openai import FakeOpenAI

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
ANY_SOUND = PipelineSettings(quality="warn")
"""Words here are tones, which no detector takes for speech."""

TINY = Decimal("1e-15")

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
        assert not vendors.eleven.failures


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

    with FakeVendor({("POST", "/v1/chat/completions"): answer}) as endpoint:
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


def spoken_s(text: str, seconds: int = 2) -> AudioClip:
    """Of whole seconds, as vendors tell what they bill."""
    samples = np.zeros(24_000 * seconds, np.float32)
    voice = tone_voice(text)
    samples[: len(voice)] = voice
    return AudioClip.from_pcm(pcm16_bytes(samples), sample_rate=24_000)


def billed_by(*vendors: FakeElevenLabs | FakeOpenAI) -> Decimal:
    """What these vendors bill in all; what they add up is rounded far behind any coin."""
    return sum((vendor.ledger.total.amount for vendor in vendors), Decimal(0)).quantize(TINY)


def cost_of_answer(reply: Reply) -> Decimal | None:
    assert reply.receipt is not None
    cost = reply.receipt.cost
    return None if cost is None else cost.amount.quantize(TINY)


@pytest.mark.parametrize("speaker", ["openai:tts-1", "elevenlabs:eleven_flash_v2_5"])
def test_an_answer_costs_what_its_vendors_bill(vendors: Vendors, speaker: str) -> None:
    parts = {"hear": "openai:gpt-transcribe", "think": twice, "speak": speaker}
    budget = Budget(BudgetLimits(on_unknown="allow"))
    with Client(vendors.cascade(**parts), settings=ANY_SOUND, budget=budget) as client:
        asked = spoken_s("Hello there. My friends")
        conversation = client.conversation()
        turns = [conversation.send(audio=asked), conversation.send("Well. Well then")]
        whole = sum((cost_of_answer(turn) or Decimal(0) for turn in turns), Decimal(0))
        assert whole == billed_by(vendors.eleven, vendors.openai) > 0
        assert turns[0].receipt is not None
        assert turns[0].receipt.cost is not None
        assert turns[0].receipt.cost.basis == "characters"  # The weakest of them.
        assert conversation.receipt.unpriced == 0
        assert conversation.receipt.cost["USD"].quantize(TINY) == whole
        assert budget.spent_today().money.quantize(TINY) == whole
        assert client.stats.snapshot().total.costs["USD"].quantize(TINY) == whole
        for one in (client.transcribe(asked), client.speak("Good day. To all")):
            whole += cost_of_answer(one) or Decimal(0)
        assert whole == billed_by(vendors.eleven, vendors.openai)


def test_a_part_whose_price_nobody_knows_leaves_the_cost_unknown(vendors: Vendors) -> None:
    parts = {"hear": "openai:gpt-transcribe", "think": "openai:gpt-4o-mini", "speak": None}
    with Client(vendors.cascade(**parts), settings=ANY_SOUND) as client:
        reply = client.respond(audio=spoken_s("Hello"), output={"text"})
        assert cost_of_answer(reply) is None
        assert client.stats.snapshot().total.unpriced_calls == 1
        assert cost_of_answer(client.transcribe(spoken_s("Hello"))) is not None


def test_what_an_answer_cost_until_it_failed_is_on_its_receipt(vendors: Vendors) -> None:
    def think(text: str) -> str:
        raise ProviderUnavailableError("nothing comes to mind", provider="me", billed=False)

    parts = {"hear": "openai:gpt-transcribe", "think": think}
    budget = Budget(BudgetLimits(on_unknown="allow"))
    with Client(vendors.cascade(**parts), settings=ANY_SOUND, budget=budget) as client:
        with pytest.raises(ProviderUnavailableError) as caught:
            client.respond(audio=spoken_s("Hello"))
        receipt = caught.value.receipt
        assert receipt is not None
        assert receipt.cost is not None
        assert receipt.cost.amount.quantize(TINY) == billed_by(vendors.openai) > 0
        assert budget.spent_today().money.quantize(TINY) == billed_by(vendors.openai)


@pytest.mark.parametrize("fault", [FaultKind.RESET_AFTER_UPLOAD, FaultKind.STATUS_500])
def test_a_part_that_may_have_been_paid_as_it_failed_leaves_the_cost_unknown(
    vendors: Vendors, fault: FaultKind
) -> None:
    faults = ListedFaults([fault], repeat=True)
    with FakeElevenLabs(keys=[KEY], schedule=faults) as voice:
        speaker = {"elevenlabs": {"base_url": voice.base_url, "api_key": KEY}}
        cascade = Cascade(
            hear="openai:gpt-transcribe",
            think=str.upper,
            speak="elevenlabs:eleven_flash_v2_5",
            endpoints=vendors.endpoints | speaker,
        )
        retry = RetryPolicy(attempts=1)
        with Client(cascade, settings=ANY_SOUND, retry=retry) as client:
            with pytest.raises(OssicleError) as caught:
                client.respond(audio=spoken_s("Hello"))
            assert caught.value.receipt is not None
            assert caught.value.receipt.cost is None
            assert client.stats.snapshot().total.unpriced_calls == 1


def test_the_cost_of_an_answer_that_is_left_is_not_known(vendors: Vendors) -> None:
    parts = {"hear": "openai:gpt-transcribe", "think": twice, "speak": "openai:tts-1"}
    left = Left()
    with Client(vendors.cascade(**parts), settings=ANY_SOUND, plugins=[left]) as client:
        with client.stream(audio=spoken_s("Hello there my friends")) as stream:
            while not isinstance(next(stream), AudioDelta):
                pass
        (receipt,) = left.receipts
        assert receipt.cost is None
        assert client.stats.snapshot().total.unpriced_calls == 1


def twice(text: str) -> str:
    return f"{text}. {text}."


class Left:
    """The receipts of answers that were left."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []

    @hookimpl
    def ossicle_call_abandoned(self, call: CallInfo, receipt: Receipt) -> None:
        self.receipts.append(receipt)
