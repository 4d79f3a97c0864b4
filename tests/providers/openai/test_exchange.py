"""One transport for each endpoint, built without holding anybody up."""

from __future__ import annotations

import threading

import anyio
import pytest
from anyio import from_thread
from pydantic import SecretStr

from ossicle.abc import ProviderSettings
from ossicle_openai.endpoint import Endpoint, find_endpoint
from ossicle_openai.exchange import Exchange, off_loop
from ossicle_openai.transport import Transport


class SlowExchange(Exchange):
    """Says when it builds, and goes on when it may."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.n_built, self.may_go_on = 0, threading.Event()
        self.scope = anyio.CancelScope()

    def _build(self, key: str) -> Transport:
        self.n_built += 1
        from_thread.run_sync(self.scope.cancel)
        self.may_go_on.wait()
        return super()._build(key)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_call_out_of_time_does_not_wait_for_the_client_to_be_built(backend: str) -> None:
    """Calls once ended late by as long as the vendor's client took to import."""

    async def main() -> None:
        key = SecretStr("k-0123456789")
        settings = ProviderSettings(api_key=key, base_url="http://127.0.0.1:9/v1")
        exchange = SlowExchange(find_endpoint(settings, environment={}))
        with exchange.scope:
            await exchange._ready()
        assert exchange.scope.cancelled_caught
        assert exchange._transport is None
        exchange.may_go_on.set()
        transport = await exchange._ready()
        assert await exchange._ready() is transport
        assert exchange.n_built == 1
        await exchange.aclose()

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_call_out_of_time_does_not_wait_for_a_large_body_to_be_parsed(backend: str) -> None:
    goes_on = threading.Event()

    async def main() -> None:
        with anyio.CancelScope() as scope:

            def parse() -> None:
                from_thread.run_sync(scope.cancel)
                goes_on.wait()

            await off_loop(1 << 20, parse)
        assert scope.cancelled_caught
        goes_on.set()

    anyio.run(main, backend=backend)
