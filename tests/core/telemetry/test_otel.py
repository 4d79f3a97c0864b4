"""What OpenTelemetry is told of a call, by the names of the GenAI conventions."""

from __future__ import annotations

import logging
import subprocess
import sys
from decimal import Decimal

import anyio
import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.trace import SpanKind, StatusCode
from tests.core.telemetry.calls import FULL_RECEIPT, call_of
from tests.core.telemetry.otel import NOW_NS, Backend

from ossicle import AsyncClient, Client, OpenTelemetryListener
from ossicle.errors import ProviderUnavailableError, QualityRefusedError
from ossicle.messages import Receipt

LABELS = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-audio",
    "ossicle.task": "respond",
    "ossicle.tenant": "ada",
}


@pytest.fixture
def backend() -> Backend:
    return Backend()


def test_the_span_of_an_answered_call(backend: Backend) -> None:
    backend.listener.ossicle_call_finished(call_of(FULL_RECEIPT), FULL_RECEIPT)
    [span] = backend.spans
    assert span.name == "chat gpt-audio"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert (span.start_time, span.end_time) == (NOW_NS - 4_000_000_000, NOW_NS)
    assert dict(span.attributes or {}) == LABELS | {
        "gen_ai.system": "openai",
        "gen_ai.response.model": "gpt-audio-2026",
        "gen_ai.usage.input_tokens": 30,
        "gen_ai.usage.output_tokens": 70,
        "gen_ai.usage.text.input_tokens": 10,
        "gen_ai.usage.text.output_tokens": 30,
        "gen_ai.usage.audio.input_tokens": 20,
        "gen_ai.usage.audio.output_tokens": 40,
        "gen_ai.usage.cache_read.input_tokens": 5,
        "ossicle.outcome": "finished",
        "ossicle.turn_id": "turn_1",
        "ossicle.attempts": 2,
        "ossicle.retries": 1,
        "ossicle.cache_hit": True,
        "ossicle.audio.input_s": 1.5,
        "ossicle.audio.output_s": 2.0,
        "ossicle.audio.saved_s": 0.5,
        "ossicle.findings": ("noise",),
        "ossicle.time_to_first_audio_s": 1.0,
        "ossicle.cost.amount": 0.25,
        "ossicle.cost.currency": "USD",
    }


def test_names_are_those_of_the_published_conventions(backend: Backend) -> None:
    backend.listener.ossicle_call_finished(call_of(FULL_RECEIPT), FULL_RECEIPT)
    published = {
        value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")
    }
    # Merged after the package's last release: semantic-conventions-genai, pull request 440.
    published |= {
        f"gen_ai.usage.{modality}.{direction}_tokens"
        for modality in ("text", "audio")
        for direction in ("input", "output")
    }
    [span] = backend.spans
    ours = {name for name in span.attributes or {} if name.startswith("gen_ai.")}
    assert ours <= published
    metrics = {name for name in backend.points() if name.startswith("gen_ai.")}
    assert metrics == {
        gen_ai_metrics.GEN_AI_CLIENT_OPERATION_DURATION,
        gen_ai_metrics.GEN_AI_CLIENT_TOKEN_USAGE,
    }


def test_the_metrics_of_an_answered_call(backend: Backend) -> None:
    backend.listener.ossicle_call_finished(call_of(FULL_RECEIPT), FULL_RECEIPT)
    points = backend.points()
    [duration] = points["gen_ai.client.operation.duration"]
    assert (duration.count, duration.sum) == (1, 4.0)
    assert dict(duration.attributes) == LABELS | {"gen_ai.response.model": "gpt-audio-2026"}
    assert duration.explicit_bounds[0] == 0.01
    assert duration.explicit_bounds[-1] == 81.92
    usage = {
        point.attributes["gen_ai.token.type"]: point
        for point in points["gen_ai.client.token.usage"]
    }
    assert {name: point.sum for name, point in usage.items()} == {"input": 30, "output": 70}
    assert usage["input"].explicit_bounds == tuple(4**power for power in range(14))

    def sums(name: str, *labels: str) -> dict[tuple[str, ...], float]:
        return {
            tuple(point.attributes[label] for label in labels): point.value
            for point in points[name]
        }

    assert sums("ossicle.client.tokens", "gen_ai.token.type", "ossicle.modality") == {
        ("input", "text"): 10,
        ("input", "audio"): 20,
        ("output", "text"): 30,
        ("output", "audio"): 40,
    }
    assert sums("ossicle.client.audio", "ossicle.direction") == {("input",): 1.5, ("output",): 2.0}
    assert sums("ossicle.client.attempts", "ossicle.attempt.outcome") == {
        ("clean",): 1,
        ("settled",): 1,
    }
    assert sums("ossicle.client.findings", "ossicle.finding.code", "ossicle.finding.severity") == {
        ("noise", "warning"): 2
    }
    assert sums("ossicle.client.cost", "ossicle.currency") == {("USD",): 0.25}
    assert sums("ossicle.client.calls", "ossicle.outcome") == {("finished",): 1}
    assert sums("ossicle.client.audio.saved") == {(): 0.5}
    assert sums("ossicle.client.cache_hits") == {(): 1}
    [first_audio] = points["ossicle.client.time_to_first_audio"]
    assert first_audio.sum == 1.0


