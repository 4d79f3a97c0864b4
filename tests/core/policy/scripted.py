"""A provider that plays scripts, and the stream over it with everything virtual."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from ossicle.errors import OssicleError
from ossicle.messages import Event, Finished, TextDelta
from ossicle.policy import AttemptStream, Circuit, RetryPolicy, RetryQuota, VirtualClock

Step = Event | float | BaseException


@dataclass
class ScriptedProvider:
    """Plays one script per attempt: events are yielded, numbers slept, errors raised.

    The last script is played for every further attempt.
    """

    clock: VirtualClock
    scripts: Sequence[Sequence[Step]]
    started_at: list[float] = field(default_factory=list)
    closed: int = 0

    @property
    def opened(self) -> int:
        return len(self.started_at)

    async def events(self) -> AsyncIterator[Event]:
        script = self.scripts[min(self.opened, len(self.scripts) - 1)]
        self.started_at.append(self.clock.monotonic())
        try:
            for step in script:
                if isinstance(step, BaseException):
                    raise step
                if isinstance(step, int | float):
                    await self.clock.sleep(step)
                else:
                    yield step
        finally:
            self.closed += 1

    def stream(
        self,
        *,
        quota: RetryQuota | None = None,
        policy: RetryPolicy | None = None,
        deadline: float | None = None,
        timeout_s: float | None = None,
        circuit: Circuit | None = None,
        failed_requests_are_billed: bool | None = None,
        reserve_again: Callable[[], Awaitable[None]] | None = None,
        draw: float = 0.5,
    ) -> AttemptStream:
        return AttemptStream(
            self.events,
            provider="vendor",
            model="model",
            quota=quota or RetryQuota(),
            policy=policy,
            clock=self.clock,
            deadline=deadline,
            timeout_s=timeout_s,
            circuit=circuit,
            turn_id="turn-1",
            failed_requests_are_billed=failed_requests_are_billed,
            reserve_again=reserve_again,
            draw=lambda: draw,
        )


def answer(text: str = "hello") -> list[Step]:
    return [TextDelta(text=text), Finished()]


async def play(stream: AttemptStream) -> tuple[list[Event], OssicleError | None]:
    """Everything the caller sees, and the error it ends with."""
    seen: list[Event] = []
    try:
        async with stream:
            async for event in stream:
                seen.append(event)
    except OssicleError as error:
        return seen, error
    return seen, None
