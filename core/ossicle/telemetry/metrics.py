"""What one call adds to the figures, read from its receipt or from what was recorded of it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal

from pydantic import NonNegativeFloat, PositiveInt

from ossicle.messages import CallOutcome, Receipt, Usage, Value
from ossicle.telemetry.snapshot import CallStats, Dimension
from ossicle.telemetry.stats import (
    OTHER,
    code_name,
    has_unknown_cost,
    received_audio_s,
    sent_audio_s,
)


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


_MAX_CODES = 100
"""Plugins may bring their own codes; a runaway one must not fill the memory."""


class Totals:
    """Sums over the calls of one group; not safe for threads by itself."""

    def __init__(self) -> None:
        self.outcomes: Counter[CallOutcome] = Counter()
        self.errors: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()
        self.attempts: Counter[str] = Counter()
        self.usage: dict[str, int | float] = {}
        self.costs: dict[str, Decimal] = {}
        self.retries = self.unpriced_calls = self.cache_hits = 0
        self.audio_in_s = self.audio_out_s = self.saved_s = 0.0
        self.latency = Durations()
        self.first_audio = Durations()
        self._exact = Context(prec=100)

    def add(self, figures: CallMetrics) -> None:
        """Count a call that has ended."""
        self.outcomes[figures.outcome] += 1
        if figures.error is not None:
            _count(self.errors, figures.error)
        for code, times in figures.findings.items():
            _count(self.findings, code, times)
        for outcome, times in figures.attempts.items():
            self.attempts[outcome] += times
        self.retries += max(sum(figures.attempts.values()) - 1, 0)
        self.cache_hits += figures.cache_hit
        self.unpriced_calls += figures.is_unpriced
        self.audio_in_s += figures.audio_in_s
        self.audio_out_s += figures.audio_out_s
        self.saved_s += figures.saved_s
        if figures.usage is not None:
            for name, used in vars(figures.usage).items():
                if used is not None and name != "cost":  # which is among the costs
                    self.usage[name] = self.usage.get(name, 0) + used
        if figures.cost is not None:
            amount, currency = figures.cost
            self._pay(currency, amount)
        if figures.latency_s is not None:
            self.latency.add(figures.latency_s)
        if figures.first_audio_s is not None:
            self.first_audio.add(figures.first_audio_s)

    def merge(self, other: Totals) -> None:
        """Count all calls of another one as well."""
        self.outcomes.update(other.outcomes)
        for mine, theirs in (
            (self.errors, other.errors),
            (self.findings, other.findings),
            (self.attempts, other.attempts),
        ):
            mine.update(theirs)
        for name, used in other.usage.items():
            self.usage[name] = self.usage.get(name, 0) + used
        for currency, amount in other.costs.items():
            self._pay(currency, amount)
        self.retries += other.retries
        self.unpriced_calls += other.unpriced_calls
        self.cache_hits += other.cache_hits
        self.audio_in_s += other.audio_in_s
        self.audio_out_s += other.audio_out_s
        self.saved_s += other.saved_s
        self.latency.merge(other.latency)
        self.first_audio.merge(other.first_audio)

    def stats(self, group: Mapping[Dimension, str | None]) -> CallStats:
        """The sums as a value.

        Args:
            group: What the calls have in common.
        """
        return CallStats.model_validate(
            {
                **group,
                "calls": self.outcomes.total(),
                **{name: self.outcomes[name] for name in self.outcomes},
                "errors": _sorted(self.errors),
                "attempts": _sorted(self.attempts),
                "retries": self.retries,
                "usage": self.usage,
                "costs": dict(sorted(self.costs.items())),
                "unpriced_calls": self.unpriced_calls,
                "audio_in_s": self.audio_in_s,
                "audio_out_s": self.audio_out_s,
                "saved_s": self.saved_s,
                "findings": _sorted(self.findings),
                "cache_hits": self.cache_hits,
                "latency": self.latency.summary(),
                "first_audio": self.first_audio.summary(),
            }
        )

    def _pay(self, currency: str, amount: Decimal) -> None:
        # Not by `+`: the application's decimal context may round.
        self.costs[currency] = self._exact.add(self.costs.get(currency, Decimal(0)), amount)


def _count(counter: Counter[str], code: str, times: int = 1) -> None:
    if code in counter:  # nearly always; what is in there is a name
        counter[code] += times
        return
    name = code_name(code)
    counter[name if name in counter or len(counter) < _MAX_CODES else OTHER] += times


def _sorted(counter: Counter[str]) -> dict[str, int]:
    """Most frequent first."""
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
