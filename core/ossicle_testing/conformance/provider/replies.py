"""What answers must keep to, row by row."""

from __future__ import annotations

import importlib.util
import pickle
from typing import Any

import pytest

from ossicle.abc import AudioProvider
from ossicle.audio import AudioClip
from ossicle.messages import (
    Event,
    Reply,
)
from ossicle_testing.conformance.provider.bench import ProviderBench
from ossicle_testing.conformance.provider.reply_assertions import judge_events, same_answer
from ossicle_testing.conformance.provider.requests import (
    Delivery,
    collect,
    default_clip,
    folded,
    input_formats,
    make_clip,
    make_request,
    output_formats,
)
from ossicle_testing.conformance.suite import check

BACKENDS = ["asyncio", "trio"] if importlib.util.find_spec("trio") else ["asyncio"]


class ReplyChecks(ProviderBench, is_part=True):
    """Checks of rows, formats and limits."""

    def clip(self, delivery: Delivery) -> AudioClip | None:
        """Speech for a row that hears."""
        if "audio" not in delivery.row.inputs:
            return None
        return default_clip(self.voice_, delivery.record)

    async def answer(self, provider: AudioProvider, delivery: Delivery, **more: Any) -> Reply:
        """A judged answer to a delivery's request."""
        request = make_request(delivery, clip=more.pop("clip", None) or self.clip(delivery), **more)
        return judge_events(await collect(provider, request), request)

    @check("answers every row it claims, streamed and whole, on asyncio and trio")
    @pytest.mark.parametrize("backend", BACKENDS)
    def test_every_row_is_answered(self, backend: str) -> None:
        """By the laws of streams, in the format asked for."""
        todo = self.deliveries_or_skip()
        for delivery in todo:
            self.draft.claim(str(delivery))

        async def work(provider: AudioProvider) -> None:
            for delivery in todo:
                await self.answer(provider, delivery)
                if not delivery.stream:  # that is more to prove, see `arriving`
                    self.draft.prove(str(delivery))

        self.run(work, backend=backend)

    @check("says the same streamed as whole")
    def test_chunked_is_whole(self) -> None:
        """Text, length and audio of the two ways of delivery."""
        if not self.is_deterministic:
            pytest.skip("its answers differ from call to call")
        todo = self.deliveries_or_skip()
        pairs = [
            (one, other)
            for one in todo
            for other in todo
            if one.stream and not other.stream
            and (one.record, one.task, one.row) == (other.record, other.task, other.row)
        ]  # fmt: skip
        if not pairs:
            pytest.skip("no row comes both ways")

        async def work(provider: AudioProvider) -> None:
            for streamed, whole in pairs:
                same_answer(
                    await self.answer(provider, streamed), await self.answer(provider, whole)
                )

        self.run(work)

    @check("gives audio in every format it offers")
    def test_every_output_format_is_given(self) -> None:
        """Container, encoding, rate and channels as asked."""
        todo = [one for one in self.deliveries_or_skip() if one.rules]
        if not todo:
            pytest.skip("it does not speak")

        async def work(provider: AudioProvider) -> None:
            done = set()
            for delivery in todo:
                for form in (form for rule in delivery.rules for form in output_formats(rule)):
                    claim = f"{delivery.record.model} {delivery.task} gives {form}"
                    if (claim, delivery.stream) in done:
                        continue
                    done.add((claim, delivery.stream))
                    self.draft.claim(claim)
                    await self.answer(provider, delivery, form=form)
                    self.draft.prove(claim)

        self.run(work)

    @check("takes audio in every format, rate and channel count it claims")
    def test_every_input_format_is_taken(self) -> None:
        """As far as something installed writes it; the rest stays claimed."""
        todo = [one for one in self.deliveries_or_skip() if "audio" in one.row.inputs]
        if not todo:
            pytest.skip("it does not hear")
        first = {one.record.model: one for one in todo}

        async def work(provider: AudioProvider) -> None:
            for model, delivery in first.items():
                for form in input_formats(delivery.record):
                    claim = f"{model} takes {form}"
                    self.draft.claim(claim)
                    clip = make_clip(self.voice_, form)
                    if clip is None:
                        self.draft.doubt(claim, "nothing installed writes it")
                        continue
                    await self.answer(provider, delivery, clip=clip)
                    self.draft.prove(claim)

        self.run(work)

    @check("gives events and replies that can be pickled and written as JSON")
    def test_answers_cross_processes(self) -> None:
        """Workers and caches hand them on."""
        delivery = self.deliveries_or_skip()[-1]
        request = make_request(delivery, clip=self.clip(delivery))
        events: list[Event] = self.run(lambda provider: collect(provider, request))
        assert pickle.loads(pickle.dumps(events)) == events  # noqa: S301 - our own bytes
        reply = folded(events, request)
        assert Reply.model_validate_json(reply.model_dump_json()).text == reply.text
