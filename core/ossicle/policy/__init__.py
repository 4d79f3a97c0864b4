"""Rules for calls: repeats, deadlines, circuits, concurrency and budgets."""

from ossicle.policy.admission import (
    Circuit,
    Circuits,
    ConcurrencyLimit,
    ConcurrencyLimits,
    RetryQuota,
)
from ossicle.policy.attempt import AttemptLog
from ossicle.policy.attempts import AttemptStream
from ossicle.policy.budget import Budget, BudgetLimits, Reservation
from ossicle.policy.clock import Clock, SystemClock
from ossicle.policy.estimate import audio_tokens, estimate_request
from ossicle.policy.ledger import (
    Account,
    Allowance,
    Amount,
    BudgetLedger,
    MemoryLedger,
    Overdraft,
)
from ossicle.policy.outcome import Outcome, classify
from ossicle.policy.retry import RetryPolicy
from ossicle.policy.single_error import single_error
from ossicle.policy.text_tokens import estimate_tokens
from ossicle.policy.virtual_clock import VirtualClock

__all__ = [
    "Account",
    "Allowance",
    "Amount",
    "AttemptLog",
    "AttemptStream",
    "Budget",
    "BudgetLedger",
    "BudgetLimits",
    "Circuit",
    "Circuits",
    "Clock",
    "ConcurrencyLimit",
    "ConcurrencyLimits",
    "MemoryLedger",
    "Outcome",
    "Overdraft",
    "Reservation",
    "RetryPolicy",
    "RetryQuota",
    "SystemClock",
    "VirtualClock",
    "audio_tokens",
    "classify",
    "estimate_request",
    "estimate_tokens",
    "single_error",
]
