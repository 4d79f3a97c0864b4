"""`Stats`: counts calls in memory, readable without any service."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping
from typing import get_args

from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import ConfigurationError, OssicleError
from ossicle.messages import Receipt
from ossicle.telemetry.metrics import CallMetrics, Totals, figures_of
from ossicle.telemetry.snapshot import Dimension, StatsSnapshot

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
