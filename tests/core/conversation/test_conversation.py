"""A conversation from end to end, with the echo."""

from __future__ import annotations

import json
import threading
from typing import Any

import anyio
import pytest
from tests.core.conversation.worlds import Watched, World

from ossicle import AsyncClient, AudioClip, AudioReference, Budget, BudgetLimits, Client, Tool
from ossicle.conversation import HistoryPolicy, Turn
from ossicle.conversation.stream import REBUILT, REPAIRED, SPOKEN
from ossicle.errors import (
    AudioMissingError,
    BudgetExceededError,
    ConfigurationError,
    DeadlineExceededError,
    LimitReachedError,
    NotStoredError,
    ProviderUnavailableError,
    StorageConflictError,
    StreamIncompleteError,
)
from ossicle.messages import Finished, TextPart, ToolResultPart, Usage
from ossicle.policy import Allowance, RetryPolicy
from ossicle.storage import MemoryStore
from ossicle_echo.script import EchoScript

pytestmark = pytest.mark.anyio


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def spoken() -> AudioClip:
    with Client("echo") as client:
        audio = client.speak("my name is Ada").audio
    assert audio is not None
    return audio


def test_turns_go_on_and_are_accounted_for(spoken: AudioClip) -> None:
    with Client("echo") as client:
        talk = client.conversation(instructions="Be brief.")
        first = talk.send(audio=spoken)
        assert first.heard == "my name is Ada"
        assert talk.send("repeat").text == "Before that you said: my name is Ada"
        assert talk.send("turn").text == "This is turn 3."
        assert [turn.state for turn in talk.turns] == ["committed"] * 3
        assert [message.role for message in talk.messages] == ["user", "assistant"] * 3
        assert talk.messages[0].text == "my name is Ada"
        assert talk.receipt.turns == {"committed": 3}
        assert talk.receipt.calls == talk.receipt.attempts == 3
        assert talk.usage.total_tokens == sum(turn.usage.total_tokens or 0 for turn in talk.turns)
        assert talk.report is not None
        assert talk.report.references == 2


def test_a_stream_is_the_same_turn() -> None:
    with Client("echo") as client:
        talk = client.conversation()
        with talk.stream("hello") as stream:
            events = list(stream)
        assert isinstance(events[-1], Finished)
        assert sum(isinstance(event, Finished) for event in events) == 1
        assert stream.reply.text == "You said: hello"
        assert talk.turns[0].state == "committed"
        assert talk.send("recall").text == "I said: You said: hello"


def test_leaving_a_stream_early_cancels_the_turn_and_it_is_not_told_again() -> None:
    with Client("echo") as client:
        talk = client.conversation()
        with talk.stream("hello there, this takes a while") as stream:
            next(iter(stream))
        assert talk.turns[0].state == "cancelled"
        assert talk.messages == ()
        assert talk.send("repeat").text == "You said nothing before."


def test_undo_takes_the_last_turn_back_and_a_branch_leaves_the_trunk_alone() -> None:
    with Client("echo") as client:
        talk = client.conversation()
        first = talk.send("one").text
        talk.send("two")
        branch = talk.branch(talk.turns[0].id)
        assert branch.id != talk.id
        assert branch.send("recall").text == f"I said: {first}"
        assert len(talk.turns) == 2
        talk.undo()
        assert talk.send("repeat").text == "Before that you said: one"
        talk.undo()
        talk.undo()
        with pytest.raises(ConfigurationError, match="no turn"):
            talk.undo()
        with pytest.raises(ConfigurationError, match="no turn"):
            talk.branch("nowhere")


