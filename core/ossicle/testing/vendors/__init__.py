"""Scripted vendors on the loopback interface, with faults, a ledger and a clock of their own."""

from ossicle.testing.vendors.clock import Clock, ManualClock
from ossicle.testing.vendors.faults import (
    FAULT_FACTS,
    Fault,
    FaultFacts,
    FaultKind,
    RetryAfter,
    every_fault,
)
from ossicle.testing.vendors.http import (
    Pause,
    Request,
    Response,
    event,
    json_response,
)
from ossicle.testing.vendors.ledger import Bill, Ledger, LedgerEntry
from ossicle.testing.vendors.refusals import plain_refusal, retry_after_headers
from ossicle.testing.vendors.schedule import ListedFaults, Schedule, SeededFaults
from ossicle.testing.vendors.server import LoopbackServer, Route, Routes
from ossicle.testing.vendors.tampering import tamper
from ossicle.testing.vendors.unreachable import UNRESOLVABLE_URL, refusing_url, silent_url

__all__ = [
    "FAULT_FACTS",
    "UNRESOLVABLE_URL",
    "Bill",
    "Clock",
    "Fault",
    "FaultFacts",
    "FaultKind",
    "Ledger",
    "LedgerEntry",
    "ListedFaults",
    "LoopbackServer",
    "ManualClock",
    "Pause",
    "Request",
    "Response",
    "RetryAfter",
    "Route",
    "Routes",
    "Schedule",
    "SeededFaults",
    "event",
    "every_fault",
    "json_response",
    "plain_refusal",
    "refusing_url",
    "retry_after_headers",
    "silent_url",
    "tamper",
]
