"""What one call adds to the figures, read from its receipt or from what was recorded of it."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import NonNegativeFloat, PositiveInt

from ossicle.messages import CallOutcome, Receipt, Usage, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMetrics:
    """What one call adds.

    Attributes:
        outcome: How it ended.
        error: `OssicleError.code`, or `None`.
        findings: Of the validators by code.
        attempts: Tries at the provider by outcome.
        usage: What the vendor told; `None`: nothing.
        cost: Amount and currency; `None`: it names none.
        is_unpriced: Whether it may have cost something which nobody knows.
        cache_hit: Whether it was answered from the cache.
        audio_in_s: Seconds of audio that were sent.
        audio_out_s: Seconds of audio that came back.
        saved_s: Seconds of audio that were not sent because they held nothing.
        latency_s: From its beginning to its end; `None`: not measured.
        first_audio_s: From sending to the first audio of the answer; `None`: there was none.
    """

    outcome: CallOutcome
    error: str | None = None
    findings: Mapping[str, int] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    usage: Usage | None = None
    cost: tuple[Decimal, str] | None = None
    is_unpriced: bool = False
    cache_hit: bool = False
    audio_in_s: float = 0.0
    audio_out_s: float = 0.0
    saved_s: float = 0.0
    latency_s: float | None = None
    first_audio_s: float | None = None


def figures_of(outcome: CallOutcome, receipt: Receipt | None, error: str | None) -> CallMetrics:
    """What a call that has ended adds.

    Args:
        outcome: How it ended.
        receipt: As far as it came; `None`: nowhere. A refused call adds its findings alone.
        error: `OssicleError.code`, or `None`.
    """
    if receipt is None:
        return CallMetrics(outcome=outcome, error=error)
    findings = _findings(receipt)
    if outcome == "refused":
        return CallMetrics(outcome=outcome, error=error, findings=findings)
    cost = receipt.cost
    return CallMetrics(
        outcome=outcome,
        error=error,
        findings=findings,
        attempts=Counter(attempt.outcome for attempt in receipt.attempts),
        usage=receipt.usage,
        cost=None if cost is None else (cost.amount, cost.currency),
        is_unpriced=has_unknown_cost(receipt),
        cache_hit=receipt.cache_hit,
        audio_in_s=sent_audio_s(receipt),
        audio_out_s=received_audio_s(receipt),
        saved_s=receipt.saved_s,
        latency_s=receipt.timings.get("total"),
        first_audio_s=receipt.timings.get("first_audio"),
    )


def _findings(receipt: Receipt) -> Mapping[str, int]:
    records = (*receipt.inputs, receipt.output)
    return Counter(
        finding.code for record in records if record is not None for finding in record.findings
    )


OTHER = "(other)"
"""Stands for names that are no names, and for those that are too many."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MODEL = re.compile(r"[A-Za-z0-9_.:/@+-]{1,128}")


def code_name(code: str) -> str:
    """A stable code as it is; `(other)` for anything that reads like free text."""
    return code if _CODE.fullmatch(code) else OTHER


def model_name(name: str | None) -> str | None:
    """A model as the vendor names it; `None` for anything that reads like free text."""
    return name if name is not None and _MODEL.fullmatch(name) else None


def sent_audio_s(receipt: Receipt) -> float:
    """Seconds of audio that went to the provider; 0 when nothing was sent."""
    if not receipt.attempts:
        return 0.0
    return sum((record.result_duration_s or 0.0 for record in receipt.inputs), 0.0)


def received_audio_s(receipt: Receipt) -> float:
    """Seconds of audio that came back."""
    return 0.0 if receipt.output is None else receipt.output.duration_s or 0.0


def n_retries(receipt: Receipt) -> int:
    """Attempts after the first."""
    return max(len(receipt.attempts) - 1, 0)


def has_unknown_cost(receipt: Receipt) -> bool:
    """Whether the call was, or may have been, executed at a cost that nobody knows.

    A cost that is known is that of the answer; what ambiguous attempts cost before it is not.
    """
    outcomes = {attempt.outcome for attempt in receipt.attempts}
    return "ambiguous" in outcomes or (receipt.cost is None and "settled" in outcomes)


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
