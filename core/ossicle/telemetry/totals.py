"""Running sums over calls."""

from __future__ import annotations

from collections import Counter
from decimal import Context, Decimal

from ossicle.messages import Receipt
from ossicle.telemetry.durations import Durations
from ossicle.telemetry.receipt_facts import (
    OTHER,
    Outcome,
    code_name,
    has_unknown_cost,
    n_retries,
    received_audio_s,
    sent_audio_s,
)
from ossicle.telemetry.snapshot import CallStats, Dimension

_MAX_CODES = 100
"""Plugins may bring their own codes; a runaway one must not fill the memory."""


class Totals:
    """Sums over the calls of one group; not safe for threads by itself."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
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

    def add(self, outcome: Outcome, receipt: Receipt | None, error: str | None) -> None:
        """Count a call that has ended.

        Args:
            outcome: How.
            receipt: As far as the call came, or `None` when it came nowhere.
            error: `OssicleError.code`, or `None`.
        """
        self.outcomes[outcome] += 1
        if error is not None:
            _count(self.errors, error)
        if receipt is None:
            return
        for record in (*receipt.inputs, receipt.output):
            for finding in record.findings if record is not None else ():
                _count(self.findings, finding.code)
        if outcome != "refused":
            self._add_sent(receipt)

    def _add_sent(self, receipt: Receipt) -> None:
        for attempt in receipt.attempts:
            self.attempts[attempt.outcome] += 1
        self.retries += n_retries(receipt)
        self.cache_hits += receipt.cache_hit
        self.audio_in_s += sent_audio_s(receipt)
        self.audio_out_s += received_audio_s(receipt)
        self.saved_s += receipt.saved_s
        if receipt.usage is not None:
            for name, used in vars(receipt.usage).items():
                if used is not None:
                    self.usage[name] = self.usage.get(name, 0) + used
        if receipt.cost is not None:
            self._pay(receipt.cost.currency, receipt.cost.amount)
        self.unpriced_calls += has_unknown_cost(receipt)
        timings = receipt.timings
        if "total" in timings:
            self.latency.add(timings["total"])
        if "first_audio" in timings:
            self.first_audio.add(timings["first_audio"])

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

    def stats(self, group: dict[Dimension, str]) -> CallStats:
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


def _count(counter: Counter[str], code: str) -> None:
    if code in counter:  # nearly always; what is in there is a name
        counter[code] += 1
        return
    name = code_name(code)
    counter[name if name in counter or len(counter) < _MAX_CODES else OTHER] += 1


def _sorted(counter: Counter[str]) -> dict[str, int]:
    """Most frequent first."""
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
