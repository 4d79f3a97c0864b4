"""A spoken conversation moves from vendor to vendor, with real speech, and nothing is lost unsaid.

Both vendors are the fake ones, with the voice and the recogniser of the extra `local` in them, so
what reaches them is heard, not assumed. What they were told is read from their own side of the
socket: the turns that their models answered, the tokens of their ledgers, the bodies they got.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr
from tests.providers.local.conftest import skip_without

from ossicle import AudioClip, Client, Conversation, HistoryPolicy
from ossicle.errors import ConfigurationError, UnsupportedModalityError
from ossicle.messages import Reply
from ossicle.policy import SystemClock
from ossicle_local.engines import HEARING, SPEAKING
from ossicle_testing import word_error_rate
from ossicle_testing.vendors import Request, repeating_model
from ossicle_testing.vendors.audio import pcm16_bytes
from ossicle_testing.vendors.elevenlabs import FakeElevenLabs
from ossicle_testing.vendors.gemini import FakeGemini, heard_tokens
from ossicle_testing.vendors.gemini.models import MODELS
from ossicle_testing.vendors.openai import FakeOpenAI

pytestmark = pytest.mark.models

OPENAI, GEMINI, LOCAL = "openai:gpt-audio-1.5", "gemini:gemini-3.8-flash", "local"
KEY = "sk-moving-0123456789abcdef"
Turns = list[tuple[str, str]]

NAME = "My name is Robert."
BRIDGE = "This bridge was built long before my mother was born."
RAIN = "A gentle rain fell on the roof throughout the night."
ASKED = "What is my name?"
TEA = "I would like a cup of tea with milk and no sugar."


class MovableClock(SystemClock):
    """The loop's clock, on another hour."""

    ahead_s = 0.0

    def wall(self) -> float:
        return super().wall() + self.ahead_s


@dataclass
class Witness:
    """What one vendor's model was told, call by call."""

    told: list[Turns] = field(default_factory=list)

    def brain(self, turns: Sequence[tuple[str, str]]) -> str:
        self.told.append(list(turns))
        return repeating_model(turns)


