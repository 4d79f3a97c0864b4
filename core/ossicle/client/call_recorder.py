"""`CallRecorder`: writes every call into a store's ledger, so that figures outlive the program."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING

from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import OssicleError, StorageError
from ossicle.messages import Receipt, Usage
from ossicle.storage import Charge, Store
from ossicle.telemetry import has_unknown_cost, received_audio_s, sent_audio_s

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())  # the host program decides what is shown


class CallRecorder:
    """Keeps what calls used and cost in a store; `ossicle stats` shows it.

    Use it with `Client(..., plugins=[recorder])`. Entries are written by a thread of its own, so a
    slow disk slows no call; close it before the store, or the last ones may be missing. Refused
    calls used nothing and are not recorded. Figures and names are written, never content.

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
        self._record(call, "finished", receipt)

    @hookimpl
    def ossicle_call_failed(self, call: CallInfo, error: OssicleError) -> None:
        """Record a failed call."""
        self._record(call, "failed", error.receipt)

    @hookimpl
    def ossicle_call_abandoned(self, call: CallInfo, receipt: Receipt) -> None:
        """Record a call that was left before its end."""
        self._record(call, "abandoned", receipt)

    def _record(self, call: CallInfo, outcome: str, receipt: Receipt) -> None:
        charge = charge_of(call, receipt, outcome=outcome, at=self._clock())
        self._writer.submit(self._write, call.tenant, charge)

    def _write(self, tenant: str, charge: Charge) -> None:
        try:
            self._store.append_charge(tenant, charge)
        except (StorageError, ValueError) as error:
            _LOG.warning("a call was not recorded: %s", type(error).__name__)


def charge_of(call: CallInfo, receipt: Receipt, *, outcome: str, at: float) -> Charge:
    """What a call used and cost, as the ledger keeps it.

    Args:
        call: Which.
        receipt: Of the call.
        outcome: `finished`, `failed` or `abandoned`.
        at: When it ended, in seconds since 1970.
    """
    usage = receipt.usage or Usage()
    cost = receipt.cost
    unpriced = None if has_unknown_cost(receipt) else Decimal(0)
    return Charge(
        charge_id=call.turn_id,
        at=at,
        provider=call.provider,
        model=call.model,
        outcome=outcome,
        input_tokens=usage.input_tokens or 0,
        output_tokens=usage.output_tokens or 0,
        input_audio_tokens=usage.input_audio_tokens or 0,
        output_audio_tokens=usage.output_audio_tokens or 0,
        input_audio_s=sent_audio_s(receipt),
        output_audio_s=received_audio_s(receipt),
        amount=unpriced if cost is None else cost.amount,
        currency="USD" if cost is None else cost.currency,
    )
