"""When a fault strikes: a schedule is any callable from a request to a fault or `None`.

A plain function is a schedule by predicate; the classes here are schedules by list and by seed.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from ossicle.errors import ConfigurationError
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Request

Schedule = Callable[[Request], Fault | None]
"""Decides, after a request's head was read and before its body is, what must go wrong."""


class ListedFaults:
    """Faults in order of arrival: the first request gets the first, `None` means none.

    Args:
        faults: What happens to each request; kinds stand for their plain fault.
        repeat: Begin again at the end; otherwise later requests are served well.
    """

    def __init__(self, faults: Sequence[Fault | FaultKind | None], *, repeat: bool = False) -> None:
        self._faults = tuple(
            Fault(kind=fault) if isinstance(fault, FaultKind) else fault for fault in faults
        )
        self._repeat = repeat
        self._position = 0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        """The faults."""
        return f"ListedFaults({list(self._faults)!r}{', repeat=True' if self._repeat else ''})"

    def __call__(self, request: Request) -> Fault | None:
        """The next fault of the list."""
        with self._lock:
            position = self._position
            self._position += 1
        if self._repeat and self._faults:
            position %= len(self._faults)
        return self._faults[position] if position < len(self._faults) else None


class SeededFaults:
    """Faults drawn at random, the same for the same seed however the requests interleave.

    The draw depends on the seed, on the request's nonce (or its index where it has none) and on
    how often that nonce came before, and on nothing else.

    Args:
        seed: Any number.
        rate: Share of requests that a fault strikes, from 0 to 1.
        faults: What to draw from, each with equal chance.
        where: Only requests for which this is true can be struck; `None` means all.

    Raises:
        ConfigurationError: The rate is out of range or there is nothing to draw from.
    """

    def __init__(
        self,
        seed: int,
        *,
        rate: float,
        faults: Sequence[Fault],
        where: Callable[[Request], bool] | None = None,
    ) -> None:
        if not 0 <= rate <= 1 or not faults:
            raise ConfigurationError(
                f"a rate of {rate} over {len(faults)} faults is no schedule",
                fix="Give a rate from 0 to 1 and at least one fault.",
            )
        self._seed = seed
        self._rate = rate
        self._faults = tuple(faults)
        self._where = where
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Fault | None:
        """The fault drawn for this request, or `None`."""
        key = request.nonce or f"#{request.index}"
        with self._lock:
            attempt = self._seen[key]
            self._seen[key] += 1
        if self._where is not None and not self._where(request):
            return None
        draw = Random(f"{self._seed}/{key}/{attempt}")
        return draw.choice(self._faults) if draw.random() < self._rate else None
