"""Percentiles of durations in bounded memory."""

from __future__ import annotations

import math
from collections import defaultdict

from pydantic import NonNegativeFloat, PositiveInt

from ossicle.messages import Value

ACCURACY = 0.01
"""Relative error of every percentile."""

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
_SHORTEST_S = 1e-6
_LONGEST_S = 1e7
"""Durations outside of these are counted in the outermost buckets: about 1,500 of them at most."""


class DurationSummary(Value):
    """How long something took, over several calls; percentiles are exact to 1 %.

    Attributes:
        count: How many durations.
        mean_s: Their mean.
        p50_s: Half of them took no longer.
        p95_s: 95 % of them took no longer.
        p99_s: 99 % of them took no longer.
        max_s: The longest.
    """

    count: PositiveInt
    mean_s: NonNegativeFloat
    p50_s: NonNegativeFloat
    p95_s: NonNegativeFloat
    p99_s: NonNegativeFloat
    max_s: NonNegativeFloat


class Durations:
    """Counts durations in buckets that grow by a constant factor; two of them can be added.

    Source: Masson, Rim, Lee: DDSketch, VLDB 2019, section 2.
    """

    __slots__ = ("_buckets", "_max_s", "_min_s", "_sum_s", "count")

    def __init__(self) -> None:
        self.count = 0
        self._sum_s = 0.0
        self._min_s = math.inf
        self._max_s = 0.0
        self._buckets: defaultdict[int, int] = defaultdict(int)

    def add(self, seconds: float) -> None:
        """Count a duration; what is negative or not finite is none and is left out."""
        if not 0 <= seconds < math.inf:
            return
        self.count += 1
        self._sum_s += seconds
        if seconds < self._min_s:
            self._min_s = seconds
        if seconds > self._max_s:
            self._max_s = seconds
        inside = seconds
        if not _SHORTEST_S <= seconds <= _LONGEST_S:
            inside = _SHORTEST_S if seconds < 1 else _LONGEST_S
        self._buckets[math.ceil(math.log(inside) / _LOG_GAMMA)] += 1

    def merge(self, other: Durations) -> None:
        """Count all durations of another one as well."""
        self.count += other.count
        self._sum_s += other._sum_s
        self._min_s = min(self._min_s, other._min_s)
        self._max_s = max(self._max_s, other._max_s)
        for number, count in other._buckets.items():
            self._buckets[number] += count

    @property
    def n_buckets(self) -> int:
        """How many buckets are in use."""
        return len(self._buckets)

    def quantile(self, share: float) -> float | None:
        """The duration that this share of all durations does not exceed.

        Args:
            share: From 0 to 1.

        Returns:
            Seconds, within 1 % of the duration at rank `ceil(share * count)`; `None` without any
            duration.
        """
        rank = max(math.ceil(share * self.count), 1)
        seen = 0
        for number in sorted(self._buckets):
            seen += self._buckets[number]
            if seen >= rank:
                middle = 2 * _GAMMA**number / (_GAMMA + 1)
                return min(max(middle, self._min_s), self._max_s)
        return None

    def summary(self) -> DurationSummary | None:
        """All figures at once; `None` without any duration."""
        middle, long, longer = (self.quantile(share) for share in (0.5, 0.95, 0.99))
        if middle is None or long is None or longer is None:
            return None
        return DurationSummary(
            count=self.count,
            mean_s=self._sum_s / self.count,
            p50_s=middle,
            p95_s=long,
            p99_s=longer,
            max_s=self._max_s,
        )
