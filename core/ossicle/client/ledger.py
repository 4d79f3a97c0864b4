"""Where the books of a client's budget are kept."""

from __future__ import annotations

import time
from collections.abc import Callable

from ossicle.errors import ConfigurationError
from ossicle.policy import Budget, BudgetLimits, Clock
from ossicle.storage import Store, TableLedger, TableStore


def open_budget(
    budget: Budget | BudgetLimits | None, store: Store | None, clock: Clock | None
) -> Budget | None:
    """The budget of a client; of mere limits the books are kept in its store.

    Without a store they are kept in memory.

    Raises:
        ConfigurationError: The store is an application's own, which keeps no books.
    """
    if not isinstance(budget, BudgetLimits):
        return budget
    if isinstance(store, TableStore):
        wall: Callable[[], float] = time.time if clock is None else clock.wall
        ledger = TableLedger(store, clock=wall)
        return Budget(budget, clock=clock, ledger=ledger)
    if store is None:
        return Budget(budget, clock=clock)
    raise ConfigurationError(
        f"a {type(store).__name__} keeps no books of a budget",
        fix="Give budget=Budget(limits, ledger=...), or limits with a store of ossicle.storage.",
    )