TOOL = Tool(
    name="add",
    parameters={
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
)


def results(turn: Turn) -> list[ToolResultPart]:
    parts = (part for message in turn.messages for part in message.parts)
    return [part for part in parts if isinstance(part, ToolResultPart)]


def test_tools_run_in_the_application_once_their_arguments_fit() -> None:
    ran: list[dict[str, Any]] = []

    def run(name: str, arguments: dict[str, Any]) -> str:
        assert threading.current_thread() is not threading.main_thread()
        ran.append(arguments)
        return json.dumps(arguments["a"] + arguments["b"])

    with Client("echo") as client:
        talk = client.conversation(tools=[TOOL], on_tool_call=run)
        assert talk.send('call add {"a": 2, "b": 3}').text == "The tool said: 5"
        for wrong in ('{"a": 2}', '{"a": 2, "b": "3"}', '{"a": 1, "b": 2, "c": 3}'):
            assert "error" in talk.send(f"call add {wrong}").text
            assert results(talk.turns[-1])[0].is_error
        assert ran == [{"a": 2, "b": 3}]
        assert len(talk.turns[0].receipts) == 2
        assert talk.send("recall").text.startswith("I said:")


def test_without_a_callback_every_tool_call_is_denied() -> None:
    with Client("echo") as client:
        talk = client.conversation(tools=[TOOL])
        assert "denied" in talk.send('call add {"a": 2, "b": 3}').text


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"time": "12:00"}, '{"time": "12:00"}'), (["é"], '["é"]'), (12, "12"), (True, "true"),
        (None, ""), ("half \ud83d", "half ?"), (Usage(input_tokens=3), "input_tokens"),
    ],
)  # fmt: skip
def test_what_a_tool_returns_goes_on_as_json(found: object, told: str) -> None:
    runs = []

    def run(name: str, arguments: dict[str, Any]) -> object:
        runs.append(name)
        return found

    with Client("echo") as client:
        talk = client.conversation(tools=[TOOL], on_tool_call=run)
        talk.send('call add {"a": 2, "b": 3}')
        [result] = [m.parts[0] for m in talk.turns[-1].messages if m.role == "tool"]
        assert isinstance(result, ToolResultPart)
        assert result.content == told or (told == "input_tokens" and told in result.content)
        assert (runs, talk.turns[-1].state, result.is_error) == (["add"], "committed", False)


@pytest.mark.parametrize("found", [object(), {1, 2}, float("nan"), b"x", {"a": object()}])
def test_a_result_that_is_no_json_is_an_error_to_the_model_and_the_turn_goes_on(
    found: object, caplog: pytest.LogCaptureFixture
) -> None:
    with Client("echo") as client:
        talk = client.conversation(tools=[TOOL], on_tool_call=lambda name, arguments: found)
        talk.send('call add {"a": 2, "b": 3}')
        [result] = [m.parts[0] for m in talk.turns[-1].messages if m.role == "tool"]
        assert isinstance(result, ToolResultPart)
        assert result.is_error
        assert "the tool ran" in result.content
        assert talk.turns[-1].state == "committed"
    assert "no JSON" in caplog.text


def test_a_tool_that_raises_ends_the_turn() -> None:
    with Client("echo") as client:

        async def fail(name: str, arguments: dict[str, Any]) -> str:
            raise LookupError("mine")

        other = client.conversation(tools=[TOOL], on_tool_call=fail)
        with pytest.raises(LookupError, match="mine"):
            other.send('call add {"a": 2, "b": 3}')
        assert other.turns[0].state == "failed"
        assert other.send("hi").text == "You said: hi"


@pytest.mark.slow
def test_a_tool_that_does_not_return_ends_with_the_time_of_the_turn() -> None:
    may_return = threading.Event()

    def wait(name: str, arguments: dict[str, Any]) -> str:
        may_return.wait(50)
        return "late"

    async def sleep(name: str, arguments: dict[str, Any]) -> str:
        await anyio.sleep_forever()
        return "never"

    try:
        with Client("echo") as client:
            for callback in (wait, sleep):
                talk = client.conversation(tools=[TOOL], on_tool_call=callback)
                with pytest.raises(DeadlineExceededError, match="tools of the turn"):
                    talk.send('call add {"a": 2, "b": 3}', timeout_s=0.5)
                assert (talk.turns[0].state, talk.turns[0].error) == ("failed", "deadline_exceeded")
                assert talk.send("hi").text == "You said: hi"
    finally:
        may_return.set()


def test_two_tools_of_one_name_are_refused() -> None:
    with Client("echo") as client, pytest.raises(ConfigurationError, match="same name"):
        client.conversation(tools=[TOOL, TOOL]).send("hi")


@pytest.mark.parametrize("name", ["", "x" * 257, "a\0b", "\ud800"])
def test_an_id_that_no_store_takes_is_refused_at_once(name: str) -> None:
    with Client("echo") as client, pytest.raises(ConfigurationError, match="conversation id"):
        client.conversation(id=name)


