"""Calls of a provider, without the pipeline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

import anyio

from ossicle.abc import AudioProvider
from ossicle.messages import Event, Finished, Reply, ReplyFold, Request

P = TypeVar("P", bound=AudioProvider)
T = TypeVar("T")


def run_with(make: Callable[[], P], work: Callable[[P], Awaitable[T]], *, backend: str) -> T:
    """Run `work` on a provider of its own, under asyncio or trio."""

    async def main() -> T:
        provider = make()
        try:
            return await work(provider)
        finally:
            await provider.aclose()
            await provider.aclose()

    return anyio.run(main, backend=backend)


async def collect(provider: AudioProvider, request: Request) -> list[Event]:
    """All events of one call."""
    async with aclosing(provider.respond(request)) as events:  # type: ignore[type-var]
        return [event async for event in events]


def folded(events: Sequence[Event], *, provider: str, model: str) -> Reply:
    """The reply that events make, which has to be complete."""
    folding = ReplyFold(provider=provider, model=model)
    for event in events:
        folding.add(event)
    assert isinstance(events[-1], Finished)
    return folding.reply()
