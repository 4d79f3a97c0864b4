"""One call of the provider to a fake vendor over a real socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import SecretStr
from tests.providers.calls import collect, folded, run_with

from ossicle.abc import ProviderSettings
from ossicle.messages import Reply, Request
from ossicle_gemini.provider import GeminiProvider
from ossicle_testing.vendors import Fault, FaultKind, ListedFaults
from ossicle_testing.vendors.gemini import FakeGemini

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

    return run_with(lambda: GeminiProvider(settings), work, backend=backend)


async def ask(provider: GeminiProvider, request: Request) -> Reply:
    """The reply of one call, which has to be complete."""
    return folded(await collect(provider, request), provider="gemini", model=request.model)


def ask_once(url: str, request: Request, **more: Any) -> Reply:
    """One call by a provider of its own."""
    return with_provider(url, lambda provider: ask(provider, request), **more)
