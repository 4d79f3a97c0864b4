"""What ossicle adds to the bare SDK: `python benchmarks/openai_overhead.py`.

The bare provider, `AsyncClient`, `Client` and the SDK's own two clients ask the same fake vendor,
in a process of its own on the loopback interface, in turns. Time to the first audio and to the end
of a streamed answer, and the memory that sending 20 MB takes.
"""

from __future__ import annotations

import base64
import multiprocessing
import random
import resource
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from multiprocessing.connection import Connection
from typing import Any

import anyio
import openai
from pydantic import SecretStr

from ossicle import AsyncClient, Client, PipelineSettings
from ossicle.abc import ProviderSettings
from ossicle.audio import AudioClip
from ossicle.audio.wav import wav_header
from ossicle.messages import AudioDelta, AudioPart, Message, Request, TextPart
from ossicle_openai.provider import OpenAIProvider
from ossicle_openai.response_audio import PCM16
from ossicle_testing.vendors.openai import FakeOpenAI

MODEL = "gpt-audio-1.5"
TEXT = "Tell me something. " * 4
RUNS = 200
WARM_UP = 10
# Noise, since silence is refused before it is sent.
WAV = wav_header(PCM16, 10_000_000) + random.Random(0).randbytes(20_000_000)

ASKING: dict[str, Any] = {
    "model": MODEL,
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "pcm16"},
    "messages": [{"role": "user", "content": TEXT}],
    "stream": True,
    "stream_options": {"include_usage": True, "include_obfuscation": False},
}

Times = tuple[float, float]
"""Seconds to the first audio and to the end."""


def serve(pipe: Connection) -> None:
    """Run the fake vendor until the other end closes."""
    with FakeOpenAI(ear=lambda samples, sample_rate: "something") as vendor:
        pipe.send(vendor.base_url)
        pipe.poll(None)


async def ours(provider: OpenAIProvider) -> Times:
    message = Message(role="user", parts=(TextPart(text=TEXT),))
    request = Request(
        task="respond",
        model=MODEL,
        messages=(message,),
        output=frozenset({"text", "audio"}),
        output_format=PCM16,
        stream=True,
    )
    begun, first = time.perf_counter(), 0.0
    async with aclosing(provider.respond(request)) as events:  # type: ignore[type-var]  # a generator
        async for event in events:
            if isinstance(event, AudioDelta):
                first = first or time.perf_counter() - begun
    return first, time.perf_counter() - begun


async def bare(client: openai.AsyncOpenAI) -> Times:
    begun, first = time.perf_counter(), 0.0
    async for chunk in await client.chat.completions.create(**ASKING):
        for choice in chunk.choices or []:
            audio = choice.delta.audio
            if audio is not None and audio.data and base64.b64decode(audio.data):
                first = first or time.perf_counter() - begun
    return first, time.perf_counter() - begun


async def ours_async(client: AsyncClient) -> Times:
    begun, first = time.perf_counter(), 0.0
    async with client.stream(TEXT) as stream:
        async for event in stream:
            if isinstance(event, AudioDelta):
                first = first or time.perf_counter() - begun
    return first, time.perf_counter() - begun


def ours_blocking(client: Client) -> Times:
    begun, first = time.perf_counter(), 0.0
    with client.stream(TEXT) as stream:
        for event in stream:
            if isinstance(event, AudioDelta):
                first = first or time.perf_counter() - begun
    return first, time.perf_counter() - begun


def bare_blocking(client: openai.OpenAI) -> Times:
    begun, first = time.perf_counter(), 0.0
    for chunk in client.chat.completions.create(**ASKING):
        for choice in chunk.choices or []:
            audio = choice.delta.audio
            if audio is not None and audio.data and base64.b64decode(audio.data):
                first = first or time.perf_counter() - begun
    return first, time.perf_counter() - begun


async def send_large(provider: OpenAIProvider) -> None:
    part = AudioPart(clip=AudioClip.from_bytes(WAV))
    message = Message(role="user", parts=(part,))
    request = Request(task="respond", model=MODEL, messages=(message,))
    async with aclosing(provider.respond(request)) as events:  # type: ignore[type-var]  # a generator
        async for _ in events:
            pass


