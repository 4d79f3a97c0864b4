"""What the numbers of a call must keep to."""

from __future__ import annotations

from itertools import pairwise

from ossicle.abc import AudioProvider, Capabilities
from ossicle.audio import AudioClip
from ossicle.messages import Reply, Usage, UsageReported
from ossicle_testing.conformance.provider.replies import ReplyChecks
from ossicle_testing.conformance.provider.reply_assertions import judge_events
from ossicle_testing.conformance.provider.requests import Delivery, collect, make_request
from ossicle_testing.conformance.suite import check

_SLACK_TOKENS = 4


class UsageChecks(ReplyChecks, is_part=True):
    """Checks of `UsageReported`."""

    @check("counts what was used: no audio where there is none, seconds at the rate it declares")
    def test_usage_fits_the_call(self) -> None:
        """Row by row; what a provider does not report is not asked for."""
        todo = self.deliveries_or_skip()

        async def work(provider: AudioProvider) -> None:
            for delivery in todo:
                clip = self.clip(delivery)
                reply = await self.answer(provider, delivery, clip=clip)
                _judge_inputs(reply.usage, delivery, clip)
                _judge_outputs(reply.usage, delivery, reply)

        self.run(work)

    @check("counts each call for itself, and the same streamed as whole")
    def test_usage_is_of_one_call(self) -> None:
        """Nothing is carried over; where usage comes several times, the last one is the whole."""
        todo = self.deliveries_or_skip()

        async def work(provider: AudioProvider) -> None:
            for delivery in todo:
                clip = self.clip(delivery)
                first = await self.answer(provider, delivery, clip=clip)
                again = await self._answer_growing(provider, delivery, clip)
                if self.is_deterministic:
                    assert _uncached(again.usage) == _uncached(first.usage), str(delivery)

        self.run(work)

    async def _answer_growing(
        self, provider: AudioProvider, delivery: Delivery, clip: AudioClip | None
    ) -> Reply:
        request = make_request(delivery, clip=clip)
        events = await collect(provider, request)
        told = [event.usage for event in events if isinstance(event, UsageReported)]
        for earlier, later in pairwise(told):
            for name in ("input_tokens", "output_tokens"):
                before, after = getattr(earlier, name), getattr(later, name)
                assert before is None or after is not None, f"{name} was reported and taken back"
                assert before is None or before <= after, f"{name} shrinks"
        return judge_events(events, request)


def _uncached(usage: Usage) -> Usage:
    return usage.model_copy(update={"cached_tokens": None})


def _judge_inputs(usage: Usage, delivery: Delivery, clip: AudioClip | None) -> None:
    audio = usage.input_audio_tokens
    is_counted = delivery.record.audio_tokens_per_s_in is not None and usage.input_tokens
    assert clip is None or audio is not None or not is_counted, (
        f"{delivery}: a rate of audio tokens is declared, and none of them reported"
    )
    if clip is None:
        assert not audio, f"{delivery}: {audio} tokens of audio in, where none was sent"
        assert not usage.input_audio_s, f"{delivery}: seconds in, where none were sent"
        return
    assert usage.input_tokens != 0, f"{delivery}: audio came in for nothing"
    assert audio != 0, f"{delivery}: the audio that was heard is not counted"
    record = delivery.record
    _judge_rate(audio, record.audio_tokens_per_s_in, clip.duration_s, f"{delivery}: in")


def _judge_outputs(usage: Usage, delivery: Delivery, reply: Reply) -> None:
    audio, record = usage.output_audio_tokens, delivery.record
    is_counted = _rate_out(record) is not None and usage.output_tokens
    assert reply.audio is None or audio is not None or not is_counted, (
        f"{delivery}: a rate of audio tokens is declared, and none of them reported"
    )
    assert usage.output_tokens != 0, f"{delivery}: the answer cost nothing"
    if reply.audio is None:
        assert not audio, f"{delivery}: {audio} tokens of audio out, where none came"
        return
    assert audio != 0, f"{delivery}: the audio that was spoken is not counted"
    _judge_rate(audio, _rate_out(record), reply.audio.duration_s, f"{delivery}: out")


def _rate_out(record: Capabilities) -> float | None:
    return record.audio_tokens_per_s_out


def _judge_rate(tokens: int | None, rate: float | None, seconds: float | None, where: str) -> None:
    """Within a factor of two and a few tokens: vendors round, and count silence as they like."""
    if tokens is None or rate is None or seconds is None:
        return
    expected = rate * seconds
    assert expected / 2 - _SLACK_TOKENS <= tokens <= expected * 2 + _SLACK_TOKENS, (
        f"{where}: {tokens} tokens for {seconds:.2f} s at {rate} a second"
    )
