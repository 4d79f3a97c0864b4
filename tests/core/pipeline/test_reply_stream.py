"""What life-cycle hooks hear of a call, however it ends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import anyio
import pytest

from ossicle import AsyncClient, AudioClip, Budget, BudgetLimits, Client, OssicleError
from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import (
    AudioMissingError,
    BudgetExceededError,
    ProviderUnavailableError,
    QualityRefusedError,
    UnknownVoiceError,
)
from ossicle.messages import Receipt
from ossicle.policy import Allowance

SILENCE = AudioClip.from_pcm(bytes(48000), sample_rate=24000)


class Listener:
    """Hears everything."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, CallInfo, Any]] = []

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.heard]

    @hookimpl
    def ossicle_call_started(self, call: CallInfo) -> None:
        self.heard.append(("started", call, None))

    @hookimpl
    def ossicle_call_refused(self, call: CallInfo, error: OssicleError) -> None:
        self.heard.append(("refused", call, error))

    @hookimpl
    def ossicle_call_finished(self, call: CallInfo, receipt: Receipt) -> None:
        self.heard.append(("finished", call, receipt))

    @hookimpl
    def ossicle_call_failed(self, call: CallInfo, error: OssicleError) -> None:
        self.heard.append(("failed", call, error))

    @hookimpl
    def ossicle_call_abandoned(self, call: CallInfo, receipt: Receipt) -> None:
        self.heard.append(("abandoned", call, receipt))


@pytest.fixture
def listener() -> Listener:
    return Listener()


def test_an_answered_call_is_started_and_finished(listener: Listener) -> None:
    with Client("echo", plugins=[listener], tenant="ada") as client:
        reply = client.respond("hi")
    assert listener.names == ["started", "finished"]
    (_, call, _), (_, same, receipt) = listener.heard
    assert call == same
    assert (call.tenant, call.provider, call.model, call.task) == ("ada", "echo", "chat", "respond")
    assert receipt == reply.receipt
    assert receipt.response_model == reply.model
    assert not receipt.cache_hit


def test_a_stream_that_is_read_to_its_end_is_finished_once(listener: Listener) -> None:
    with Client("echo", plugins=[listener]) as client, client.stream("hi") as stream:
        assert list(stream)
        assert next(stream, None) is None
    assert listener.names == ["started", "finished"]


@pytest.mark.slow
def test_a_failed_call_is_failed_once_with_its_attempts(listener: Listener) -> None:
    broken = {"echo": {"fail_with": "provider_unavailable"}}
    with (
        Client("echo", plugins=[listener]) as client,
        client.stream("hi", provider_options=broken) as stream,
    ):
        for _ in range(2):
            with pytest.raises((ProviderUnavailableError, StopIteration)):
                next(stream)
    assert listener.names == ["started", "failed"]
    assert len(listener.heard[-1][2].receipt.attempts) == 3


def test_what_a_useless_answer_used_stands_on_the_receipt_of_its_error(listener: Listener) -> None:
    with Client("echo", plugins=[listener]) as client, pytest.raises(AudioMissingError):
        client.respond("hi", provider_options={"echo": {"omit_audio": True}})
    usage = listener.heard[-1][2].receipt.usage
    assert usage.output_tokens > 0


def test_bad_audio_is_refused_and_its_findings_stand_on_the_receipt(listener: Listener) -> None:
    with Client("echo", plugins=[listener]) as client, pytest.raises(QualityRefusedError) as caught:
        client.respond(audio=SILENCE, output={"text"})
    assert listener.names == ["refused"]
    assert listener.heard[0][2] is caught.value
    receipt = caught.value.receipt
    assert receipt.inputs[0].findings == tuple(caught.value.findings)
    assert receipt.attempts == ()


def test_a_call_that_cannot_be_planned_is_refused_without_a_receipt(listener: Listener) -> None:
    with Client("echo", plugins=[listener]) as client, pytest.raises(UnknownVoiceError) as caught:
        client.respond("hi", voice="nobody")
    assert listener.names == ["refused"]
    assert caught.value.receipt is None


def test_a_call_beyond_the_budget_is_refused_and_holds_nothing(listener: Listener) -> None:
    budget = Budget(BudgetLimits(day=Allowance(money=Decimal(0), tokens=1)))
    with (
        Client("echo", plugins=[listener], budget=budget) as client,
        pytest.raises(BudgetExceededError),
    ):
        client.respond("hi", max_output_tokens=5)
    assert listener.names == ["refused"]
    assert budget.held_today().tokens == 0


def test_a_stream_that_is_left_early_is_abandoned_once(listener: Listener) -> None:
    with Client("echo", plugins=[listener]) as client:
        with client.stream("a long story " * 20) as stream:
            next(stream)
        assert listener.names == ["started", "abandoned"]
    assert listener.names == ["started", "abandoned"]
    [attempt] = listener.heard[-1][2].attempts
    assert attempt.outcome == "ambiguous"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_call_is_abandoned(listener: Listener, backend: str) -> None:
    async def main() -> None:
        async with AsyncClient("echo", plugins=[listener]) as client:
            with anyio.move_on_after(0.05):
                await client.respond("hi", provider_options={"echo": {"delay_s": 30}})

    anyio.run(main, backend=backend)
    assert listener.names == ["started", "abandoned"]
    [attempt] = listener.heard[-1][2].attempts
    assert attempt.error == "cancelled"
