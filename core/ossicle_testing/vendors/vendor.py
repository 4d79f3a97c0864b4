"""The ground of every fake vendor: a server that has a base URL."""

from __future__ import annotations

import time

from ossicle_testing.vendors.clock import Clock
from ossicle_testing.vendors.corruptions import Corrupt, corrupt
from ossicle_testing.vendors.refusals import Refuse, plain_refusal
from ossicle_testing.vendors.schedule import Schedule
from ossicle_testing.vendors.server import LoopbackServer, Routes


class FakeVendor(LoopbackServer):
    """A vendor on 127.0.0.1 with faults, a ledger and a clock.

    Subclass it and hand your routes to `super().__init__`. A route returns a `Response`, or raises
    `RefusedError` with one. A context manager; closing twice is harmless.

    Args:
        routes: What is served, the prefix included.
        prefix: What follows the port in the base URL, such as `/v1`.
        schedule: Decides the fault of each request; `None` means none.
        clock: Tells Unix seconds.
        refuse: Words the answers of the status group.
        corrupt: Spoils responses for the content and stream groups.
        receive_buffer_bytes: See `LoopbackServer`.
    """

    def __init__(
        self,
        routes: Routes,
        *,
        prefix: str = "",
        schedule: Schedule | None = None,
        clock: Clock = time.time,
        refuse: Refuse = plain_refusal,
        corrupt: Corrupt = corrupt,
        receive_buffer_bytes: int | None = None,
    ) -> None:
        super().__init__(
            routes,
            schedule=schedule,
            clock=clock,
            refuse=refuse,
            corrupt=corrupt,
            receive_buffer_bytes=receive_buffer_bytes,
        )
        self._prefix = prefix

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return self.url + self._prefix
