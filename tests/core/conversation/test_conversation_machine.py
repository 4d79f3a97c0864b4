"""Any order of what can happen to a conversation, against a model and the vendor's own books."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any, TypeVar

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.core.conversation.worlds import World
from tests.profiles import machine

from ossicle import AsyncClient, AsyncConversation, AudioClip, RetryPolicy
from ossicle.conversation import HistoryPolicy, RetentionPolicy, load_state
from ossicle.conversation.persistence import NullStore
from ossicle.errors import OssicleError
from ossicle.messages import Reply, Usage
from ossicle.storage import MemoryStore, StoredTurn
from ossicle_echo.script import EchoScript

T = TypeVar("T")
WORDS = st.sampled_from(["hello", "a b c", "turn", "recall", "repeat"])
FAULTS: dict[str, Any] = {
    "cut": {"cut_at": 5},
    "down": {"fail_with": "provider_unavailable"},
    "limited": {"fail_with": "rate_limited"},
    "breaks": {"fail_with": "provider_unavailable", "fail_at": 4},
    "mute": {"omit_audio": True},
}
STATES = {
    "cut": "ambiguous",
    "down": "failed",
    "limited": "failed",
    "breaks": "ambiguous",
    "mute": "failed",
}


class Conversations(RuleBasedStateMachine):
    """One conversation, its branches, and what they should hold."""

    def __init__(self) -> None:
        super().__init__()
        self.portal_manager = start_blocking_portal("asyncio")
        self.portal = self.portal_manager.__enter__()
        self.world = World()
        self.store = MemoryStore(clock=self.world.clock.wall)
        self.silent: set[str] = set()
        """Turns whose sound the store has let go."""
        # What each turn should be, by conversation: (state, words of the user).
        self.expected: list[tuple[str, str]] = []
        self.forgot = 0
        self.has_forgotten = False
        self.past_usage = Usage()
        self.elsewhere = False
        self.client: AsyncClient | None = None
        self.talk: AsyncConversation | None = None

    @initialize(
        told=st.sampled_from(["told", "text"]),
        audio_turns=st.sampled_from([None, 0, 2]),
        max_tokens=st.sampled_from([16_000, 60, 0]),
        skew_s=st.sampled_from([-600.0, 0.0, 600.0]),
        audio_ttl_s=st.sampled_from([0.0, 1800.0, 1e9]),
        audio_idle_s=st.sampled_from([None, 0.0, 3400.0]),
    )
    def begin(
        self,
        told: Any,
        audio_turns: int | None,
        max_tokens: int,
        skew_s: float,
        audio_ttl_s: float,
        audio_idle_s: float | None,
    ) -> None:
        self.retention = RetentionPolicy(audio_ttl_s=audio_ttl_s, audio_idle_s=audio_idle_s)
        self.policy = HistoryPolicy(lost_voice=told, audio_turns=audio_turns, max_tokens=max_tokens)
        self.world.skew_s = skew_s
        self.clip = self.run(self._speak)
        self.base_usage = self.world.provider.usage
        self.base_requests = self.world.provider.n_requests
        self.run(self._begin)

    async def _speak(self) -> AudioClip:
        async with self.world.client() as client:
            audio = (await client.speak("hello you")).audio
        assert audio is not None
        return audio

    async def _begin(self) -> None:
        self.client = self.world.client(
            retry=RetryPolicy(attempts=1),
            store=self.store,
            plugins=(self.world.second_plugin(),),
        )
        self.talk = self._begun()

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        return self.portal.call(work)

    def current(self) -> AsyncConversation:
        assert self.talk is not None
        return self.talk

    # Rules

    @rule(words=WORDS, streams=st.booleans())
    def say(self, words: str, streams: bool) -> None:
        self._committed(words, lambda talk: _say(talk, words, None, streams=streams))

    @rule(streams=st.booleans())
    def speak(self, streams: bool) -> None:
        self._committed("hello you", lambda talk: _say(talk, None, self.clip, streams=streams))

    def _committed(self, words: str, work: Callable[[AsyncConversation], Awaitable[Reply]]) -> None:
        before = self.world.provider.n_requests + self.world.second.n_requests
        reply = self.run(lambda: work(self.current()))
        assert reply.audio is not None
        assert reply.text
        self.expected.append(("committed", words))
        calls = self.world.provider.n_requests + self.world.second.n_requests - before
        assert calls == 1 or (calls == 2 and self.forgot)
        if calls == 2:
            self.forgot = 0

    @rule(words=WORDS, fault=st.sampled_from(sorted(FAULTS)), streams=st.booleans())
    def fail(self, words: str, fault: str, streams: bool) -> None:
        watched = self.world.second if self.elsewhere else self.world.provider
        watched.script = EchoScript().with_options(FAULTS[fault])
        policy_state = STATES[fault]
        try:
            reply = self.run(lambda: _say(self.current(), words, None, streams=streams))
        except OssicleError:
            self.expected.append((policy_state, words))
        else:
            # Without its sound twice, but another model speaks it.
            assert fault == "mute"
            assert reply.audio is not None
            self.expected.append(("committed", words))
        finally:
            watched.script = EchoScript()

    @rule(words=WORDS, n_events=st.integers(0, 6))
    def abandon(self, words: str, n_events: int) -> None:
        async def work() -> None:
            async with self.current().stream(words) as stream:
                for _ in range(n_events):
                    await anext(stream, None)

        # Short answers may be over by then; the echo's have more than six events.
        self.run(work)
        self.expected.append((self.current().turns[-1].state, words))
        assert self.expected[-1][0] == "cancelled"

    @rule(words=WORDS, n_events=st.integers(0, 6))
    def cancel(self, words: str, n_events: int) -> None:
        async def work() -> None:
            with anyio.CancelScope() as scope:
                async with self.current().stream(words) as stream:
                    for _ in range(n_events):
                        await anext(stream, None)
                    scope.cancel()
                    await anyio.lowlevel.checkpoint()
            assert scope.cancelled_caught

        self.run(work)
        self.expected.append(("cancelled", words))

    @rule(words=WORDS, n_events=st.integers(0, 3))
    def be_killed_in_a_turn(self, words: str, n_events: int) -> None:
        async def work() -> None:
            name = self.current().id
            assert self.client is not None
            async with self.current().stream(words) as stream:
                for _ in range(n_events):
                    await anext(stream, None)
                # What another process finds: the first one writes nothing any more.
                self.talk = await self.client.conversations.open(name)
                stream._log._persistence = NullStore()

        self.run(work)
        self.expected.append(("ambiguous", words))

    @precondition(lambda self: self.expected)
    @rule(words=WORDS)
    def edit(self, words: str) -> None:
        self.undo()
        self.say(words, streams=False)

    def _begun(self) -> AsyncConversation:
        assert self.client is not None
        return self.client.conversation(
            id="mine",
            history_policy=self.policy,
            retention=self.retention,
        )

    @rule()
    def delete_tenant(self) -> None:
        if self.talk is not None:
            self.past_usage += self.talk.usage
        self.store.delete_tenant("default")
        assert self.store.list_conversations("default") == ()
        assert self.client is not None
        self.talk = self._begun()
        self.expected, self.elsewhere = [], False

    @rule(seconds=st.sampled_from([1.0, 3300.0, 9000.0]))
    def pass_time(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule(skew_s=st.sampled_from([-600.0, 0.0, 600.0]))
    def set_the_clock(self, skew_s: float) -> None:
        self.world.skew_s = skew_s

    @precondition(lambda self: not self.elsewhere)
    @rule(seconds=st.sampled_from([3300.0, 3590.0, 3600.0]), skew_s=st.sampled_from([0.0, 600.0]))
    def go_on_when_ids_are_about_to_die(self, seconds: float, skew_s: float) -> None:
        self.say("hello", streams=False)
        self.world.advance(seconds)
        self.world.skew_s = skew_s
        self.say("turn", streams=False)

    @rule()
    def vendor_forgets(self) -> None:
        self.world.provider.forget()
        self.forgot = 1
        self.has_forgotten = True

    @rule(model=st.sampled_from(["echo:chat", "second:chat"]))
    def switch(self, model: str) -> None:
        self.run(lambda: self.current().switch(model))
        self.elsewhere = model.startswith("second")

    @precondition(lambda self: self.expected)
    @rule()
    def undo(self) -> None:
        taken = self.run(self.current().undo)
        self.past_usage += taken.usage
        self.expected.pop()

    @precondition(lambda self: self.expected)
    @rule(data=st.data())
    def branch(self, data: st.DataObject) -> None:
        turns = self.current().turns
        index = data.draw(st.integers(0, len(turns) - 1))
        trunk = self.current()
        self.talk = trunk.branch(turns[index].id)
        for turn in turns[index + 1 :]:
            self.past_usage += turn.usage
        self.expected = self.expected[: index + 1]
        self.run(self.talk.save)

    @precondition(lambda self: self.expected)
    @rule()
    def die_and_reload(self) -> None:
        name = self.current().id

        async def work() -> None:
            assert self.client is not None
            await self.current().save()
            self.talk = await self.client.conversations.open(name)

        self.run(work)

    @rule()
    def clean(self) -> None:
        self.store.clean()
        for turn in self._stored_turns():
            is_over = turn.blobs_until is not None and turn.blobs_until <= self.world.clock.wall()
            assert not (turn.blobs and is_over)

    @precondition(lambda self: self.expected)
    @rule(exports=st.booleans())
    def look(self, exports: bool) -> None:
        name = self.current().id
        before = self.store.load_conversation("default", name)

        async def work() -> None:
            assert self.client is not None
            looked_at = await self.client.conversations.open(name)
            if exports:
                with tempfile.TemporaryDirectory() as folder:
                    path = await looked_at.export(f"{folder}/looked.zip")
                    looked_at = await self.client.conversations.load(path, is_copy=True)
                    self.store.delete_conversation("default", looked_at.id)
            assert len(looked_at.turns) == len(self.expected)

        self.run(work)
        assert self.store.load_conversation("default", name) == before

    def _stored_turns(self) -> Iterator[StoredTurn]:
        for one in self.store.list_conversations("default"):
            yield from self.store.load_conversation("default", one.conversation_id).turns

    # Invariants

    @invariant()
    def sound_that_went_never_comes_back(self) -> None:
        for turn in self._stored_turns():
            data = json.loads(turn.document)
            kinds = [part["kind"] for message in data["messages"] for part in message["parts"]]
            if turn.blobs:
                assert data["id"] not in self.silent
            elif "audio" in kinds and data["state"] != "pending":
                self.silent.add(data["id"])

    @invariant()
    def turns_are_as_expected_and_in_order(self) -> None:
        if self.talk is None:
            return
        assert [turn.state for turn in self.talk.turns] == [state for state, _ in self.expected]
        said = [turn.user.text or "hello you" for turn in self.talk.turns]
        assert said == [words for _, words in self.expected]

    @invariant()
    def every_committed_turn_has_an_answer_with_words_or_sound(self) -> None:
        if self.talk is None:
            return
        for turn in self.talk.turns:
            if turn.state == "committed":
                assert turn.answer is not None
                assert turn.answer.text or turn.clips
            assert turn.state != "pending"

    @invariant()
    def no_dead_id_was_ever_sent(self) -> None:
        assert self.world.provider.expired_ids == 0
        assert self.world.provider.unknown_ids == 0 or self.has_forgotten
        assert self.world.second.unknown_ids == 0

    @invariant()
    def the_store_holds_the_same(self) -> None:
        if self.talk is None or not self.talk.turns:
            return
        now_s = self.world.clock.wall
        stored, _ = load_state(self.store, "default", self.talk.id, wall=now_s)
        for theirs, ours in zip(stored.turns, self.talk.turns, strict=True):
            # A cleaning, or time, may have come between; the next turn or branch follows.
            assert theirs in (ours, ours.without_sound())
            assert theirs.clips == ours.clips or not self.keeps_sound
        assert stored.policy == self.talk.policy

    @property
    def keeps_sound(self) -> bool:
        """Whether the retention never lets any sound go."""
        return self.retention.audio_ttl_s >= 1e9 and self.retention.audio_idle_s is None

    @invariant()
    def the_books_agree(self) -> None:
        if self.talk is None:
            return
        told = self.past_usage + self.talk.usage
        vendors = self.world.provider.usage + self.world.second.usage
        mine, theirs = told.total_tokens or 0, vendors.total_tokens or 0
        base = self.base_usage.total_tokens or 0
        assert mine == theirs - base
        assert self.talk.receipt.cost.get("USD", Decimal(0)) == 0

    def teardown(self) -> None:
        if self.client is not None:
            self.portal.call(self.client.aclose)
        self.portal_manager.__exit__(None, None, None)


async def _say(
    talk: AsyncConversation, text: str | None, audio: AudioClip | None, *, streams: bool
) -> Reply:
    if not streams:
        return await talk.send(text, audio=audio)
    async with talk.stream(text, audio=audio) as stream:
        return await stream.collect()


TestConversations = pytest.mark.timeout(1800)(Conversations.TestCase)
TestConversations.settings = machine(ci=(300, 50), long=(5_000, 100))