class Speech:
    """Real speech and its recogniser, from the extra `local`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._said: dict[str, AudioClip] = {}

    def clip(self, text: str) -> AudioClip:
        if text not in self._said:
            audio = self._client.speak(text, model="local", output_format="wav").audio
            assert audio is not None
            self._said[text] = audio
        return self._said[text]

    def voice(self, text: str) -> Any:
        return self.clip(text).to_pcm().samples.mean(axis=1)

    def ear(self, samples: Any, sample_rate: int) -> str:
        if not samples.size or float(np.max(np.abs(samples))) < 1e-3:
            return ""
        clip = AudioClip.from_pcm(pcm16_bytes(samples), sample_rate=sample_rate)
        return self.words(clip)

    def words(self, clip: AudioClip | None) -> str:
        assert clip is not None
        return self._client.transcribe(clip, model="local").text


@dataclass
class World:
    """Two vendors, one machine, one client."""

    speech: Speech
    clock: MovableClock
    openai: FakeOpenAI
    gemini: FakeGemini
    client: Client
    openai_told: Witness
    gemini_told: Witness
    openai_got: list[Request]
    gemini_got: list[Request]

    def seconds(self, *texts: str) -> float:
        return sum(self.speech.clip(text).duration_s or 0.0 for text in texts)


@pytest.fixture(scope="module", name="speech")
def make_speech() -> Iterator[Speech]:
    skip_without(HEARING[0], SPEAKING[0])
    assert importlib.util.find_spec("soundfile") is not None
    with Client("local") as client:
        yield Speech(client)


@pytest.fixture(name="world")
def make_world(speech: Speech, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    clock, ours, theirs = MovableClock(), Witness(), Witness()
    sound: dict[str, Any] = {"voice": speech.voice, "ear": speech.ear, "clock": clock.wall}
    with ExitStack() as stack:
        openai = stack.enter_context(FakeOpenAI(chat_model=ours.brain, keys=[KEY], **sound))
        gemini = stack.enter_context(FakeGemini(chat_model=theirs.brain, keys=[KEY], **sound))
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", gemini.base_url)
        client = Client(
            OPENAI, api_key=SecretStr(KEY), base_url=openai.base_url,
            options={"profile": "openai"}, clock=clock,
        )  # fmt: skip
        yield World(
            speech=speech, clock=clock, openai=openai, gemini=gemini,
            client=stack.enter_context(client), openai_told=ours, gemini_told=theirs,
            openai_got=stack.enter_context(openai.watching()),
            gemini_got=stack.enter_context(gemini.watching()),
        )  # fmt: skip


def same_words(told: str, said: str) -> bool:
    """Whether what a vendor was told is what was said: at most one word in ten misheard."""
    return word_error_rate(said, told) <= 0.1


def answered(said: str) -> str:
    return f"You said: {said}"


def changes(talk: Conversation) -> dict[int, list[str]]:
    """What the last call told otherwise: kinds by number of committed turn."""
    assert talk.report is not None
    kept = [turn for turn in talk.turns if turn.state == "committed"]
    numbers = {turn.id: number for number, turn in enumerate(kept, 1)}
    found: dict[int, list[str]] = {}
    for change in talk.report.changes:
        found.setdefault(numbers[change.turn_id], []).append(change.kind)
    return found


def check_told(told: Turns, expected: Sequence[tuple[str, str]]) -> None:
    assert [role for role, _ in told] == [role for role, _ in expected]
    for (_, words), (_, said) in zip(told, expected, strict=True):
        assert same_words(words, said), (words, said)


def check_spoken(world: World, reply: Reply, words: str) -> None:
    """The model spoke, and what it said can be heard."""
    assert reply.audio is not None
    assert same_words(world.speech.words(reply.audio), words)


def test_a_conversation_moves_from_openai_to_gemini_to_local_and_back(world: World) -> None:
    # Nothing is written down here, so that what moves is the sound itself.
    clip = world.speech.clip
    talk = world.client.conversation(history_policy=HistoryPolicy(transcriber=None))
    # Two spoken turns with OpenAI; the second names the first answer by its id.
    first = talk.send(audio=clip(NAME))
    second = talk.send(audio=clip(BRIDGE))
    check_spoken(world, second, answered(BRIDGE))
    assert changes(talk) == {}
    assert first.reference is not None
    assert second.reference is not None
    ours = {first.reference.id, second.reference.id}
    assert first.reference.id in _body(world.openai_got[-1])

    # To Gemini, which keeps no ids and answers in writing.
    report = talk.switch(GEMINI)
    assert [change.kind for change in report.changes] == ["voice_lost", "voice_lost"]
    with pytest.raises(UnsupportedModalityError) as refused:
        talk.send(audio=clip(RAIN))
    assert refused.value.fix
    third = talk.send(audio=clip(RAIN), output={"text"})
    assert third.provider == "gemini"
    assert same_words(third.text, answered(RAIN))
    assert changes(talk) == {1: ["voice_lost"], 2: ["voice_lost"]}
    (told,) = world.gemini_told.told
    check_told(told, [
        ("user", NAME), ("assistant", answered(NAME)),
        ("user", BRIDGE), ("assistant", answered(BRIDGE)),
        ("user", RAIN),
    ])  # fmt: skip
    # All three of the user's turns came as sound, both answers as text.
    (entry,) = world.gemini.ledger.executed
    heard = sum(heard_tokens(round(24_000 * world.seconds(text)), 24_000, MODELS[GEMINI[7:]])
                for text in (NAME, BRIDGE, RAIN))  # fmt: skip
    assert abs(entry.bill.input_audio_tokens - heard) <= 3
    assert entry.bill.input_text_tokens > 0
    assert not _ids(world.gemini_got)

    # To the machine itself: it knows what was told to others, and speaks.
    talk.switch(LOCAL)
    fourth = talk.send(audio=clip(ASKED))
    assert fourth.provider == "local"
    check_spoken(world, fourth, "Your name is Robert.")
    assert changes(talk) == {1: ["voice_lost"], 2: ["voice_lost"]}

    # Back to OpenAI: its own answers by the ids it gave, the others in words.
    talk.switch(OPENAI)
    fifth = talk.send(audio=clip(TEA))
    check_spoken(world, fifth, answered(TEA))
    assert changes(talk) == {4: ["voice_lost"]}
    assert talk.report is not None
    assert talk.report.references == 2
    assert _ids(world.openai_got[-1:]) == ours
    told = world.openai_told.told[-1]
    check_told([one for one in told if one[0] == "user"], [
        ("user", NAME), ("user", BRIDGE), ("user", RAIN), ("user", ASKED),
        ("user", "You answered aloud: Your name is Robert."), ("user", TEA),
    ])  # fmt: skip
    check_told([one for one in told if one[0] == "assistant"], [
        ("assistant", answered(text)) for text in (NAME, BRIDGE, RAIN)
    ])  # fmt: skip

    # Two hours later no id lives; none is sent, everything is told, and the model still speaks.
    world.clock.ahead_s = 7200.0
    sixth = talk.send("And now?")
    check_spoken(world, sixth, answered("And now?"))
    assert changes(talk) == {number: ["voice_lost"] for number in (1, 2, 4, 5)}
    assert not _ids(world.openai_got[-1:])
    told_words = " ".join(words for _, words in world.openai_told.told[-1])
    for text in (NAME, BRIDGE, RAIN, TEA, "Your name is Robert."):
        assert _holds(told_words, text), text

    states = [turn.state for turn in talk.turns]
    assert states == ["committed", "committed", "failed", *["committed"] * 4]
    assert [entry.status for entry in world.openai.ledger.entries] == [200] * 4
    assert not world.openai.failures
    assert not world.gemini.failures


def test_a_provider_that_answers_nobody_says_what_to_do_instead(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeElevenLabs(voice=world.speech.voice, ear=world.speech.ear) as vendor:
        monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
        monkeypatch.setenv("ELEVENLABS_BASE_URL", vendor.base_url)
        talk = world.client.conversation(
            history_policy=HistoryPolicy(transcriber="elevenlabs:scribe_v2")
        )
        talk.send(audio=world.speech.clip(NAME))
        for model in ("elevenlabs:eleven_flash_v2_5", "elevenlabs:scribe_v2"):
            with pytest.raises(ConfigurationError, match="holds no conversations") as refused:
                talk.switch(model)
            assert "respond" in str(refused.value.fix)
        assert not vendor.ledger.entries
        # The conversation is as it was, and goes on with who answered before.
        check_spoken(world, talk.send(audio=world.speech.clip(TEA)), answered(TEA))
        assert [turn.state for turn in talk.turns] == ["committed", "committed"]


def test_two_vendors_that_keep_answers_get_their_own_ids_alone(world: World) -> None:
    talk = world.client.conversation()
    first = talk.send("Hello.")
    assert first.reference is not None
    talk.switch("echo")
    # The echo refuses an id that it did not give.
    second = talk.send("turn")
    assert second.reference is not None
    assert changes(talk) == {1: ["voice_lost"]}
    talk.switch(OPENAI)
    talk.send("And now?")
    assert changes(talk) == {2: ["voice_lost"]}
    assert _ids(world.openai_got) == {first.reference.id}
    assert second.reference.id not in "".join(map(_body, world.openai_got))


def test_what_was_said_long_ago_is_written_down_by_a_third_party(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = HistoryPolicy(audio_turns=1, transcriber="elevenlabs:scribe_v2")
    with FakeElevenLabs(voice=world.speech.voice, ear=world.speech.ear) as vendor:
        monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
        monkeypatch.setenv("ELEVENLABS_BASE_URL", vendor.base_url)
        talk = world.client.conversation(history_policy=policy)
        for text in (NAME, BRIDGE, TEA):
            talk.send(audio=world.speech.clip(text))
        (entry,) = vendor.ledger.executed
    assert entry.bill.seconds == pytest.approx(world.seconds(NAME), abs=0.1)
    assert changes(talk) == {1: ["transcribed"]}
    check_told(
        [one for one in world.openai_told.told[-1] if one[0] == "user"],
        [("user", text) for text in (NAME, BRIDGE, TEA)],
    )
    messages = json.loads(_body(world.openai_got[-1]))["messages"]
    told_as_sound = ["input_audio" in json.dumps(one) for one in messages if one["role"] == "user"]
    assert told_as_sound == [False, True, True]
    # Both calls of the turn are on its receipts.
    assert {receipt.provider for receipt in talk.turns[-1].receipts} == {"openai", "elevenlabs"}


def _body(request: Request) -> str:
    return request.body.decode()


def _ids(requests: Sequence[Request]) -> set[str]:
    """Audio ids in bodies, as OpenAI writes them."""
    return {found for one in requests for found in re.findall(r'"(audio_[0-9a-f]+)"', _body(one))}


def _holds(told: str, said: str) -> bool:
    """Whether all but one word in ten of what was said is there."""
    words, known = re.findall(r"\w+", said.lower()), set(re.findall(r"\w+", told.lower()))
    return sum(word not in known for word in words) <= len(words) // 10
