"""What calls used is in the store's ledger when the recorder is closed."""

from __future__ import annotations

import itertools
import logging
import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.telemetry.calls import call_of, receipts

from ossicle import CallRecorder, Client, Stats, StatsSnapshot
from ossicle.abc import CallInfo
from ossicle.client import recorded_stats
from ossicle.client.call_recorder import charge_of
from ossicle.errors import ProviderUnavailableError, StorageError, UnknownVoiceError
from ossicle.messages import Attempt, Receipt
from ossicle.storage import Charge, MemoryStore
from ossicle.telemetry import CallStats, figures_of

CALL = CallInfo(turn_id="turn_1", tenant="ada", provider="p", model="m", task="respond")
RECEIPT = Receipt(turn_id="turn_1", tenant="ada", provider="p", model="m", task="respond")
NOON = 1_700_000_000.0


@pytest.mark.slow
def test_calls_of_a_client_are_recorded_for_their_tenants() -> None:
    store = MemoryStore()
    with (
        CallRecorder(store, clock=lambda: NOON) as recorder,
        Client("echo", plugins=[recorder]) as client,
    ):
        first = client.speak("hello")
        second = client.for_tenant("ada").transcribe(first.audio or b"")
        with pytest.raises(ProviderUnavailableError):
            client.speak("x", provider_options={"echo": {"fail_with": "provider_unavailable"}})
        with pytest.raises(UnknownVoiceError):
            client.speak("x", voice="nobody")
        with client.stream("a long story " * 20) as stream:
            next(stream)
    default = {one.outcome: one for one in store.sum_charges("default")}
    assert {outcome: one.calls for outcome, one in default.items()} == {
        "finished": 1,
        "failed": 1,
        "refused": 1,
        "abandoned": 1,
    }
    [ada] = store.sum_charges("ada")
    assert first.usage.output_tokens == default["finished"].output_tokens
    assert second.usage.input_audio_tokens == ada.input_audio_tokens
    assert ada.input_audio_s == default["finished"].output_audio_s > 0
    assert (ada.day, ada.model, ada.calls) == ("2023-11-14", "transcribe", 1)
    assert default["abandoned"].n_unknown_amounts == 1
    assert default["failed"].n_unknown_amounts == 0


@pytest.mark.parametrize(
    ("outcomes", "amount"), [((), Decimal(0)), (("clean",), Decimal(0)), (("ambiguous",), None)]
)
def test_an_unknown_cost_is_not_zero(outcomes: tuple[str, ...], amount: Decimal | None) -> None:
    attempts = tuple(Attempt.model_validate({"outcome": outcome}) for outcome in outcomes)
    receipt = RECEIPT.model_copy(update={"attempts": attempts})
    assert charge_of(CALL, figures_of("failed", receipt, None), at=NOON).amount == amount


ended = st.tuples(
    st.sampled_from(["finished", "failed", "refused", "abandoned"]),
    st.none() | receipts,
    st.sampled_from(["provider_unavailable", "two words of a prompt"]),
)


@settings(deadline=None)
@given(calls=st.lists(ended, max_size=8))
def test_figures_over_recorded_calls_are_those_in_memory(
    calls: list[tuple[str, Receipt | None, str]],
) -> None:
    stats, store, times = Stats(), MemoryStore(), itertools.count()
    with CallRecorder(store, clock=lambda: float(next(times))) as recorder:
        for number, (outcome, receipt, code) in enumerate(calls):
            call = replace(call_of(receipt or RECEIPT), turn_id=str(number))
            error = ProviderUnavailableError("the vendor is down", provider="p")
            error.code, error.receipt = code, receipt  # type: ignore[misc]  # of a plugin's own
            for listener in (stats, recorder):
                if outcome in ("failed", "refused"):
                    getattr(listener, f"ossicle_call_{outcome}")(call=call, error=error)
                else:
                    getattr(listener, f"ossicle_call_{outcome}")(
                        call=call, receipt=receipt or RECEIPT
                    )
    recorded, wanted = recorded_stats(store).snapshot(), stats.snapshot()

    def groups(snapshot: StatsSnapshot) -> list[CallStats]:
        return sorted(snapshot.groups, key=str)

    assert groups(recorded) == groups(wanted)
    assert recorded.total.calls == wanted.total.calls
    assert recorded.total.costs == wanted.total.costs
    kept = [charge for name in store.list_tenants() for charge in store.list_charges(name)]
    assert not any("prompt" in charge.model_dump_json() for charge in kept)


def test_figures_of_some_tenants_and_of_some_time() -> None:
    store, times = MemoryStore(), itertools.count(1)
    with CallRecorder(store, clock=lambda: float(next(times))) as recorder:
        for number, tenant in enumerate(("ada", "bob", "ada")):
            call = replace(CALL, turn_id=str(number), tenant=tenant)
            recorder.ossicle_call_finished(call, RECEIPT)
    assert recorded_stats(store).snapshot().total.calls == 3
    assert recorded_stats(store, tenants=["ada"]).snapshot().total.calls == 2
    assert recorded_stats(store, since=2.0, until=3.0).snapshot().groups[0].tenant == "bob"


def test_a_slow_store_slows_no_call() -> None:
    may_write = threading.Event()

    class SlowStore(MemoryStore):
        def append_charge(self, tenant: str, charge: Charge) -> None:
            assert may_write.wait(20)
            super().append_charge(tenant, charge)

    store = SlowStore()
    recorder = CallRecorder(store)
    recorder.ossicle_call_finished(CALL, RECEIPT)
    assert store.sum_charges("ada") == ()
    may_write.set()
    recorder.close()
    recorder.close()
    assert store.sum_charges("ada")[0].calls == 1


def test_a_store_that_fails_is_noted_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    class FullStore(MemoryStore):
        def append_charge(self, tenant: str, charge: Charge) -> None:
            raise StorageError("the disk is full")

    with caplog.at_level(logging.WARNING, logger="ossicle"), CallRecorder(FullStore()) as recorder:
        recorder.ossicle_call_finished(CALL, RECEIPT)
    assert [record.message for record in caplog.records] == [
        "a call was not recorded: StorageError"
    ]
