"""Calls at the same time: each gets its own answer, of its own clip."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import anyio
import numpy as np

from ossicle.abc import AudioProvider
from ossicle.audio import AudioClip, Pcm
from ossicle.errors import OssicleError
from ossicle.messages import Reply, Request
from ossicle.signal import Samples
from ossicle_testing.conformance.provider.replies import ReplyChecks
from ossicle_testing.conformance.provider.reply_assertions import judge_events, same_answer
from ossicle_testing.conformance.provider.requests import (
    TEXT,
    Delivery,
    Voice,
    collect,
    default_clip,
    make_request,
)
from ossicle_testing.conformance.suite import check

_PAUSE_S = 0.4
_NUMBERS = ("one", "two", "three")


class ConcurrencyChecks(ReplyChecks, is_part=True):
    """Checks that calls do not mix; they differ in all that a row takes, in words and in audio."""

    @check("answers calls at the same time as it answers them one by one")
    def test_calls_do_not_meet(self) -> None:
        """Three different ones at once on one provider, for each model and task."""

        async def work(provider: AudioProvider) -> None:
            for delivery in self._each_row_once():
                alone = await self._alone(provider, delivery)
                found: dict[int, Reply] = {}

                async def ask(index: int, request: Request, found: dict[int, Reply]) -> None:
                    found[index] = judge_events(await collect(provider, request), request)

                async with anyio.create_task_group() as group:
                    for index, (request, _) in enumerate(alone):
                        group.start_soon(ask, index, request, found)
                for index, (_, reply) in enumerate(alone):
                    self._judge(found[index], reply)

        self.run(work)

    @check("serves several threads, each with a provider and an event loop of its own")
    def test_threads_do_not_meet(self) -> None:
        """Different calls at once give what each gives alone."""
        for delivery in self._each_row_once():
            alone = self.run(lambda provider: self._alone(provider, delivery))  # noqa: B023 - run here
            pair = alone[:2]
            found = self._in_threads([request for request, _ in pair])
            for (_, reply), other in zip(pair, found, strict=True):
                self._judge(other, reply)

    def _in_threads(self, requests: list[Request]) -> list[Reply]:
        together = threading.Barrier(len(requests))

        def ask(request: Request) -> Reply:
            together.wait()
            events = self.run(lambda provider: collect(provider, request))
            return judge_events(events, request)

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(ask, requests))

    def _judge(self, reply: Reply, alone: Reply) -> None:
        if not self.is_deterministic:
            return
        same_answer(reply, alone)
        for name in ("input_audio_tokens", "input_audio_s", "characters"):
            told, expected = getattr(reply.usage, name), getattr(alone.usage, name)
            assert told == expected, f"{name} of another call: {told}, alone {expected}"

    def _each_row_once(self) -> list[Delivery]:
        """One delivery of each model and task, one that hears where there is one."""
        found: dict[tuple[str, str], Delivery] = {}
        for delivery in sorted(
            self.deliveries_or_skip(), key=lambda one: "audio" not in one.row.inputs
        ):
            found.setdefault((delivery.record.model, delivery.task), delivery)
        return list(found.values())

    async def _alone(
        self, provider: AudioProvider, delivery: Delivery
    ) -> list[tuple[Request, Reply]]:
        """Three calls and their answers one by one; what is not understood is left out."""
        found: list[tuple[Request, Reply]] = []
        for number, clip in enumerate(self._clips(delivery)):
            text = f"{TEXT} Number {_NUMBERS[len(found)]}."
            request = make_request(delivery, clip=clip, text=text)
            try:
                events = await collect(provider, request)
                found.append((request, judge_events(events, request)))
            except (OssicleError, AssertionError):
                if number == 0:
                    raise
            if len(found) == len(_NUMBERS):
                break
        return found if len(found) > 1 else found * 2

    def _clips(self, delivery: Delivery) -> Iterator[AudioClip | None]:
        if "audio" not in delivery.row.inputs:
            yield from (None,) * len(_NUMBERS)
            return
        limits = delivery.record.audio_input
        longest_s = None if limits is None else limits.max_duration_s
        for voice in _variants(self.voice_):
            clip = default_clip(voice, delivery.record)
            if longest_s is None or (clip.duration_s or 0.0) <= longest_s:
                yield clip


def _variants(voice: Voice) -> Iterator[Voice]:
    """Somebody who says it once, twice, before a silence, and who breaks off."""

    def changed(way: str, sample_rate: int, channels: int) -> Pcm:
        samples = voice(sample_rate, channels).samples
        pause = np.zeros((round(_PAUSE_S * sample_rate), channels), np.float32)
        ways: dict[str, tuple[Samples, ...]] = {
            "twice": (samples, pause, samples),
            "late": (samples, pause),
            "half": (samples[: len(samples) * 3 // 5],),
        }
        return Pcm(samples=np.concatenate(ways[way]), sample_rate=sample_rate)

    yield voice
    for way in ("twice", "late", "half"):
        yield partial(changed, way)
