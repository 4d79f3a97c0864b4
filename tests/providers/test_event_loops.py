"""One provider serves any number of event loops, one after the other and at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from pydantic import SecretStr
from tests.providers.calls import collect
from tests.providers.elevenlabs import vendor as elevenlabs
from tests.providers.gemini import vendor as gemini
from tests.providers.gemini import wire as gemini_wire
from tests.providers.openai import vendor as openai
from tests.providers.openai import wire as openai_wire

from ossicle.abc import AudioProvider, ProviderSettings
from ossicle.messages import Request
from ossicle_elevenlabs.provider import ElevenLabsProvider
from ossicle_gemini.provider import GeminiProvider
from ossicle_openai.provider import OpenAIProvider

EACH = pytest.mark.parametrize(
    ("tests", "kind", "request_of"),
    [
        (openai, OpenAIProvider, lambda: openai_wire.asking(output=frozenset({"text", "audio"}))),
        (gemini, GeminiProvider, gemini_wire.asking),
        (elevenlabs, ElevenLabsProvider, elevenlabs.speaking),
    ],
    ids=["openai", "gemini", "elevenlabs"],
)
N_JOBS = 4


def provider_of(kind: type[Any], tests: Any, url: str) -> AudioProvider:
    made: AudioProvider = kind(ProviderSettings(api_key=SecretStr(tests.KEY), base_url=url))
    return made


@EACH
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_loop_for_each_job(
    tests: Any, kind: type[Any], request_of: Callable[[], Request], backend: str
) -> None:
    """Each second call once failed after the vendor had executed it, and billed it."""
    with tests.fake() as vendor:
        provider = provider_of(kind, tests, vendor.base_url)
        for _ in range(N_JOBS):
            assert anyio.run(collect, provider, request_of(), backend=backend)
        assert len(vendor.ledger.executed) == N_JOBS


@EACH
def test_two_threads_with_a_loop_each(
    tests: Any, kind: type[Any], request_of: Callable[[], Request]
) -> None:
    """Calls of one loop once waited for ever for connections of the other."""
    answers: list[object] = []

    async def jobs(provider: AudioProvider) -> None:
        async def job() -> None:
            answers.append(await collect(provider, request_of()))

        async with anyio.create_task_group() as group:
            for _ in range(N_JOBS):
                group.start_soon(job)

    with tests.fake() as vendor:
        provider = provider_of(kind, tests, vendor.base_url)
        threads = [threading.Thread(target=anyio.run, args=(jobs, provider)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(answers) == len(vendor.ledger.executed) == 2 * N_JOBS
