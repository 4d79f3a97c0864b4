"""One call of the provider to a fake vendor over a real socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

import anyio
from pydantic import SecretStr

from ossicle.abc import ProviderSettings
from ossicle.messages import Event, Finished, Reply, ReplyFold, Request
from ossicle.testing.vendors import Fault, FaultKind, ListedFaults
from ossicle.testing.vendors.gemini import FakeGemini
from ossicle_gemini.provider import GeminiProvider

KEY = "AIzaSyTest-0123456789abcdefghijklmnopq"
T = TypeVar("T")


def fake(*faults: Fault | FaultKind | None, **more: Any) -> FakeGemini:
    """A vendor that fails in these ways, one request after the other, and then works."""
    return FakeGemini(schedule=ListedFaults(faults), **more)


def with_provider(
    url: str,
    work: Callable[[GeminiProvider], Awaitable[T]],
    *,
    backend: str = "asyncio",
    key: str = KEY,
    **options: Any,
) -> T:
    """Run `work` on a provider of its own, under asyncio or trio."""
    settings = ProviderSettings(api_key=SecretStr(key), base_url=url, options=options)

    async def main() -> T:
        provider = GeminiProvider(settings)
        try:
            return await work(provider)
        finally:
            await provider.aclose()
            await provider.aclose()

    return anyio.run(main, backend=backend)


async def collect(provider: GeminiProvider, request: Request) -> list[Event]:
    """All events of one call."""
    async with aclosing(provider.respond(request)) as events:  # type: ignore[type-var]
        return [event async for event in events]


async def ask(provider: GeminiProvider, request: Request) -> Reply:
    """The reply of one call, which has to be complete."""
    folding = ReplyFold(provider="gemini", model=request.model)
    events = await collect(provider, request)
    for event in events:
        folding.add(event)
    assert isinstance(events[-1], Finished)
    return folding.reply()


def ask_once(url: str, request: Request, **more: Any) -> Reply:
    """One call by a provider of its own."""
    return with_provider(url, lambda provider: ask(provider, request), **more)
