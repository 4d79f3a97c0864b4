"""Budgets of tokens and money: reserved before a call, settled after it, never overdrawn."""

from __future__ import annotations

import datetime
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Literal, Self

from ossicle.errors import BudgetExceededError, ConfigurationError
from ossicle.messages import Cost, Estimate, Usage
from ossicle.policy.clock import Clock, SystemClock
from ossicle.policy.ledger import (
    Account,
    Allowance,
    Amount,
    BudgetLedger,
    MemoryLedger,
    Overdraft,
)

_DAYS_KEPT = 8
"""Day accounts kept per tenant, so that a wall clock set back finds its day again, not an empty
one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLimits:
    """What calls may use and cost.

    Attributes:
        call: Of one call.
        conversation: Of all calls of one conversation.
        tenant: Of all calls of one tenant for as long as the books are kept.
        day: Of all calls of one tenant on one day, in UTC.
        currency: ISO 4217 code of every money bound.
        on_unknown: What becomes of a call whose tokens or cost cannot be estimated while a bound
            on them stands: `refuse` it, or `allow` it, count what is known beforehand, and book
            what it turns out to be.

    Raises:
        ConfigurationError: A bound is negative or not a number.
    """

    call: Allowance = field(default_factory=Allowance)
    conversation: Allowance = field(default_factory=Allowance)
    tenant: Allowance = field(default_factory=Allowance)
    day: Allowance = field(default_factory=Allowance)
    currency: str = "USD"
    on_unknown: Literal["refuse", "allow"] = "refuse"

    def __post_init__(self) -> None:
        for scope in ("call", "conversation", "tenant", "day"):
            allowance: Allowance = getattr(self, scope)
            for bound in (allowance.tokens, allowance.money):
                if bound is not None and not (Decimal(bound).is_finite() and bound >= 0):
                    raise ConfigurationError(
                        f"the budget of a {scope} is {bound}", fix="Use 0 or more, or None."
                    )


class Reservation:
    """What is set aside for one execution of a call.

    As a context manager, it is given back unless it was settled.

    Settle a call that was sent, even if what became of it is unknown; release one that was not.
    The first of both counts, and further ones are harmless.

    Attributes:
        amount: What is set aside.
        estimate: Of the call, on which that rests.
    """

    def __init__(
        self,
        ledger: BudgetLedger,
        hold_id: str,
        amount: Amount,
        *,
        estimate: Estimate,
        currency: str,
    ) -> None:
        self._ledger = ledger
        self._hold_id = hold_id
        self._currency = currency
        self.amount = amount
        self.estimate = estimate

    @property
    def is_blocking(self) -> bool:
        """Whether its ends wait for a disk or a server, and belong into a worker thread."""
        return not isinstance(self._ledger, MemoryLedger)

    def settle(self, usage: Usage | None, cost: Cost | None) -> None:
        """Book what was really used; what is not told is booked as it was estimated.

        Args:
            usage: As the vendor told it, or `None`. Of input and output each counts what is told,
                or else what was estimated.
            cost: As computed from it, once `untold_as_estimated` has filled it in; `None` or
                another currency: not known.
        """
        spent = Amount(tokens=self._tokens(usage), money=self._money(cost))
        self._ledger.settle(self._hold_id, spent)

    def _tokens(self, usage: Usage | None) -> int:
        if usage is None or usage.total_tokens is None:
            return self.amount.tokens
        both = (
            (usage.input_tokens, self.estimate.input_tokens),
            (usage.output_tokens, self.estimate.output_tokens),
        )
        return sum(max(estimated or 0, 0) if told is None else told for told, estimated in both)

    def _money(self, cost: Cost | None) -> Decimal:
        if cost is None or cost.currency != self._currency:
            return self.amount.money
        return max(cost.amount, Decimal(0))

    def release(self) -> None:
        """Give everything back: the call was not sent, or surely not executed."""
        self._ledger.settle(self._hold_id, Amount())

    def __enter__(self) -> Self:
        """The reservation."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release what was not settled."""
        self.release()