def test_a_conversation_shows_its_id_and_nothing_that_was_said() -> None:
    with Client("echo") as client:
        talk = client.conversation(id="monday")
        talk.send("secret")
        assert repr(talk) == "Conversation('monday', turns=1)"
        assert repr(talk._conversation) == "AsyncConversation('monday', turns=1)"


def test_a_model_that_cannot_answer_is_not_switched_to() -> None:
    with Client("echo") as client:
        talk = client.conversation()
        with pytest.raises(ConfigurationError, match="echo:speak holds no conversations"):
            talk.switch("echo", "echo:speak")
        assert talk.send("hi").text == "You said: hi"


def test_a_turn_that_was_left_is_accounted_for() -> None:
    with Client("echo") as client:
        talk = client.conversation()
        with talk.stream("a long story " * 20) as stream:
            next(stream)
            next(stream)
        [receipt] = talk.turns[0].receipts
        assert [attempt.outcome for attempt in receipt.attempts] == ["ambiguous"]
        totals, counted = talk.receipt, client.stats.snapshot().total
        assert (totals.calls, totals.unpriced) == (1, 1)
        assert (counted.abandoned, counted.unpriced_calls) == (1, 1)


def test_a_turn_that_could_not_be_begun_says_why() -> None:
    with Client("echo", store=MemoryStore()) as client:
        client.conversation(id="mine").send("first")
        second = client.conversation(id="mine")
        with pytest.raises(StorageConflictError):
            second.send("second")
        assert [(turn.state, turn.error) for turn in second.turns] == [
            ("failed", "storage_conflict")
        ]


def test_a_schema_that_cannot_be_checked_is_refused_before_anything_is_sent() -> None:
    tool = Tool(name="x", parameters={"type": "object", "propertyNames": {"pattern": "^a"}})
    with Client("echo") as client, pytest.raises(ConfigurationError, match="propertyNames"):
        client.conversation(tools=[tool], on_tool_call=lambda name, arguments: "").send("hi")


def test_a_demanded_tool_is_demanded_once() -> None:
    with Client("echo") as client:
        talk = client.conversation(tools=[TOOL])
        talk.send("hello", tool_choice="required")
        assert len(talk.turns[0].receipts) == 2


async def test_a_dead_id_is_never_sent_and_costs_no_extra_call(world: World) -> None:
    async with world.client() as client:
        talk = client.conversation()
        await talk.send("hello")
        for skew_s in (-600.0, 600.0, 0.0):
            world.skew_s = skew_s
            world.advance(4000.0)
            assert (await talk.send("turn")).text.startswith("This is turn")
        assert world.provider.unknown_ids == 0
        assert world.provider.n_requests == 4
        assert talk.report is not None
        assert {change.kind for change in talk.report.changes} == {"voice_lost"}


async def test_an_id_the_vendor_forgot_costs_one_more_call_and_no_turn(world: World) -> None:
    async with world.client() as client:
        talk = client.conversation()
        await talk.send("hello")
        await talk.send("there")
        world.provider.forget()
        reply = await talk.send("turn")
        assert reply.text.startswith("This is turn")
        assert reply.receipt is not None
        assert REBUILT in reply.receipt.notes
        assert world.provider.n_requests == 4
        assert [turn.state for turn in talk.turns] == ["committed"] * 3
        kept = [p for m in talk.messages for p in m.parts if isinstance(p, AudioReference)]
        assert len(kept) == 1  # the new one


async def test_an_answer_without_its_audio_is_repaired_or_spoken_by_another(world: World) -> None:
    mute = {"echo": {"omit_audio": True}}
    async with world.client() as client:
        talk = client.conversation()
        world.provider.mute_calls = 1
        reply = await talk.send("hello")
        assert reply.audio is not None
        assert REPAIRED in talk.turns[0].notes
        assert len(talk.turns[0].receipts) == 2
        world.provider.mute_calls = 2
        reply = await talk.send("hello again")
        assert reply.audio is not None
        assert reply.text == reply.transcript == "You said: hello again"
        assert reply.reference is None
        heard = await client.transcribe(reply.audio)
        assert heard.text == "You said: hello again"
        assert {REPAIRED, SPOKEN} <= set(talk.turns[1].notes)
        assert (await talk.send("recall")).text != ""
        with pytest.raises(AudioMissingError):
            await client.respond("x", provider_options=mute)


