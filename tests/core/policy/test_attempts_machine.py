"""A state machine of calls against a model of the rules that is written down a second time.

All times are multiples of 1/64 s, so that sums of floats are exact and may be compared by `==`.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.core.policy.scripted import ScriptedProvider, Step, answer, play
from tests.profiles import machine

from ossicle.errors import (
    AmbiguousOutcomeError,
    InvalidReplyError,
    OssicleError,
    ProviderConnectionError,
    ProviderUnavailableError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.messages import TextDelta
from ossicle.policy import RetryPolicy, RetryQuota, VirtualClock

TICK = 1 / 64
CAPACITY = 60


@dataclass(frozen=True)
class Try:
    """What one attempt does: how long, how it ends, what the vendor asks for."""

    kind: str
    ticks: int
    retry_after: int | None

    @property
    def length(self) -> float:
        return math.inf if self.kind == "hang" else self.ticks * TICK

    @property
    def error(self) -> OssicleError | None:
        wait = None if self.retry_after is None else self.retry_after * TICK
        kinds: dict[str, OssicleError] = {
            "down": ProviderUnavailableError("x", provider="v", status=503, retry_after_s=wait),
            "busy": RateLimitedError("x", provider="v", status=429, retry_after_s=wait),
            "unreached": ProviderConnectionError("x", provider="v", retry_after_s=wait),
            "refused": RequestRefusedError("x", provider="v", status=400),
            "useless": InvalidReplyError("x", provider="v", status=200),
            "unknown": ProviderUnavailableError("x", provider="v", status=502, retry_after_s=wait),
            "lost": AmbiguousOutcomeError("x", provider="v"),
            "broken": ProviderUnavailableError("x", provider="v", status=503, retry_after_s=wait),
        }
        return kinds.get(self.kind)

    @property
    def script(self) -> list[Step]:
        if self.kind == "hang":
            return [1e12]
        if self.kind == "good":
            return [self.ticks * TICK, *answer()]
        assert self.error is not None
        first: list[Step] = [TextDelta(text="He")] if self.kind == "broken" else []
        return [*first, self.ticks * TICK, self.error]


CLEAN = {"down", "busy", "unreached"}
UNKNOWN = {"unknown", "lost"}
KINDS = [*sorted(CLEAN), *sorted(UNKNOWN), "refused", "useless", "broken", "good", "hang"]


@dataclass
class Told:
    """What the model says must happen."""

    starts: list[float]
    waits: list[float]
    end: str
    ends_at: float
    tokens: int


def foretell(
    tries: list[Try],
    *,
    now: float,
    deadline: float,
    cancel_at: float,
    policy: RetryPolicy,
    draw: float,
    tokens: int,
) -> Told:
    """The rules once more, as plainly as they can be said."""
    starts: list[float] = []
    waits: list[float] = []
    taken, wait = 0, 0.0
    while True:
        if now >= deadline:
            return Told(starts, waits, "deadline_exceeded", now, tokens)
        step = tries[min(len(starts), len(tries) - 1)]
        starts.append(now)
        waits.append(wait)
        cut = min(deadline, cancel_at)
        if step.length > 0 and now + step.length >= cut:
            end = "deadline_exceeded" if deadline < cancel_at else "cancelled"
            return Told(starts, waits, end, cut, tokens)
        now += step.length
        if step.kind == "good":
            back = taken if taken else 1
            return Told(starts, waits, "good", now, min(CAPACITY, tokens + back))
        may_repeat = step.kind in CLEAN or (
            step.kind in UNKNOWN and policy.on_ambiguous == "repeat"
        )
        if not may_repeat or len(starts) >= policy.attempts:
            return Told(starts, waits, step.kind, now, tokens)
        if step.retry_after and step.kind != "lost":
            wait = step.retry_after * TICK
            if deadline == math.inf and wait > 120:
                return Told(starts, waits, step.kind, now, tokens)
        else:
            wait = draw * min(policy.cap_s, policy.base_s * 2 ** (len(starts) - 1))
        cost = 5 if step.kind == "busy" else 14
        if now + wait >= deadline or cost > tokens:
            return Told(starts, waits, step.kind, now, tokens)
        tokens -= cost
        taken += cost
        if wait > 0 and now + wait >= cancel_at:
            return Told(starts, waits, "cancelled", cancel_at, tokens)
        now += wait


class Calls(RuleBasedStateMachine):
    """Calls one after the other, sharing a clock and a quota."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.clock = VirtualClock()
        self.quota = RetryQuota(capacity=CAPACITY)
        self.tokens = CAPACITY

    @rule(
        tries=st.lists(
            st.builds(
                Try,
                kind=st.sampled_from(KINDS),
                ticks=st.integers(0, 300),
                retry_after=st.none() | st.integers(0, 600) | st.just(64 * 121),
            ),
            min_size=1,
            max_size=5,
        ),
        deadline=st.none() | st.integers(0, 1_000),
        cancel=st.none() | st.integers(1, 1_000),
        draw=st.integers(0, 63),
        policy=st.builds(
            RetryPolicy,
            attempts=st.integers(1, 5),
            base_s=st.sampled_from([0.0, 0.5, 1.0]),
            cap_s=st.sampled_from([0.0, 1.0, 8.0]),
            on_ambiguous=st.sampled_from(["raise", "repeat"]),
        ),
    )
    def call(
        self,
        tries: list[Try],
        deadline: int | None,
        cancel: int | None,
        draw: int,
        policy: RetryPolicy,
    ) -> None:
        now = self.clock.monotonic()
        until = None if deadline is None else now + deadline * TICK
        # a part of a tick off, so that no cancellation falls on the very moment of anything else;
        # a call that hangs with nothing to end it would prove nothing
        if cancel is None and until is None and any(step.kind == "hang" for step in tries):
            cancel = 500
        cancel_at = math.inf if cancel is None else now + (cancel - 0.125) * TICK
        told = foretell(
            tries,
            now=now,
            deadline=math.inf if until is None else until,
            cancel_at=cancel_at,
            policy=policy,
            draw=draw / 64,
            tokens=self.tokens,
        )
        provider = ScriptedProvider(self.clock, [step.script for step in tries])
        stream = provider.stream(quota=self.quota, policy=policy, deadline=until, draw=draw / 64)

        async def run() -> OssicleError | str | None:
            with self.clock.scope_until(None if cancel is None else cancel_at):
                return (await play(stream))[1]
            return "cancelled"

        result = self.runner.run(run())
        self.tokens = told.tokens
        attempts = stream.log.attempts
        assert provider.started_at == told.starts
        assert provider.closed == provider.opened
        assert self.clock.monotonic() == told.ends_at
        assert [attempt.waited_s for attempt in attempts] == told.waits
        assert len(attempts) <= policy.attempts
        self._check_end(told, result, tries[min(len(told.starts), len(tries)) - 1])
        outcomes = [attempt.outcome for attempt in attempts]
        assert "settled" not in outcomes[:-1]
        if policy.on_ambiguous == "raise":
            assert "ambiguous" not in outcomes[:-1]

    def _check_end(self, told: Told, result: OssicleError | str | None, last: Try) -> None:
        code = result.code if isinstance(result, OssicleError) else result
        if told.end in {"cancelled", "deadline_exceeded"}:
            assert code == told.end
        elif told.end == "good":
            assert code is None
        elif told.end in UNKNOWN:
            assert code == "ambiguous_outcome"
        elif told.end == "broken":
            assert code == "stream_incomplete"
        else:
            assert last.error is not None
            assert code == last.error.code

    @rule(calls=st.integers(1, 20))
    def others_succeed(self, calls: int) -> None:
        for _ in range(calls):
            self.quota.give_back(0)
        self.tokens = min(CAPACITY, self.tokens + calls)

    @rule(seconds=st.integers(0, 6_400))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds * TICK)

    @rule(seconds=st.integers(-10_000, 10_000))
    def wall_clock_jumps(self, seconds: int) -> None:
        self.clock.set_wall(self.clock.wall() + seconds)

    @invariant()
    def quota_is_what_the_model_says(self) -> None:
        if hasattr(self, "quota"):
            assert self.quota.tokens == self.tokens
            assert 0 <= self.tokens <= CAPACITY

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.close()


TestCalls = Calls.TestCase
TestCalls.settings = machine(ci=(600, 20), long=(50_000, 40))