class Budget:
    """Sets aside what a call may use before it is sent. Safe to share between threads.

    At no moment do spendings and reservations together exceed a bound; only a call that turns
    out dearer than it was estimated can, and then it is booked as it was and the next is refused.

    Args:
        limits: The bounds.
        clock: Tells the day; `None`: the system's.
        ledger: Keeps the books; `None`: in memory.
    """

    def __init__(
        self,
        limits: BudgetLimits,
        *,
        clock: Clock | None = None,
        ledger: BudgetLedger | None = None,
    ) -> None:
        self.limits = limits
        self._clock = clock or SystemClock()
        self._ledger = ledger or MemoryLedger()
        self._lock = threading.Lock()
        self._days: dict[str, list[Account]] = {}

    @property
    def is_blocking(self) -> bool:
        """Whether its methods wait for a disk or a server, and belong into a worker thread."""
        return not isinstance(self._ledger, MemoryLedger)

    def reserve(
        self,
        estimate: Estimate,
        *,
        tenant: str = "default",
        conversation_id: str | None = None,
        executions: int = 1,
    ) -> Reservation:
        """Set aside what one execution of a call is expected to use at most.

        Args:
            estimate: Of the call, with a bound of its answer.
            tenant: On whose behalf.
            conversation_id: Which conversation it belongs to, if any.
            executions: Which execution of the call it is: the bound of a call holds for what is
                set aside for all of them together.

        Raises:
            BudgetExceededError: It does not fit, or cannot be estimated while a bound stands.
        """
        allowances = self._allowances(tenant, conversation_id)
        amount = self._amount(estimate, {("call",): self.limits.call, **allowances})
        hold_id = uuid.uuid4().hex
        overdraft = self.limits.call.overdraft(("call",), amount.times(executions))
        overdraft = overdraft or self._ledger.hold(hold_id, amount, allowances)
        if overdraft is not None:
            raise self._exceeded(overdraft)
        return Reservation(
            self._ledger, hold_id, amount, estimate=estimate, currency=self.limits.currency
        )

    def spent_today(self, tenant: str = "default") -> Amount:
        """What a tenant has spent today, in UTC."""
        return self._ledger.spent(self._day(tenant))

    def held_today(self, tenant: str = "default") -> Amount:
        """What is set aside for calls of a tenant that are under way."""
        return self._ledger.held(self._day(tenant))

    def spent_in(self, conversation_id: str, *, tenant: str = "default") -> Amount:
        """What a conversation has spent; clients count it while a bound on it stands."""
        return self._ledger.spent(("conversation", tenant, conversation_id))

    def spent_by(self, tenant: str = "default") -> Amount:
        """What a tenant has spent in all, counted while a bound on it stands."""
        return self._ledger.spent(("tenant", tenant))

    def forget_conversation(self, conversation_id: str, *, tenant: str = "default") -> None:
        """Drop the account of a conversation that is over."""
        self._ledger.forget(("conversation", tenant, conversation_id))

    def _allowances(self, tenant: str, conversation_id: str | None) -> dict[Account, Allowance]:
        allowances = {self._day(tenant): self.limits.day}
        if self.limits.tenant != Allowance():
            allowances["tenant", tenant] = self.limits.tenant
        if conversation_id is not None:
            allowances["conversation", tenant, conversation_id] = self.limits.conversation
        return allowances

    def _day(self, tenant: str) -> Account:
        today = datetime.datetime.fromtimestamp(self._clock.wall(), tz=datetime.UTC).date()
        account = ("day", tenant, today.isoformat())
        with self._lock:
            days = self._days.setdefault(tenant, [])
            if account not in days:
                days.append(account)
                if len(days) > _DAYS_KEPT:
                    self._ledger.forget(days.pop(0))
        return account

    def _amount(self, estimate: Estimate, allowances: Mapping[Account, Allowance]) -> Amount:
        sides = (estimate.input_tokens, estimate.output_tokens)
        known_tokens = sum(max(side or 0, 0) for side in sides)
        tokens = None if None in sides else known_tokens
        money = None
        if estimate.cost is not None and estimate.cost.currency == self.limits.currency:
            money = max(estimate.cost.amount, Decimal(0))
        if self.limits.on_unknown == "refuse":
            for account, allowance in allowances.items():
                for unit, known, bound in (
                    ("tokens", tokens, allowance.tokens),
                    (self.limits.currency, money, allowance.money),
                ):
                    if known is None and bound is not None:
                        raise BudgetExceededError(
                            f"the call cannot be estimated in {unit}, and the {account[0]} budget "
                            f"is {bound} {unit}",
                            allowed=float(bound),
                            fix="Bound the answer with max_output_tokens, use a model with known "
                            'rates and prices, or set on_unknown="allow".',
                        )
        return Amount(tokens=known_tokens, money=money or Decimal(0))

    def _exceeded(self, overdraft: Overdraft) -> BudgetExceededError:
        unit = "tokens" if overdraft.unit == "tokens" else self.limits.currency
        scope = overdraft.account[0]
        fix = {
            "call": "Send less, bound the answer with max_output_tokens, or raise the budget.",
            "conversation": "Begin a new conversation, or raise the budget.",
            "tenant": "Raise the tenant's budget.",
            "day": "Wait for the next day (UTC), or raise the budget.",
        }[scope]
        return BudgetExceededError(
            f"the {scope} budget of {overdraft.allowed} {unit} would be overdrawn: spent, held "
            f"and asked for are {overdraft.measured} {unit}",
            measured=float(overdraft.measured),
            allowed=float(overdraft.allowed),
            fix=fix,
        )
