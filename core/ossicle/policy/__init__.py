"""Rules for calls: repeats, deadlines, circuits, concurrency, budgets and prices."""

from ossicle.policy.attempt_log import AttemptLog
from ossicle.policy.attempts import AttemptStream
from ossicle.policy.circuit import Circuit, Circuits
from ossicle.policy.clock import Clock, SystemClock
from ossicle.policy.concurrency import ConcurrencyLimit
from ossicle.policy.outcome import Outcome, classify
from ossicle.policy.retry import RetryPolicy, RetryQuota
from ossicle.policy.retry_after import parse_retry_after, retry_after_of
from ossicle.policy.single_error import single_error
from ossicle.policy.virtual_clock import VirtualClock

__all__ = [
    "AttemptLog",
    "AttemptStream",
    "Circuit",
    "Circuits",
    "Clock",
    "ConcurrencyLimit",
    "Outcome",
    "RetryPolicy",
    "RetryQuota",
    "SystemClock",
    "VirtualClock",
    "classify",
    "parse_retry_after",
    "retry_after_of",
    "single_error",
]