async def send_large_ours(client: AsyncClient) -> None:
    await client.respond(audio=AudioClip.from_bytes(WAV), output={"text"})


async def send_large_bare(client: openai.AsyncOpenAI) -> None:
    audio = {"data": base64.b64encode(WAV).decode(), "format": "wav"}
    content = [{"type": "input_audio", "input_audio": audio}]
    await client.chat.completions.create(
        model=MODEL,
        modalities=["text"],
        messages=[{"role": "user", "content": content}],  # type: ignore[misc, list-item]  # plain data
    )


async def peak_mb(work: Callable[[], Awaitable[None]]) -> float:
    """Most memory that was taken at a time, in MB."""
    tracemalloc.start()
    try:
        await work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def report(name: str, times: list[Times]) -> None:
    for what, column in (("first audio", 0), ("whole call", 1)):
        values = sorted(1000 * one[column] for one in times)
        median, late = values[len(values) // 2], values[int(len(values) * 0.99)]
        print(f"{name}: {what} median {median:.2f} ms, 99 % below {late:.2f} ms")


async def measure(url: str) -> None:
    """Measure what runs on an event loop."""
    key = SecretStr("x")
    provider = OpenAIProvider(ProviderSettings(api_key=key, base_url=url))
    settings = PipelineSettings(quality="warn")
    client = AsyncClient("openai", model=MODEL, api_key="x", base_url=url, settings=settings)
    sdk = openai.AsyncOpenAI(api_key="x", base_url=url, max_retries=0)
    times: dict[str, list[Times]] = {"provider": [], "AsyncClient": [], "bare AsyncOpenAI": []}
    for run in range(WARM_UP + RUNS):
        found = (await ours(provider), await ours_async(client), await bare(sdk))
        if run >= WARM_UP:
            for name, one in zip(times, found, strict=True):
                times[name].append(one)
    for name, all_times in times.items():
        report(name, all_times)
    print(f"provider: 20 MB clip, peak {await peak_mb(lambda: send_large(provider)):.1f} MB")
    print(f"AsyncClient: 20 MB clip, peak {await peak_mb(lambda: send_large_ours(client)):.1f} MB")
    print(f"bare SDK: 20 MB clip, peak {await peak_mb(lambda: send_large_bare(sdk)):.1f} MB")
    await provider.aclose()
    await client.aclose()
    await sdk.close()


def measure_blocking(url: str) -> None:
    """Measure what blocks."""
    times: dict[str, list[Times]] = {"Client": [], "bare OpenAI": []}
    with (
        Client("openai", model=MODEL, api_key="x", base_url=url) as client,
        openai.OpenAI(api_key="x", base_url=url, max_retries=0) as sdk,
    ):
        for run in range(WARM_UP + RUNS):
            found = (ours_blocking(client), bare_blocking(sdk))
            if run >= WARM_UP:
                for name, one in zip(times, found, strict=True):
                    times[name].append(one)
        costs = [cost_of(lambda: ours_blocking(client)), cost_of(lambda: bare_blocking(sdk))]
    for (name, all_times), cost in zip(times.items(), costs, strict=True):
        report(name, all_times)
        print(f"{name}: {cost}")


def cost_of(call: Callable[[], Times]) -> str:
    """What one call takes of the processor, and how often its threads wait: steadier than time."""
    before, cpu_s = resource.getrusage(resource.RUSAGE_SELF), time.process_time()
    for _ in range(RUNS):
        call()
    cpu_ms = 1000 * (time.process_time() - cpu_s) / RUNS
    waits = (resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before.ru_nvcsw) / RUNS
    return f"{cpu_ms:.1f} ms of processor a call, {waits:.0f} waits of its threads"


if __name__ == "__main__":
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,))
    process.start()
    address = here.recv()
    try:
        anyio.run(measure, address)
        measure_blocking(address)
    finally:
        here.send(None)
        process.join()
