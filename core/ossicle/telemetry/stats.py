"""`Stats`: counts calls in memory, readable without any service."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from decimal import Context, Decimal
from typing import get_args

from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import ConfigurationError, OssicleError
from ossicle.messages import CallOutcome, Receipt
from ossicle.telemetry.metrics import OTHER, CallMetrics, Durations, code_name, figures_of
from ossicle.telemetry.snapshot import CallStats, Dimension, StatsSnapshot

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

_Key = tuple[str, str, str, str]
"""Provider, model, tenant and task of calls that are counted together."""


class Stats:
    """Figures over calls by provider, model, tenant and task; safe to use from any thread.

    A client has its own as `client.stats`. One for several clients: `Client(..., plugins=[stats])`.

    Args:
        max_groups: So many combinations of provider, model and tenant are told apart; calls of
            further ones are counted together as `(other)`.
    """

    def __init__(self, *, max_groups: int = 1000) -> None:
        self._max_groups = max_groups
        self._lock = threading.Lock()
        self._groups: dict[_Key, Totals] = {}

    def snapshot(self, *, by: Collection[Dimension] = DIMENSIONS) -> StatsSnapshot:
        """The figures up to now.

        Args:
            by: What to group by: any of `provider`, `model`, `tenant` and `task`.

        Raises:
            ConfigurationError: There is no such thing to group by.
        """
        for name in by:
            if name not in DIMENSIONS:
                raise ConfigurationError(
                    f"calls cannot be grouped by {name!r}",
                    fix=f"Group by any of {', '.join(DIMENSIONS)}.",
                )
        wanted = [index for index, name in enumerate(DIMENSIONS) if name in by]
        merged: dict[tuple[str, ...], Totals] = {}
        total = Totals()
        with self._lock:
            for key, totals in self._groups.items():
                merged.setdefault(tuple(key[index] for index in wanted), Totals()).merge(totals)
                total.merge(totals)
        groups = [
            totals.stats(
                {DIMENSIONS[index]: name or None for index, name in zip(wanted, key, strict=True)}
            )
            for key, totals in sorted(merged.items())
        ]
        groups.sort(key=lambda group: -group.calls)
        return StatsSnapshot(groups=tuple(groups), total=total.stats({}))

    def __str__(self) -> str:
        """The figures up to now as a table."""
        return str(self.snapshot())

    def count(self, group: Mapping[Dimension, str | None], figures: CallMetrics) -> None:
        """Count a call that has ended; for what was recorded elsewhere.

        Args:
            group: Its provider, model, tenant and task, as far as they are known.
            figures: What it adds.
        """
        provider, model, tenant, task = (group.get(name) or "" for name in DIMENSIONS)
        self._add((provider, model, tenant, task), figures)

    # ---- what the plugin host calls

    @hookimpl
    def ossicle_call_finished(self, call: CallInfo, receipt: Receipt) -> None:
        """Count an answered call."""
        self._add(_key_of(call), figures_of("finished", receipt, None))

    @hookimpl
    def ossicle_call_failed(self, call: CallInfo, error: OssicleError) -> None:
        """Count a failed call."""
        self._add(_key_of(call), figures_of("failed", error.receipt, error.code))

    @hookimpl
    def ossicle_call_refused(self, call: CallInfo, error: OssicleError) -> None:
        """Count a call that was not sent."""
        self._add(_key_of(call), figures_of("refused", error.receipt, error.code))

    @hookimpl
    def ossicle_call_abandoned(self, call: CallInfo, receipt: Receipt) -> None:
        """Count a call that was left before its end."""
        self._add(_key_of(call), figures_of("abandoned", receipt, None))

    def _add(self, key: _Key, figures: CallMetrics) -> None:
        with self._lock:
            totals = self._groups.get(key)
            if totals is None:
                if len(self._groups) >= self._max_groups:
                    key = (OTHER, OTHER, OTHER, key[3])
                totals = self._groups.setdefault(key, Totals())
            totals.add(figures)


def _key_of(call: CallInfo) -> _Key:
    return call.provider, call.model, call.tenant, call.task


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
