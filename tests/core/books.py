"""The books of a budget that do not answer at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from ossicle.policy import Account, Allowance, Amount, MemoryLedger, Overdraft


class SlowBooks(MemoryLedger):
    """In memory; may be made to wait, and to fail at a hold once.

    Args:
        waits_from: The first hold that waits for the gate; those before it do not.
        error: What the first hold raises.

    Attributes:
        gate: Open at first.
        entered: Set once a hold is at the gate.
        n_ends: Holds that were settled.
    """

    def __init__(self, *, waits_from: int = 1, error: Exception | None = None) -> None:
        super().__init__()
        self.gate, self.entered = threading.Event(), threading.Event()
        self.gate.set()
        self.n_ends = self._n_holds = 0
        self._waits_from, self._error = waits_from, error

    def hold(
        self, hold_id: str, amount: Amount, allowances: Mapping[Account, Allowance]
    ) -> Overdraft | None:
        self._n_holds += 1
        if self._n_holds >= self._waits_from:
            self.entered.set()
            assert self.gate.wait(20)
        error, self._error = self._error, None
        if error is not None:
            raise error
        return super().hold(hold_id, amount, allowances)

    def settle(self, hold_id: str, amount: Amount) -> None:
        super().settle(hold_id, amount)
        self.n_ends += 1


class Elsewhere:
    """Hides that the books are in memory, so that a budget asks them in a thread."""

    def __init__(self, books: SlowBooks) -> None:
        self._books = books

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)
