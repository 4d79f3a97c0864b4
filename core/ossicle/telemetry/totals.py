"""Running sums over calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Context, Decimal

from ossicle.messages import CallOutcome
from ossicle.telemetry.durations import Durations
from ossicle.telemetry.metrics import CallMetrics
from ossicle.telemetry.receipt_facts import OTHER, code_name
from ossicle.telemetry.snapshot import CallStats, Dimension

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
