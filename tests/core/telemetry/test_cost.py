"""A call that nobody watches pays next to nothing for being watchable."""

from __future__ import annotations

import time

from tests.core.telemetry.calls import FULL_RECEIPT, call_of

from ossicle.plugins import PluginHost

ALLOWED_S = 5e-6
CALLS = 500
RUNS = 20


def cpu_s(host: PluginHost) -> float:
    """CPU of all hooks of one answered call: the shortest of many runs, whatever the load."""
    call = call_of(FULL_RECEIPT)
    host.load()
    times = []
    for _ in range(RUNS):
        start = time.thread_time()
        for _ in range(CALLS):
            host.notify("ossicle_call_started", call=call)
            host.notify("ossicle_call_finished", call=call, receipt=FULL_RECEIPT)
        times.append(time.thread_time() - start)
    return min(times) / CALLS


def test_hooks_that_nobody_hears_cost_at_most_five_microseconds() -> None:
    assert cpu_s(PluginHost()) <= ALLOWED_S
