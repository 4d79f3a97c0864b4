"""What must hold at a limit, and one past it."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from ossicle import AsyncClient, PipelineSettings
from ossicle.abc import AudioProvider, Capabilities
from ossicle.audio import AudioClip, Pcm
from ossicle.errors import OssicleError
from ossicle.messages import AudioPart, Event, Finished, Request
from ossicle_testing.conformance.provider.replies import ReplyChecks
from ossicle_testing.conformance.provider.reply_assertions import judge_error, judge_events
from ossicle_testing.conformance.provider.requests import (
    TEXT,
    Delivery,
    collect,
    input_formats,
    make_clip,
    make_request,
)
from ossicle_testing.conformance.suite import check
from ossicle_testing.strategies.signals import Signal

_STRANGE = "Grüße, 世界! 🎧 \u0301 <b>&amp;</b>"
_HEADER_BYTES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A request at a limit.

    Attributes:
        claim: What the record promises, in words.
        delivery: The row.
        at: Arguments of `make_request` right at the limit; `None` where it is too far to try.
        past: Arguments one past it; `None` where that is too far, or no request any more.
        has_words: Whether there is something to understand, so that an answer has words.
    """

    claim: str
    delivery: Delivery
    at: dict[str, Any] | None
    past: dict[str, Any] | None
    has_words: bool = True


class LimitChecks(ReplyChecks, is_part=True):
    """Checks of the edges, and of life within the framework."""

    def edges(self) -> list[Edge]:
        """Every limit of every model, once."""
        first: dict[tuple[str, str], Delivery] = {}
        for one in self.deliveries_or_skip():
            first.setdefault((one.record.model, one.task), one)
            if one.record.audio_input is not None and "audio" in one.row.inputs:
                first.setdefault((one.record.model, "audio"), one)
        found: list[Edge] = []
        for (_, what), delivery in first.items():
            found += self._audio_edges(delivery) if what == "audio" else self._text_edges(delivery)
        return found

    def _text_edges(self, delivery: Delivery) -> Iterator[Edge]:
        record, clip = delivery.record, self.clip(delivery)
        chars = record.max_text_chars
        if delivery.task == "speak" and chars:
            is_near = chars <= self.max_edge_chars
            text = ("word " * chars)[:chars].rstrip() + "."
            text = text[-chars:] if len(text) > chars else text.rjust(chars, "a")
            yield Edge(
                claim=f"{record.model} speaks {chars} characters",
                delivery=delivery,
                at={"text": text} if is_near else None,
                past={"text": f"a{text}"} if is_near else None,
            )
        tokens = record.max_output_tokens
        if delivery.task == "respond" and tokens:
            yield Edge(
                claim=f"{record.model} gives up to {tokens} tokens",
                delivery=delivery,
                at={"clip": clip, "max_output_tokens": tokens},
                past={"clip": clip, "max_output_tokens": tokens + 1},
            )

    def _audio_edges(self, delivery: Delivery) -> Iterator[Edge]:
        record, clip = delivery.record, self.clip(delivery)
        limits = record.audio_input
        assert limits is not None
        if limits.min_duration_s:
            shortest = self._lasting(record, limits.min_duration_s)
            yield Edge(
                claim=f"{record.model} hears {limits.min_duration_s:g} s", delivery=delivery,
                at=shortest, past=self._lasting(record, limits.min_duration_s * 0.9),
                has_words=False,
            )  # fmt: skip
        longest_s = _longest_s(record)
        if longest_s is not None:
            is_near = longest_s <= self.max_edge_s
            yield Edge(
                claim=f"{record.model} hears {longest_s:g} s",
                delivery=delivery,
                at=self._lasting(record, longest_s) if is_near else None,
                past=self._lasting(record, longest_s * 1.05 + 0.01) if is_near else None,
                has_words=False,
            )
        count = limits.max_clips
        if count is not None and delivery.task == "respond" and clip is not None:
            is_near = count <= self.max_edge_clips
            yield Edge(
                claim=f"{record.model} takes {count} clips",
                delivery=delivery,
                at={"clip": clip, "more_clips": (clip,) * (count - 1)} if is_near else None,
                past={"clip": clip, "more_clips": (clip,) * count} if is_near else None,
            )

    def _lasting(self, record: Capabilities, seconds: float) -> dict[str, Any] | None:
        def voice(sample_rate: int, channels: int) -> Pcm:
            frames = math.ceil(round(seconds * sample_rate, 6))
            return Signal(
                kind="speech", frames=frames, sample_rate=sample_rate, channels=channels
            ).pcm

        made = (make_clip(voice, form) for form in input_formats(record))
        clip: AudioClip | None = next((one for one in made if one is not None), None)
        return None if clip is None else {"clip": clip}

    @check("takes text and audio right up to its limits")
    def test_limits_are_reached(self) -> None:
        """The longest text and clip, the shortest clip, the most clips; strange letters."""
        edges = self.edges()

        async def work(provider: AudioProvider) -> None:
            for edge in edges:
                self.draft.claim(edge.claim)
                if edge.at is None:
                    self.draft.doubt(edge.claim, "too far for this suite to try")
                    continue
                request = make_request(edge.delivery, **edge.at)
                events = await collect(provider, request)
                assert isinstance(events[-1], Finished), edge.claim
                if edge.has_words:
                    judge_events(events, request)
                self.draft.prove(edge.claim)
            for delivery in self.deliveries():
                if delivery.task == "speak":
                    await self.answer(provider, delivery, text="a")
                    await self.answer(provider, delivery, text=_STRANGE)

        self.run(work)

    @check("answers what is one past a limit, or refuses it with ossicle's own error")
    def test_one_past_a_limit_is_survived(self) -> None:
        """The framework keeps such requests away, but records and vendors change apart."""
        edges = [edge for edge in self.edges() if edge.past is not None]

        async def work(provider: AudioProvider) -> None:
            for edge in edges:
                assert edge.past is not None
                request = make_request(edge.delivery, **edge.past)
                try:
                    events = await collect(provider, request)
                except Exception as error:  # noqa: BLE001 - what leaks is the question
                    judge_error(error, secret=self.secret)
                else:
                    assert isinstance(events[-1], Finished), edge.claim
                await self.answer(provider, edge.delivery)

        self.run(work)

    @check("works in the framework: planned, checked, sent and billed, and nothing past a limit")
    def test_it_works_in_the_framework(self) -> None:
        """Through `AsyncClient`, which trusts the record."""
        todo = {(one.record.model, one.task): one for one in self.deliveries_or_skip()}

        async def work(provider: AudioProvider) -> None:
            witness = Witness(provider, name=self.spec_.name)
            settings = PipelineSettings(quality="off")
            async with AsyncClient(witness, settings=settings) as client:
                for delivery in todo.values():
                    await self._ask_in_framework(client, delivery, witness)

        self.run(work)

    async def _ask_in_framework(
        self, client: AsyncClient, delivery: Delivery, witness: Witness
    ) -> None:
        model = f"{self.spec_.name}:{delivery.record.model}"
        clip = self.clip(delivery)
        if delivery.task == "transcribe":
            assert clip is not None
            reply = await client.transcribe(clip, model=model)
        elif delivery.task == "speak":
            reply = await client.speak(TEXT, model=model)
            await self._speak_too_much(client, delivery, witness)
        else:
            reply = await client.respond(
                TEXT if "text" in delivery.row.inputs else None,
                audio=clip, output=delivery.row.outputs, model=model,
            )  # fmt: skip
        assert reply.receipt is not None, "there is no receipt"
        assert reply.receipt.model, "the receipt names no model"
        assert witness.requests, "nothing reached the provider"

    async def _speak_too_much(
        self, client: AsyncClient, delivery: Delivery, witness: Witness
    ) -> None:
        chars = delivery.record.max_text_chars
        if not chars or chars > self.max_edge_chars:
            return
        before = len(witness.requests)
        try:
            await client.speak("a" * (chars + 1), model=str(delivery.record))
        except OssicleError:
            assert len(witness.requests) == before, "what is too long was sent all the same"
        else:
            raise AssertionError("a text past the limit was spoken")


