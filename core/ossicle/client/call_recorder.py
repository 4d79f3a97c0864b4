"""`CallRecorder`: writes every call into a store's ledger, so that figures outlive the program."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING

from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import OssicleError, StorageError
from ossicle.messages import Receipt
from ossicle.storage import Charge, Store
from ossicle.telemetry import CallMetrics, Dimension, Stats, code_name, figures_of

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())  # the host program decides what is shown


class CallRecorder:
    """Keeps what calls used and cost and how they went in a store; `ossicle stats` shows it.

    Use it with `Client(..., plugins=[recorder])`. Entries are written by a thread of its own, so a
    slow disk slows no call; close it before the store, or the last ones may be missing. Figures and
    names are written, never content.

    Args:
        store: Where to; it stays open.
        clock: Tells the time in seconds since 1970.
    """

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ossicle-ledger")

    def __enter__(self) -> Self:
        """Return the recorder itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Wait until everything is written; closing twice is harmless."""
        self._writer.shutdown()

    # ---- what the plugin host calls

    @hookimpl
    def ossicle_call_finished(self, call: CallInfo, receipt: Receipt) -> None:
        """Record an answered call."""
        self._record(call, figures_of("finished", receipt, None))

    @hookimpl
    def ossicle_call_failed(self, call: CallInfo, error: OssicleError) -> None:
        """Record a failed call."""
        self._record(call, figures_of("failed", error.receipt, error.code))

    @hookimpl
    def ossicle_call_refused(self, call: CallInfo, error: OssicleError) -> None:
        """Record a call that was not sent."""
        self._record(call, figures_of("refused", error.receipt, error.code))

    @hookimpl
    def ossicle_call_abandoned(self, call: CallInfo, receipt: Receipt) -> None:
        """Record a call that was left before its end."""
        self._record(call, figures_of("abandoned", receipt, None))

    def _record(self, call: CallInfo, figures: CallMetrics) -> None:
        charge = charge_of(call, figures, at=self._clock())
        self._writer.submit(self._write, call.tenant, charge)

    def _write(self, tenant: str, charge: Charge) -> None:
        try:
            self._store.append_charge(tenant, charge)
        except (StorageError, ValueError) as error:
            _LOG.warning("a call was not recorded: %s", type(error).__name__)


def charge_of(call: CallInfo, figures: CallMetrics, *, at: float) -> Charge:
    """What a call used and cost and how it went, as the ledger keeps it.

    Args:
        call: Which.
        figures: Of the call.
        at: When it ended, in seconds since 1970.
    """
    unpriced = None if figures.is_unpriced else Decimal(0)
    amount, currency = figures.cost or (unpriced, None)
    findings: Counter[str] = Counter()
    for code, times in figures.findings.items():
        findings[code_name(code)] += times
    return Charge(
        charge_id=call.turn_id,
        at=at,
        provider=call.provider,
        model=call.model,
        task=call.task,
        outcome=figures.outcome,
        error=None if figures.error is None else code_name(figures.error),
        usage=figures.usage,
        input_audio_s=figures.audio_in_s,
        output_audio_s=figures.audio_out_s,
        saved_s=figures.saved_s,
        amount=amount,
        currency=currency,
        latency_s=figures.latency_s,
        first_audio_s=figures.first_audio_s,
        findings=findings,
        attempts=dict(figures.attempts),
        cache_hit=figures.cache_hit,
    )


def recorded_stats(
    store: Store,
    *,
    tenants: Iterable[str] | None = None,
    since: float | None = None,
    until: float | None = None,
) -> Stats:
    """The figures over recorded calls, as `client.stats` gives them over those of its life.

    Args:
        store: Where they were recorded.
        tenants: Whose; `None`: everybody's.
        since: Calls that ended before are left out, in seconds since 1970.
        until: Calls that ended then or later are left out, in seconds since 1970.

    Raises:
        StorageError: The store failed.
    """
    stats = Stats()
    for tenant in store.list_tenants() if tenants is None else tenants:
        for charge in store.list_charges(tenant, since=since, until=until):
            group: dict[Dimension, str | None] = {
                "provider": charge.provider,
                "model": charge.model,
                "tenant": tenant,
                "task": charge.task,
            }
            stats.count(group, _figures_of(charge))
    return stats


def _figures_of(charge: Charge) -> CallMetrics:
    amount, currency = charge.amount, charge.currency
    cost = None if amount is None or currency is None else (amount, currency)
    return CallMetrics(
        outcome=charge.outcome,
        error=charge.error,
        findings=charge.findings,
        attempts=charge.attempts,
        usage=charge.usage,
        cost=cost,
        is_unpriced=charge.amount is None or bool(charge.attempts.get("ambiguous")),
        cache_hit=charge.cache_hit,
        audio_in_s=charge.input_audio_s,
        audio_out_s=charge.output_audio_s,
        saved_s=charge.saved_s,
        latency_s=charge.latency_s,
        first_audio_s=charge.first_audio_s,
    )
