"""One call of the provider to a fake vendor over a real socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import SecretStr
from tests.providers.calls import collect, folded, run_with

from ossicle.abc import ProviderSettings
from ossicle.messages import Reply, Request
from ossicle_openai.provider import OpenAIProvider
from ossicle_testing.vendors import Fault, FaultKind, ListedFaults
from ossicle_testing.vendors.openai import PROFILES, FakeOpenAI

KEY = "sk-test-0123456789abcdef"
T = TypeVar("T")


def fake(*faults: Fault | FaultKind | None, quirks: str = "openai", **more: Any) -> FakeOpenAI:
    """A vendor that fails in these ways, one request after the other, and then works."""
    return FakeOpenAI(quirks=PROFILES[quirks], schedule=ListedFaults(faults), **more)


def with_provider(
    url: str,
    work: Callable[[OpenAIProvider], Awaitable[T]],
    *,
    backend: str = "asyncio",
    profile: str | None = None,
    **options: Any,
) -> T:
    """Run `work` on a provider of its own, under asyncio or trio."""
    settings = ProviderSettings(
        api_key=SecretStr(KEY), base_url=url, options={"profile": profile, **options}
    )

    return run_with(lambda: OpenAIProvider(settings), work, backend=backend)


async def ask(provider: OpenAIProvider, request: Request) -> Reply:
    """The reply of one call, which has to be complete."""
    return folded(await collect(provider, request), provider="openai", model=request.model)


def ask_once(url: str, request: Request, **more: Any) -> Reply:
    """One call by a provider of its own."""
    return with_provider(url, lambda provider: ask(provider, request), **more)
