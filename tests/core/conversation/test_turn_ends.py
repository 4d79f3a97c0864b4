"""How turns end: in time, with their books in order, and with nothing at work behind them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from tests.core.conversation.worlds import Watched, World

from ossicle import AsyncClient, AsyncConversation, AudioClip, Client, Tool
from ossicle.conversation import HistoryPolicy, StorePersistence, Turn, load_state
from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioReferenceNotFoundError,
    ConfigurationError,
    DeadlineExceededError,
    ProviderUnavailableError,
    StorageError,
)
from ossicle.messages import Event, Request
from ossicle.storage import MemoryStore

pytestmark = pytest.mark.anyio
CLOCK = Tool(name="clock", description="Tells the time.")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def spoken() -> AudioClip:
    with Client("echo") as client:
        audio = client.speak("my name is Ada").audio
    assert audio is not None
    return audio


class Held(MemoryStore):
    """Holds one of its writes until it is let go, or refuses it.

    Attributes:
        holds: Number of the write that waits; `None`: none does.
        refuses: Number of the write that fails; `None`: none does.
        is_held: Set while it waits.
        may_go: Lets it go.
    """

    def __init__(self, *, holds: int | None = None, refuses: int | None = None) -> None:
        super().__init__()
        self.holds, self.refuses, self._n = holds, refuses, 0
        self.is_held, self.may_go = threading.Event(), threading.Event()

    def _count(self) -> None:
        number, self._n = self._n, self._n + 1
        if number == self.refuses:
            raise StorageError("the disk is full", fix="Free some space.")
        if number == self.holds:
            self.is_held.set()
            assert self.may_go.wait(20)

    def save_conversation(self, *args: Any, **kwargs: Any) -> int:
        self._count()
        return super().save_conversation(*args, **kwargs)

    def save_turn(self, *args: Any, **kwargs: Any) -> int:
        self._count()
        return super().save_turn(*args, **kwargs)


def stored(store: MemoryStore, talk: AsyncConversation) -> tuple[Turn, ...]:
    return tuple(load_state(store, "default", talk.id)[0].turns)


# Cancelled


@pytest.mark.parametrize(("write", "state"), [(0, "cancelled"), (1, "committed")])
@pytest.mark.parametrize("n_cancels", [1, 3])
def test_cancelled_by_asyncio_the_next_turn_waits_for_the_write(
    write: int, state: str, n_cancels: int
) -> None:
    store = Held(holds=write)

    async def main() -> None:
        async with AsyncClient("echo", store=store) as client:
            talk = client.conversation(id="x")
            task = asyncio.create_task(talk.send("one"))
            await anyio.to_thread.run_sync(store.is_held.wait)
            for _ in range(n_cancels):
                task.cancel()
                await asyncio.sleep(0)
            after = asyncio.create_task(talk.send("two"))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not task.done()
            store.may_go.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            await after
            assert [turn.state for turn in talk.turns] == [state, "committed"]
            assert stored(store, talk) == talk.turns

    asyncio.run(main())


def test_a_turn_that_timed_out_by_asyncio_is_stored_as_it_is_held() -> None:
    store = Held(holds=0)

    async def main() -> None:
        async with AsyncClient("echo", store=store) as client:
            talk = client.conversation(id="x")
            threading.Timer(0.2, store.may_go.set).start()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(talk.send("one"), 0.05)
            assert [turn.state for turn in stored(store, talk)] == ["cancelled"]
            await talk.send("two")

    asyncio.run(main())


def test_cancelled_by_asyncio_wherever_it_waits_a_turn_leaves_nothing_behind() -> None:
    store = MemoryStore()
    states: set[str] = set()

    async def main() -> None:
        async with AsyncClient("echo", store=store) as client:
            for n_steps in range(60):
                talk = client.conversation(id=f"after {n_steps}")
                task = asyncio.create_task(talk.send("one"))
                for _ in range(n_steps):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
                states.update(turn.state for turn in talk.turns)
                await talk.send("two")
                assert {turn.state for turn in talk.turns} <= {"cancelled", "committed"}
                assert stored(store, talk) == talk.turns

    asyncio.run(main())
    assert "cancelled" in states


def test_two_writes_at_once_do_not_trip_over_each_other() -> None:
    """As of a loop that ended while its thread was still writing, and of the next one."""
    store = Held(holds=2)
    with Client("echo", store=store) as client:
        talk = client.conversation(id="x")
        talk.send("one")
        persistence, state = talk._conversation._persistence, talk._conversation._state
        assert isinstance(persistence, StorePersistence)
        met: list[StorageError] = []

        def write() -> None:
            try:
                persistence.write(state)
            except StorageError as error:
                met.append(error)

        state.instructions = "Be brief."
        writers = [threading.Thread(target=write, daemon=True) for _ in range(2)]
        writers[0].start()
        assert store.is_held.wait(20)
        writers[1].start()
        writers[1].join(0.2)  # it gets no further, or as far as it can
        store.may_go.set()
        for writer in writers:
            writer.join(20)
        assert met == []
        talk.send("two")
        assert load_state(store, "default", "x")[0].instructions == "Be brief."


# In time


async def test_waiting_for_the_turn_before_takes_of_the_time_of_the_turn(world: World) -> None:
    async with world.client() as client:
        talk = client.conversation()
        began, done = anyio.Event(), anyio.Event()

        async def hold() -> None:
            async with talk.stream("one"):
                began.set()
                await done.wait()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hold)
            await began.wait()

            async def wait() -> None:
                with pytest.raises(DeadlineExceededError, match="the turn before"):
                    await talk.send("two", timeout_s=5.0)
                done.set()

            tasks.start_soon(wait)
            await world.clock.sleep(6.0)
        assert [turn.state for turn in talk.turns] == ["cancelled"]
        await talk.send("three")


async def test_a_turn_that_waits_for_itself_is_refused(world: World) -> None:
    async with world.client(store=MemoryStore()) as client:
        talk = client.conversation()
        async with talk.stream("one") as stream:
            for ask in (talk.undo, talk.save, lambda: talk.send("two")):
                with pytest.raises(ConfigurationError, match="wait for itself"):
                    await ask()
            async for _ in stream:
                pass
            await talk.send("three")  # the turn is over
        assert [turn.user.text for turn in talk.turns] == ["one", "three"]


async def test_a_tool_that_goes_on_with_its_own_conversation_is_refused(world: World) -> None:
    async with world.client() as client:
        other = client.conversation()

        async def ask(name: str, arguments: dict[str, Any]) -> str:
            await other.send("of another one it may")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(beside)
            return (await talk.send("inner")).text

        async def beside() -> None:
            with pytest.raises(ConfigurationError, match="wait for itself"):
                await talk.undo()

        talk = client.conversation(tools=[CLOCK], on_tool_call=ask)
        with pytest.raises(ConfigurationError, match="wait for itself"):
            await talk.send("call clock")
        assert [turn.state for turn in talk.turns] == ["failed"]


def test_a_blocking_tool_that_goes_on_with_its_own_conversation_is_refused() -> None:
    with Client("echo") as client:
        talk = client.conversation(
            tools=[CLOCK], on_tool_call=lambda name, arguments: talk.send("inner").text
        )
        with pytest.raises(ConfigurationError, match="wait for itself"):
            talk.send("call clock", timeout_s=20)


async def test_a_summary_that_does_not_come_ends_the_turn_in_time(world: World) -> None:
    async def summarize(so_far: str | None, turns: tuple[Turn, ...]) -> str:
        await world.clock.sleep(1000.0)
        return "late"

    async with world.client() as client:
        talk = client.conversation(history_policy=HistoryPolicy(max_tokens=0), summarize=summarize)
        await talk.send("hello")
        before_s = world.clock.monotonic()
        with pytest.raises(DeadlineExceededError, match="history"):
            await talk.send("hello", timeout_s=30.0)
        assert world.clock.monotonic() - before_s == 30.0
        assert talk.turns[-1].state == "failed"
        assert world.provider.n_requests == 1


class Slow(Watched):
    """Takes its time to write down, and does not answer."""

    world: World
    is_slow = False
    is_asked: anyio.Event

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        if self.is_slow:
            self.is_asked.set()
            await self.world.clock.sleep(14.0 if request.task == "transcribe" else 600.0)
        async with aclosing(super().respond(request)) as events:
            async for event in events:
                yield event


async def test_writing_down_takes_of_the_time_of_the_answer_and_is_on_the_books(
    spoken: AudioClip,
) -> None:
    world = World()
    world.provider = slow = Slow(clock=world.vendor_s)
    slow.world, slow.tells_heard = world, False
    policy = HistoryPolicy(audio_turns=0, transcriber="echo:transcribe")
    async with world.client() as client:
        talk = client.conversation(history_policy=policy)
        await talk.send(audio=spoken)
        slow.is_slow, slow.is_asked = True, anyio.Event()
        before_s = world.clock.monotonic()
        with pytest.raises(DeadlineExceededError):
            await talk.send("more", timeout_s=30.0)
        assert world.clock.monotonic() - before_s == 30.0
        assert talk.turns[-1].state == "ambiguous"
        assert [receipt.task for receipt in talk.turns[-1].receipts] == ["transcribe", "respond"]
        # Left while it is written down: that call is on the books as well.
        await talk.undo()
        await talk.send(audio=spoken, timeout_s=1e6)
        slow.is_asked = anyio.Event()
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(talk.send, "again")
                await slow.is_asked.wait()
                scope.cancel()
        assert [turn.state for turn in talk.turns] == ["committed", "committed", "cancelled"]
        assert [receipt.task for receipt in talk.turns[-1].receipts] == ["transcribe"]


# The books


@pytest.mark.parametrize("streams", [False, True])
def test_an_answer_that_could_not_be_written_down_is_told_and_held(streams: bool) -> None:
    store = Held(refuses=1)
    with Client("echo", store=store) as client:
        talk = client.conversation(id="x")
        with pytest.raises(StorageError) as caught:
            if streams:
                with talk.stream("one") as stream:
                    stream.collect()
            else:
                talk.send("one")
        turn = talk.turns[0]
        assert (turn.state, turn.error) == ("committed", caught.value.code)
        assert turn.answer is not None
        assert caught.value.receipt is not None
        assert caught.value.receipt.usage == turn.receipts[0].usage
        talk.save()
        found, _ = load_state(store, "default", "x")
        assert tuple(found.turns) == talk.turns


async def test_the_stream_and_the_book_tell_the_same_of_a_turn_that_was_not_written(
    world: World,
) -> None:
    async with world.client(store=Held(refuses=1)) as client:
        talk = client.conversation()
        async with talk.stream("one") as stream:
            with pytest.raises(StorageError):
                await stream.collect()
        assert stream.turn == talk.turns[0]
        assert stream.reply.text == "You said: one"


async def test_what_ended_a_turn_goes_before_what_could_not_be_written(world: World) -> None:
    world.provider.broken = {"respond": ProviderUnavailableError("gone", provider="echo")}
    async with world.client(store=Held(refuses=1)) as client:
        talk = client.conversation()
        with pytest.raises(AmbiguousOutcomeError) as caught:
            await talk.send("one")
        assert talk.turns[0].error == caught.value.code
        assert talk.turns[0].state == "ambiguous"


async def test_a_tool_that_raises_fails_the_turn_and_says_so(world: World) -> None:
    async def fail(name: str, arguments: dict[str, Any]) -> str:
        raise LookupError("mine")

    async with world.client() as client:
        talk = client.conversation(tools=[CLOCK], on_tool_call=fail)
        with pytest.raises(LookupError, match="mine"):
            await talk.send("call clock")
        turn = talk.turns[0]
        assert (turn.state, turn.error) == ("failed", "LookupError")
        assert [receipt.usage is not None for receipt in turn.receipts] == [True]


class Relay(Watched):
    """Names who stands behind it in its errors."""

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        try:
            async with aclosing(super().respond(request)) as events:
                async for event in events:
                    yield event
        except AudioReferenceNotFoundError as error:
            error.provider = "someone else"
            raise


async def test_ids_are_forgotten_of_the_provider_that_was_asked() -> None:
    world = World()
    world.provider = Relay(clock=world.vendor_s)
    async with world.client() as client:
        talk = client.conversation()
        await talk.send("hello")
        world.provider.forget()
        assert (await talk.send("turn")).text.startswith("This is turn")
        assert world.provider.n_requests == 3