async def test_streams_that_break_are_ambiguous_and_clean_failures_failed(world: World) -> None:
    async with world.client(retry=RetryPolicy(attempts=1)) as client:
        talk = client.conversation()
        with pytest.raises(StreamIncompleteError):
            await talk.send("hello", provider_options={"echo": {"cut_at": 4}})
        with pytest.raises(ProviderUnavailableError):
            await talk.send(
                "hello", provider_options={"echo": {"fail_with": "provider_unavailable"}}
            )
        with pytest.raises(ConfigurationError):
            await talk.send("hello", provider_options={"echo": {"nonsense": 1}})
        assert [turn.state for turn in talk.turns] == ["ambiguous", "failed", "failed"]
        assert talk.turns[0].error == "stream_incomplete"
        assert (await talk.send("turn")).text == "This is turn 1."


async def test_cancelling_a_send_leaves_the_conversation_usable(world: World) -> None:
    async with world.client() as client:
        talk = client.conversation()
        with anyio.move_on_after(0.05):
            await talk.send("hello", provider_options={"echo": {"delay_s": 30.0}})
        assert [turn.state for turn in talk.turns] == ["cancelled"]
        assert (await talk.send("turn")).text == "This is turn 1."


async def test_turns_wait_for_each_other(world: World) -> None:
    async with world.client() as client:
        talk = client.conversation()
        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(talk.send, f"number {number}")
        assert [turn.state for turn in talk.turns] == ["committed"] * 5
        assert world.provider.most_at_once == 1


async def test_the_conversations_budget_is_held_before_each_call(world: World) -> None:
    budget = Budget(BudgetLimits(conversation=Allowance(tokens=400)))
    async with world.client(budget=budget) as client:
        talk, other = client.conversation(), client.conversation()
        spent = 0
        with pytest.raises(BudgetExceededError):
            while True:
                await talk.send("hello", max_output_tokens=50)
                spent += 1
        assert spent > 0
        assert talk.turns[-1].state == "failed"
        assert world.provider.n_requests == spent
        assert budget.spent_in(talk.id).tokens == talk.usage.total_tokens
        await other.send("hello", max_output_tokens=50)


async def test_a_conversation_goes_on_elsewhere_and_comes_back(world: World) -> None:
    async with world.client(plugins=(world.second_plugin(),)) as client:
        talk = client.conversation()
        first = await talk.send("hello")
        report = await talk.switch("second:chat")
        assert [change.kind for change in report.changes] == ["voice_lost"]
        assert (await talk.send("recall")).text == f"I said: {first.text}"
        assert talk.turns[1].provider == "second"
        report = await talk.switch("echo")
        assert report.references == 1
        assert [change.kind for change in report.changes] == ["voice_lost"]
        assert (await talk.send("turn")).text.startswith("This is turn")
        assert world.provider.unknown_ids == 0
        with pytest.raises(ConfigurationError):
            await talk.switch("nowhere:chat")
        with pytest.raises(ConfigurationError):
            await talk.switch()


async def test_a_chain_goes_on_with_the_next_model_only_after_clean_failures(world: World) -> None:
    world.provider.script = EchoScript(fail_with="provider_unavailable")
    client = AsyncClient(
        [world.provider, "second:chat"],
        plugins=(world.second_plugin(),),
        clock=world.clock,
        retry=RetryPolicy(attempts=1),
    )
    async with client:
        talk = client.conversation()
        reply = await talk.send("hello")
        assert reply.provider == "second"
        assert len(talk.turns[0].receipts) == 2
        assert any("the next model" in note for note in talk.turns[0].notes)
        answer = await client.respond("hello")
        assert answer.provider == "second"
        assert answer.receipt is not None
        assert "failed" in answer.receipt.notes[-1]
        world.provider.script = EchoScript(cut_at=4)
        with pytest.raises(StreamIncompleteError):
            await client.respond("hello")
        with pytest.raises(StreamIncompleteError):
            await talk.send("hello")
        assert talk.turns[-1].state == "ambiguous"


