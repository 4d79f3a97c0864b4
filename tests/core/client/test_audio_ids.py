"""No audio id that is dead by the vendor's clock leaves, by whatever way and however often."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import anyio
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle import AsyncClient
from ossicle.abc import Capabilities
from ossicle.errors import OssicleError, RateLimitedError
from ossicle.messages import (
    AudioReference,
    Event,
    Message,
    ReferenceIssued,
    ReplyStarted,
    Request,
    TextPart,
)
from ossicle.policy import RetryPolicy, VirtualClock
from ossicle_echo.provider import EchoProvider

NOW_S = 1_800_000_000.0
SKEWS = st.sampled_from([-600.0, 0.0, 600.0]) | st.floats(-600.0, 600.0)


class Vendor(EchoProvider):
    """Refuses the first attempts of each call, and notes the ids that are sent when they are dead.

    Attributes:
        dead: How many were.
        sent: How many ids were sent.
        refuses: How many attempts to refuse, and how long it asks to wait before the next.
        stale_s: By how much the date of its answers is too old.
    """

    name = "vendor"

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock=self.time)
        self._virtual = clock
        self.dead = self.sent = 0
        self.refuses: tuple[int, float] = (0, 0.0)
        self.stale_s = 0.0
        self._expiries: dict[str, float | None] = {}

    def time(self) -> float:
        return NOW_S + self._virtual.monotonic()

    def issue(self, name: str, expires_at: float | None, *, truly: float) -> AudioReference:
        self._expiries[name] = truly
        return AudioReference(id=name, provider=self.name, expires_at=expires_at, transcript="b")

    def capabilities(self, model: str) -> Capabilities:
        return super().capabilities(model).model_copy(update={"provider": self.name})

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        for message in request.messages:
            for part in message.parts:
                if isinstance(part, AudioReference):
                    self.sent += 1
                    expires_at = self._expiries[part.id]
                    self.dead += expires_at is None or expires_at <= self.time()
        n_left, wait_s = self.refuses
        if n_left:
            self.refuses = n_left - 1, wait_s
            raise RateLimitedError("busy", provider=self.name, status=429, retry_after_s=wait_s)
        async for event in super().respond(request):
            if isinstance(event, ReplyStarted):
                event = replace(event, server_time_s=self.time() - self.stale_s)
            if isinstance(event, ReferenceIssued) and event.id is not None:
                self._expiries[event.id] = event.expires_at
            elif isinstance(event, ReferenceIssued):
                self._expiries[list(self._expiries)[-1]] = event.expires_at
            yield event


@hypothesis_settings(deadline=None, max_examples=tried(100))
@given(
    skew_s=SKEWS,
    lives_s=st.none() | st.floats(-700, 1500),
    timeout_s=st.sampled_from([1.0, 120.0, 600.0]),
    n_refused=st.integers(0, 3),
    wait_s=st.floats(0, 200),
)
def test_a_history_that_the_application_keeps_names_no_dead_id(
    skew_s: float, lives_s: float | None, timeout_s: float, n_refused: int, wait_s: float
) -> None:
    clock = VirtualClock(wall=NOW_S - skew_s)
    vendor = Vendor(clock)
    vendor.refuses = n_refused, wait_s
    expires_at = None if lives_s is None else NOW_S + lives_s
    said = vendor.issue("a", expires_at, truly=NOW_S if expires_at is None else expires_at)
    history = [
        Message(role="user", parts=(TextPart(text="a"),)),
        Message(role="assistant", parts=(said,)),
    ]

    async def main() -> None:
        async with AsyncClient(
            vendor, model="chat", clock=clock, retry=RetryPolicy(attempts=4)
        ) as client:
            # It waits too long, or knows of no such id: that one was made up.
            with contextlib.suppress(OssicleError):
                await client.respond("hi", history=history, timeout_s=timeout_s)

    anyio.run(main)
    assert vendor.dead == 0
    if lives_s is not None and lives_s > 600 + 600 + timeout_s + 60:
        assert vendor.sent


def _talks(clock: VirtualClock, vendor: Vendor, steps: Any) -> None:
    async def main() -> None:
        async with AsyncClient(
            vendor, model="chat", clock=clock, retry=RetryPolicy(attempts=4)
        ) as client:
            talk = client.conversation()
            for passed_s, n_refused, wait_s in steps:
                clock.advance(passed_s)
                vendor.refuses = n_refused, wait_s
                with contextlib.suppress(OssicleError):
                    await talk.send("hello")

    anyio.run(main)


@hypothesis_settings(deadline=None, max_examples=tried(60))
@given(
    skew_s=SKEWS,
    stale_s=st.just(0.0) | st.floats(0, 90_000),
    steps=st.lists(
        st.tuples(st.floats(0, 4500), st.integers(0, 3), st.floats(0, 60)), min_size=2, max_size=4
    ),
)
def test_a_conversation_names_no_dead_id_whatever_date_comes_back(
    skew_s: float, stale_s: float, steps: list[tuple[float, int, float]]
) -> None:
    # A stale date that is as good as a clock cannot be told from one.
    assume(not stale_s or skew_s - stale_s < -600)
    clock = VirtualClock(wall=NOW_S - skew_s)
    vendor = Vendor(clock)
    vendor.stale_s = stale_s
    _talks(clock, vendor, steps)
    assert vendor.dead == 0


@pytest.mark.parametrize("stale_s", [0.0, 5400.0])
def test_ids_are_used_while_they_live_and_a_stale_date_revives_none(stale_s: float) -> None:
    clock = VirtualClock(wall=NOW_S)
    vendor = Vendor(clock)
    vendor.stale_s = stale_s
    _talks(clock, vendor, [(0.0, 0, 0.0), (60.0, 0, 0.0)])
    assert (vendor.sent, vendor.dead) == (1, 0)
    _talks(clock, vendor, [(0.0, 0, 0.0), (4000.0, 0, 0.0)])
    assert (vendor.sent, vendor.dead) == (1, 0)
