"""What watching costs a call, in microseconds of CPU: `python benchmarks/telemetry_cost.py`.

Each figure is that of all life-cycle hooks of one answered call. "off" is a client without
statistics and without listeners; "OpenTelemetry" is the SDK with a span processor and a metric
reader that keep everything in memory, so its figure is mostly the SDK's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ossicle import Client, OpenTelemetryListener, Receipt, Stats
from ossicle.abc import CallInfo
from ossicle.plugins import PluginHost

CALLS = 2_000
RUNS = 7


def cpu_us(work: Callable[[], object]) -> float:
    """For one call: the shortest of a few runs, a property of the code and not of the machine."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        for _ in range(CALLS):
            work()
        times.append(time.process_time() - start)
    return 1e6 * min(times) / CALLS


def hooks_of(host: PluginHost, receipt: Receipt) -> Callable[[], None]:
    """What the pipeline does for one answered call."""
    call = CallInfo(
        turn_id=receipt.turn_id,
        tenant=receipt.tenant,
        provider=receipt.provider,
        model=receipt.model,
        task=receipt.task,
    )

    def work() -> None:
        host.notify("ossicle_call_started", call=call)
        host.notify("ossicle_call_finished", call=call, receipt=receipt)

    host.load()
    return work


def listener_with_api() -> OpenTelemetryListener:
    """The API alone, as in a program that imports it and sets nothing up."""
    return OpenTelemetryListener()


def listener_with_sdk() -> OpenTelemetryListener:
    """The SDK, sending nothing anywhere."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans = TracerProvider(shutdown_on_exit=False)
    spans.add_span_processor(SimpleSpanProcessor(InMemorySpanExporter()))
    meters = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)
    return OpenTelemetryListener(tracer_provider=spans, meter_provider=meters)


def receipt_of_a_call() -> Receipt:
    """Of audio to text and audio, with findings."""
    with Client("echo") as client:
        audio = client.speak("The quick brown fox jumps over the lazy dog.").audio
        receipt = client.respond(audio=audio).receipt
    assert receipt is not None
    return receipt


if __name__ == "__main__":
    made = receipt_of_a_call()
    for name, listeners in (
        ("off", []),
        ("Stats", [Stats()]),
        ("OpenTelemetry, API alone", [listener_with_api()]),
        ("OpenTelemetry, SDK in memory", [listener_with_sdk()]),
    ):
        cost = cpu_us(hooks_of(PluginHost(plugins=listeners), made))
        print(f"{name}: {cost:.2f} us a call")
