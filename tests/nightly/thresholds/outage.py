"""Manners in a full outage: `python -m tests.nightly.thresholds.outage --turns 1000`.

A vendor on the loopback interface fails every request of so many turns in one way, and then works
again. Counts by the vendor's ledger how many requests a turn costs it, and how long after its
recovery a turn is answered again; backoff and pauses run on a virtual clock. Prints one line of
JSON; the exit status is 0 only when every bar is met.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import anyio

from ossicle import AsyncClient
from ossicle.errors import OssicleError
from ossicle.policy import VirtualClock
from ossicle_testing.vendors import Fault, FaultKind, Request
from ossicle_testing.vendors.openai import FakeOpenAI

MOST_REQUESTS = 1.05
"""For each turn in a full outage (reliability study, section 3.3; the bare SDK sends 3)."""

MOST_THROTTLED_REQUESTS = 1.10
"""For each turn that is answered with "too many requests": a repeat there costs the vendor little,
so the shared quota allows more of them (SRE book, "Handling Overload")."""

MOST_RECOVERY_S = 5.0

KINDS = (
    FaultKind.STATUS_503, FaultKind.STATUS_529, FaultKind.STATUS_500, FaultKind.STATUS_502,
    FaultKind.RESET_AFTER_UPLOAD, FaultKind.CLOSE_BEFORE_HEADERS, FaultKind.STATUS_429,
)  # fmt: skip

PACES_S = {"burst": 0.0, "steady": 0.1}
"""Seconds between turns during the outage: none, so that nothing but backoff takes time, or a
stream of turns over which the circuit opens."""

_AFTER_S = 0.1
_TURNS_AFTER = 150


class Outage:
    """A schedule that fails everything until it is over.

    Args:
        kind: In which way.
    """

    def __init__(self, kind: FaultKind) -> None:
        self._fault = Fault(kind=kind)
        self.is_over = False

    def __call__(self, request: Request) -> Fault | None:
        """The one fault, or none once it is over."""
        del request
        return None if self.is_over else self._fault


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How a client behaved in one outage.

    Attributes:
        kind: Of the fault.
        pace: Of the turns.
        requests_per_turn: What the vendor saw of each turn in the outage.
        recovery_s: Virtual seconds from the vendor's recovery to the first answer, or to the last
            turn that still failed, whichever is later.
        failed_after: Turns that failed after the vendor had recovered.
    """

    kind: str
    pace: str
    requests_per_turn: float
    recovery_s: float
    failed_after: int

    @property
    def is_good(self) -> bool:
        """Whether every bar is met."""
        is_throttled = self.kind == FaultKind.STATUS_429
        most = MOST_THROTTLED_REQUESTS if is_throttled else MOST_REQUESTS
        return self.requests_per_turn <= most and self.recovery_s <= MOST_RECOVERY_S


async def _is_answered(client: AsyncClient) -> bool:
    try:
        await client.respond("Are you there?", output_format="pcm16")
    except OssicleError:
        return False
    return True


async def _suffer(kind: FaultKind, pace: str, n_turns: int) -> Manners:
    outage = Outage(kind)
    # The provider reads the loop's time for its socket timeouts, so both scales begin together.
    clock = VirtualClock(start=anyio.current_time())
    with FakeOpenAI(schedule=outage) as vendor:
        client = AsyncClient(
            "openai",
            api_key="x",
            base_url=vendor.base_url,
            options={"profile": "openai"},
            clock=clock,
        )
        async with client:
            for _ in range(n_turns):
                assert not await _is_answered(client)
                clock.advance(PACES_S[pace])
            n_requests = len(vendor.ledger.entries)
            outage.is_over, over_at, recovered_at, failed = True, clock.monotonic(), 0.0, 0
            for _ in range(_TURNS_AFTER):
                if not await _is_answered(client):
                    failed, recovered_at = failed + 1, clock.monotonic() + _AFTER_S
                clock.advance(_AFTER_S)
    return Manners(
        kind=kind.value,
        pace=pace,
        requests_per_turn=round(n_requests / n_turns, 4),
        recovery_s=round(max(recovered_at - over_at, 0.0), 2),
        failed_after=failed,
    )


def suffer(kind: FaultKind, pace: str, n_turns: int) -> Manners:
    """Let a client live through one outage."""
    return anyio.run(_suffer, kind, pace, n_turns)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bar; 0 when it is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=1000, help="in each outage")
    options = parser.parse_args(arguments)
    all_manners = [suffer(kind, pace, options.turns) for kind in KINDS for pace in PACES_S]
    outages = [one for one in all_manners if one.kind != FaultKind.STATUS_429]
    found = {
        "turns": options.turns,
        "requests_per_turn": max(one.requests_per_turn for one in outages),
        "recovery_s": max(one.recovery_s for one in all_manners),
        "outages": [asdict(one) for one in all_manners],
    }
    print(json.dumps(found))  # noqa: T201
    return 0 if all(one.is_good for one in all_manners) else 1


if __name__ == "__main__":
    sys.exit(main())