async def test_old_turns_go_into_the_summary(world: World) -> None:
    calls: list[tuple[str | None, int]] = []

    async def summarize(so_far: str | None, turns: tuple[Turn, ...]) -> str:
        calls.append((so_far, len(turns)))
        return f"summary {len(calls)}"

    policy = HistoryPolicy(max_tokens=120)
    async with world.client() as client:
        talk = client.conversation(history_policy=policy, summarize=summarize)
        for _ in range(6):
            await talk.send("hello")
        assert calls[0][0] is None
        assert calls[1][0] == "summary 1"
        parts = [p for m in world.provider.last_messages for p in m.parts]
        said = [part.text for part in parts if isinstance(part, TextPart)]
        assert f"summary {len(calls)}" in said[0]
        assert len(talk.turns) == 6


async def test_audio_that_has_to_give_way_is_written_down_first(
    world: World, spoken: AudioClip
) -> None:
    policy = HistoryPolicy(audio_turns=1, transcriber="echo:transcribe")
    world.provider.tells_heard = False
    async with world.client() as client:
        talk = client.conversation(history_policy=policy)
        for _ in range(3):
            await talk.send(audio=spoken)
        assert talk.turns[0].messages[0].text == "my name is Ada"
        assert talk.turns[1].messages[0].text == ""
        assert world.provider.tasks.count("transcribe") == 1


async def test_a_stored_conversation_goes_on_after_its_process(
    world: World, spoken: AudioClip
) -> None:
    store = MemoryStore()
    async with world.client(store=store) as client:
        talk = client.conversation(id="mine", instructions="Be brief.")
        await talk.send(audio=spoken)
        await talk.send("two")
        await talk.undo()
        await talk.send("three")
    world.advance(5000.0)
    async with world.client(store=store) as client:
        again = await client.conversations.open("mine")
        assert again.instructions == "Be brief."
        first, second = again.turns
        assert first == talk.turns[0]  # What the user said in it is still needed.
        assert second.answer is not None
        assert second.answer.parts[0] == TextPart(text="You said: three")
        assert second.clips == ()  # Its words are known, and its hour is over.
        assert (await again.send("turn")).text == "This is turn 5."  # two of them are remarks
        assert world.provider.unknown_ids == 0
        assert [one.conversation_id for one in await client.conversations.list()] == ["mine"]
        with pytest.raises(NotStoredError):
            await client.conversations.open("other")
        with pytest.raises(NotStoredError):
            await client.for_tenant("someone else").conversations.open("mine")
        assert await client.conversations.delete("mine")
        with pytest.raises(NotStoredError):
            await client.conversations.open("mine")


async def test_a_turn_under_way_when_the_process_ends_is_ambiguous(world: World) -> None:
    store = MemoryStore()
    async with world.client(store=store) as client:
        talk = client.conversation(id="mine")
        async with talk.stream("hello") as stream:
            await anext(stream)
            again = await client.conversations.open("mine")
            assert [turn.state for turn in again.turns] == ["ambiguous"]


async def test_without_a_store_saving_says_what_is_missing(world: World) -> None:
    async with world.client() as client:
        with pytest.raises(ConfigurationError, match="store"):
            await client.conversation().save()
        with pytest.raises(ConfigurationError, match="store"):
            await client.conversations.list()


async def test_nothing_to_say_is_refused_and_is_no_turn(world: World) -> None:
    async with world.client() as client:
        talk = client.conversation()
        with pytest.raises(ConfigurationError, match="neither text nor audio"):
            await talk.send()
        with pytest.raises(ConfigurationError, match="timeout_s"):
            await talk.send("x", timeout_s=0)
        assert talk.turns == ()
        assert (await talk.send("turn")).text == "This is turn 1."


def test_endless_tool_rounds_are_ended() -> None:
    with Client(Watched(demands_tools=True)) as client:
        talk = client.conversation(
            tools=[TOOL],
            on_tool_call=lambda name, arguments: "1",
            history_policy=HistoryPolicy(max_tool_rounds=3),
        )
        with pytest.raises(LimitReachedError, match="more than 3 rounds"):
            talk.send("hello")
        assert talk.turns[0].state == "failed"
        assert len(talk.turns[0].receipts) == 4
