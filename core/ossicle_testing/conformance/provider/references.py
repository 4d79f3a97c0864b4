"""What audio references and tools must keep to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ossicle.abc import AudioProvider
from ossicle.errors import AudioReferenceNotFoundError
from ossicle.messages import (
    AudioReference,
    Finished,
    Message,
    NamedTool,
    ReplyStarted,
    Request,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from ossicle_testing.conformance.provider.reply_assertions import judge_error, judge_events
from ossicle_testing.conformance.provider.requests import (
    TEXT,
    Delivery,
    collect,
    folded,
    make_request,
)
from ossicle_testing.conformance.provider.streams import StreamChecks
from ossicle_testing.conformance.suite import check

TOOLS = (
    Tool(
        name="tell_time",
        description="Tells the time in a city.",
        parameters={
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": [],
        },
    ),
    Tool(name="ring-bell", description="Rings a bell."),
)


class ReferenceChecks(StreamChecks, is_part=True):
    """Checks of references and tools."""

    def speaking(self) -> list[Delivery]:
        """Rows that answer in audio, by a model that keeps it under an id."""
        found = self.deliveries_or_skip(task="respond", audio_references=True)
        return [one for one in found if "audio" in one.row.outputs]

    def _next_turn(self, delivery: Delivery, reference: AudioReference) -> Request:
        first = Message(role="user", parts=(TextPart(text=TEXT),))
        spoken = Message(role="assistant", parts=(reference,))
        return make_request(delivery, clip=self.clip(delivery), history=(first, spoken))

    @check("issues audio ids that the next turn can name, with a moment of expiry to come")
    def test_references_are_issued_and_taken(self) -> None:
        """Streamed and whole."""
        todo = self.speaking()

        async def work(provider: AudioProvider) -> None:
            for delivery in todo:
                request = make_request(delivery, clip=self.clip(delivery))
                events = await collect(provider, request)
                reference = judge_events(events, request).reference
                assert reference is not None, "no id was issued"
                assert reference.provider == "any"  # by the fold: what it was given
                started = [one for one in events if isinstance(one, ReplyStarted)]
                assert reference.expires_at or not delivery.record.reference_lifetime_s, (
                    "a lifetime is declared, and no moment of expiry reported"
                )
                if reference.expires_at is not None and started and started[0].server_time_s:
                    assert reference.expires_at > started[0].server_time_s, "it is dead at birth"
                    _judge_lifetime(
                        reference.expires_at - started[0].server_time_s,
                        delivery.record.reference_lifetime_s,
                    )
                own = reference.model_copy(update={"provider": self.spec_.name})
                following = self._next_turn(delivery, own)
                judge_events(await collect(provider, following), following)

        self.run(work)

    @check("tells a dead audio id from every other fault")
    def test_unknown_references_are_named(self) -> None:
        """`AudioReferenceNotFoundError`, before any of the answer."""
        todo = self.speaking()
        dead = AudioReference(provider=self.spec_.name, id="audio_000000000000", transcript="Hi.")

        async def work(provider: AudioProvider) -> None:
            for delivery in todo:
                with pytest.raises(AudioReferenceNotFoundError) as caught:
                    await collect(provider, self._next_turn(delivery, dead))
                judge_error(caught.value, secret=self.secret)

        self.run(work)

    @check("lets audio ids expire when it said so")
    def test_references_expire(self, past_expiry: Callable[[], None]) -> None:
        """Alive before, dead after."""
        delivery = self.speaking()[0]

        async def work(provider: AudioProvider) -> None:
            request = make_request(delivery, clip=self.clip(delivery))
            reference = folded(await collect(provider, request), request).reference
            assert reference is not None
            own = reference.model_copy(update={"provider": self.spec_.name})
            past_expiry()
            with pytest.raises(AudioReferenceNotFoundError):
                await collect(provider, self._next_turn(delivery, own))

        self.run(work)

    @check("calls a tool that it must call, and goes on with its result")
    def test_tools_are_called(self) -> None:
        """With a name that was given, an id and arguments that are JSON."""
        todo = self.deliveries_or_skip(task="respond", tools=True)

        async def work(provider: AudioProvider) -> None:
            for delivery in todo:
                request = make_request(
                    delivery, clip=self.clip(delivery), tools=TOOLS,
                    tool_choice=NamedTool(name="ring-bell"),
                )  # fmt: skip
                events = await collect(provider, request)
                reply = judge_events(events, request)
                assert [call.name for call in reply.tool_calls] == ["ring-bell"]
                assert isinstance(events[-1], Finished)
                assert events[-1].reason == "tool_calls"
                [call] = reply.tool_calls
                assert call.id
                call.parsed()
                await self._answer_call(provider, request, ToolCallPart(call=call))

        self.run(work)

    async def _answer_call(
        self, provider: AudioProvider, request: Request, part: ToolCallPart
    ) -> None:
        result = ToolResultPart(call_id=part.call.id, content='{"rung": true}')
        following = request.model_copy(
            update={
                "messages": (
                    *request.messages,
                    Message(role="assistant", parts=(part,)),
                    Message(role="tool", parts=(result,)),
                ),
                "tool_choice": None,
            }
        )
        judge_events(await collect(provider, following), following)

    @check("calls one of its tools when it must call any")
    def test_tools_can_be_required(self) -> None:
        """With `tool_choice` of required."""
        todo = self.deliveries_or_skip(task="respond", tools=True)

        async def work(provider: AudioProvider) -> None:
            for delivery in todo:
                request = make_request(
                    delivery, clip=self.clip(delivery), tools=TOOLS, tool_choice="required"
                )
                reply = judge_events(await collect(provider, request), request)
                assert reply.tool_calls, "no tool was called"
                for call in reply.tool_calls:
                    assert call.name in {tool.name for tool in TOOLS}, call.name
                    call.parsed()

        self.run(work)

    @check("calls no tool that it must not call")
    def test_tools_can_be_forbidden(self) -> None:
        """With `tool_choice` of none it answers in words."""
        todo = self.deliveries_or_skip(task="respond", tools=True)

        async def work(provider: AudioProvider) -> None:
            for delivery in todo:
                request = make_request(
                    delivery, clip=self.clip(delivery), text="call ring-bell", tools=TOOLS,
                    tool_choice="none",
                )  # fmt: skip
                reply = judge_events(await collect(provider, request), request)
                assert reply.tool_calls == ()

        self.run(work)


def _judge_lifetime(lives_s: float, declared_s: float | None) -> None:
    if declared_s is not None:
        assert 0.9 * declared_s - 5 <= lives_s <= 1.1 * declared_s + 5, (
            f"an id lives {lives_s:.0f} s, {declared_s:.0f} s are declared"
        )