def failure(receipt: Receipt | None) -> ProviderUnavailableError:
    error = ProviderUnavailableError("the vendor is down", provider="openai")
    error.receipt = receipt
    return error


def test_a_failed_call_has_an_error_type(backend: Backend) -> None:
    backend.listener.ossicle_call_failed(call_of(FULL_RECEIPT), failure(FULL_RECEIPT))
    [span] = backend.spans
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "provider_unavailable"
    assert not span.events
    points = backend.points()
    for name in ("gen_ai.client.operation.duration", "ossicle.client.calls"):
        [point] = points[name]
        assert point.attributes["error.type"] == "provider_unavailable"


def test_a_refused_call_counts_findings_and_no_work(backend: Backend) -> None:
    error = QualityRefusedError("it is silence", findings=[])
    error.receipt = FULL_RECEIPT
    backend.listener.ossicle_call_refused(call_of(FULL_RECEIPT), error)
    assert set(backend.points()) == {"ossicle.client.calls", "ossicle.client.findings"}
    [span] = backend.spans
    assert (span.attributes or {})["ossicle.outcome"] == "refused"


def test_a_call_without_a_receipt_is_a_span_of_no_length(backend: Backend) -> None:
    backend.listener.ossicle_call_refused(call_of(FULL_RECEIPT), failure(None))
    [span] = backend.spans
    assert span.start_time == span.end_time == NOW_NS
    assert set(backend.points()) == {"ossicle.client.calls"}


def test_an_abandoned_call_is_no_error_and_has_no_duration(backend: Backend) -> None:
    backend.listener.ossicle_call_abandoned(call_of(FULL_RECEIPT), FULL_RECEIPT)
    [span] = backend.spans
    assert span.status.status_code is StatusCode.UNSET
    points = backend.points()
    assert "gen_ai.client.operation.duration" not in points
    assert points["ossicle.client.calls"][0].attributes["ossicle.outcome"] == "abandoned"
    assert points["ossicle.client.cost"][0].value == float(Decimal("0.25"))


@pytest.mark.parametrize("name", ["what was said aloud", "a\nb", "", "x" * 129])
def test_a_models_name_that_reads_like_text_is_left_out(backend: Backend, name: str) -> None:
    receipt = FULL_RECEIPT.model_copy(update={"response_model": name})
    backend.listener.ossicle_call_finished(call_of(receipt), receipt)
    [span] = backend.spans
    assert "gen_ai.response.model" not in (span.attributes or {})


# ---- in a client


def test_spans_are_children_of_the_callers_span(backend: Backend) -> None:
    tracer = backend.tracer_provider.get_tracer("application")

    async def main() -> None:
        async with AsyncClient("echo", plugins=[backend.listener]) as client:
            with tracer.start_as_current_span("outer"):
                await client.speak("hi")

    anyio.run(main)
    with (
        Client("echo", plugins=[backend.listener]) as client,
        tracer.start_as_current_span("outer"),
    ):
        client.speak("hi")
    first, outer, second, other = backend.spans
    for child, parent in ((first, outer), (second, other)):
        assert child.parent is not None
        assert parent.context is not None
        assert child.parent.span_id == parent.context.span_id


def test_every_task_has_its_operation_and_output(backend: Backend) -> None:
    with Client("echo", plugins=[backend.listener]) as client:
        spoken = client.speak("hi").audio
        client.transcribe(spoken or b"")
        client.respond(audio=spoken)
    told = [
        (
            (span.attributes or {})["gen_ai.operation.name"],
            (span.attributes or {}).get("gen_ai.output.type"),
        )
        for span in backend.spans
    ]
    assert told == [("generate_content", "speech"), ("generate_content", "text"), ("chat", None)]


# ---- where OpenTelemetry is not installed


def test_without_the_package_it_says_so_once_and_does_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delitem(sys.modules, "ossicle.telemetry.otel_exporter", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with caplog.at_level(logging.WARNING, logger="ossicle"):
        listener = OpenTelemetryListener()
        with Client("echo", plugins=[listener]) as client:
            client.speak("hi")
    assert not listener.is_active
    assert [record.message for record in caplog.records] == [
        "no spans and metrics: opentelemetry is not installed; install ossicle[otel]"
    ]


@pytest.mark.slow
def test_a_client_does_not_import_opentelemetry() -> None:
    program = (
        "import sys; from ossicle import Client; Client('echo').close(); "
        "sys.exit(any(name.split('.')[0] == 'opentelemetry' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