@dataclass(slots=True)
class Witness(AudioProvider):
    """A provider as it is, and what reaches it.

    Attributes:
        provider: Who answers.
        name: Under which the framework knows it.
        requests: All that came, each of which fits the record.
    """

    provider: AudioProvider
    name: str
    requests: list[Request] = field(default_factory=list)

    def capabilities(self, model: str) -> Capabilities:
        """The provider's record."""
        return self.provider.capabilities(model)

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        """The provider's events, after a look at the request."""
        _judge_request(request, self.capabilities(request.model))
        self.requests.append(request)
        async with aclosing(self.provider.respond(request)) as events:  # type: ignore[type-var]
            async for event in events:
                yield event

    async def aclose(self) -> None:
        """Leave the provider open: it is its owner's."""


def _judge_request(request: Request, record: Capabilities) -> None:
    row = record.row_for(request.task, request.inputs, request.output)
    assert row is not None, "a request that fits no row was sent"
    for part in request.messages[-1].parts:
        if isinstance(part, AudioPart) and record.audio_input is not None:
            rules = record.audio_input.formats
            assert any(rule.accepts(part.clip.format) for rule in rules), str(part.clip.format)


def _longest_s(record: Capabilities) -> float | None:
    """The longest clip in seconds in the first format, by duration and by bytes of 16-bit PCM."""
    limits = record.audio_input
    assert limits is not None
    longest = [] if limits.max_duration_s is None else [limits.max_duration_s]
    form = next(input_formats(record))
    if limits.max_bytes is not None and form.is_pcm and form.frame_width and form.sample_rate:
        longest.append((limits.max_bytes - _HEADER_BYTES) // form.frame_width / form.sample_rate)
    return min(longest) if longest else None
