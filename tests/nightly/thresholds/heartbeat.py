"""Two hearts: one beats on the loop, one in a process of its own that shares only the machine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

BEAT_S = 0.02


@dataclass(frozen=True, slots=True)
class Stall:
    """A beat that came late.

    Attributes:
        at: When the beat before it was, by `time.monotonic`.
        late_s: By how much more than a beat it came late.
    """

    at: float
    late_s: float


def stalled_s(stalls: Sequence[Stall], start: float, end: float) -> float:
    """Seconds of stalls that began in this window or a beat before."""
    return sum(stall.late_s for stall in stalls if start - BEAT_S <= stall.at <= end)


class LoopHeart:
    """Beats on the loop: late when the machine, or whatever shares this interpreter, is.

    Attributes:
        stalls: Its late beats.
    """

    def __init__(self) -> None:
        self.stalls: list[Stall] = []

    async def beat(self) -> None:
        """Beat until cancelled."""
        while True:
            before = time.monotonic()
            await anyio.sleep(BEAT_S)
            late_s = time.monotonic() - before - BEAT_S
            if late_s > BEAT_S:
                self.stalls.append(Stall(before, late_s))


class MachineHeart:
    """Beats in another process: late only when the machine is; a context manager.

    Attributes:
        stalls: Its late beats, known once it was left.
    """

    def __init__(self) -> None:
        self.stalls: list[Stall] = []

    def __enter__(self) -> Self:
        """Begin to beat."""
        # Linux and macOS have one monotonic clock for all processes.
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(BEAT_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and learn what it saw."""
        told, _ = self._process.communicate(b"")
        self.stalls = [Stall(at, late_s) for at, late_s in json.loads(told)]


_PROGRAM = """
import json, select, sys, time
beat_s, stalls = float(sys.argv[1]), []
print("beats", flush=True)
while True:
    before = time.monotonic()
    if select.select([sys.stdin], [], [], beat_s)[0]:
        break
    late_s = time.monotonic() - before - beat_s
    if late_s > beat_s:
        stalls.append((before, late_s))
print(json.dumps(stalls))
"""
