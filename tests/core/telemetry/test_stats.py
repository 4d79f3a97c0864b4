"""`Stats` adds up what receipts say, by group, from any thread, in bounded memory."""

from __future__ import annotations

import threading
from collections import Counter
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.telemetry.calls import call_of, receipts

from ossicle import AudioClip, Client, OssicleError, Stats, StatsSnapshot
from ossicle.errors import ConfigurationError, ProviderUnavailableError, QualityRefusedError
from ossicle.messages import Attempt, AudioRecord, Cost, Finding, Receipt, Usage
from ossicle.telemetry import CallStats

RECEIPT = Receipt(turn_id="turn_1", provider="p", model="m", task="respond")


def failed_with(receipt: Receipt | None) -> OssicleError:
    error = ProviderUnavailableError("the vendor is down", provider="p")
    error.receipt = receipt
    return error


@settings(deadline=None)
@given(kept=st.lists(receipts, max_size=8))
def test_sums_are_those_of_the_receipts(kept: list[Receipt]) -> None:
    stats = Stats()
    for receipt in kept:
        stats.ossicle_call_finished(call_of(receipt), receipt)
    total = stats.snapshot().total
    assert total.calls == total.finished == len(kept)
    told = [receipt.usage for receipt in kept if receipt.usage is not None]
    for name in Usage.model_fields.keys() - {"cost"}:  # which is among the costs
        values = [value for usage in told if (value := getattr(usage, name)) is not None]
        assert getattr(total.usage, name) == (sum(values) if values else None)
    money: dict[str, Fraction] = {}
    for receipt in kept:
        if receipt.cost is not None:
            code = receipt.cost.currency
            money[code] = money.get(code, Fraction(0)) + Fraction(receipt.cost.amount)
    assert {code: Fraction(amount) for code, amount in total.costs.items()} == money
    found = Counter(
        finding.code
        for receipt in kept
        for record in [*receipt.inputs, *([receipt.output] if receipt.output else [])]
        for finding in record.findings
    )
    assert total.findings == found
    assert sum(total.attempts.values()) == sum(len(receipt.attempts) for receipt in kept)
    assert total.cache_hits == sum(receipt.cache_hit for receipt in kept)
    assert total.saved_s == pytest.approx(sum(receipt.saved_s for receipt in kept))


@settings(deadline=None)
@given(kept=st.lists(receipts, max_size=8), by=st.sets(st.sampled_from(["provider", "tenant"])))
def test_groups_add_up_to_the_total(kept: list[Receipt], by: set[str]) -> None:
    stats = Stats()
    for receipt in kept:
        stats.ossicle_call_finished(call_of(receipt), receipt)
    snapshot = stats.snapshot(by=by)  # type: ignore[arg-type]  # strings of the strategy
    assert len(snapshot.groups) == len(
        {tuple(getattr(receipt, name) for name in sorted(by)) for receipt in kept}
    )
    assert sum(group.calls for group in snapshot.groups) == snapshot.total.calls
    for name in ("provider", "model", "tenant", "task"):
        assert all((getattr(group, name) is None) == (name not in by) for group in snapshot.groups)
    assert snapshot.total == stats.snapshot().total


@settings(deadline=None)
@given(kept=st.lists(receipts, max_size=4))
def test_json_reads_back_the_same(kept: list[Receipt]) -> None:
    stats = Stats()
    for receipt in kept:
        stats.ossicle_call_finished(call_of(receipt), receipt)
    snapshot = stats.snapshot()
    assert StatsSnapshot.model_validate_json(snapshot.to_json()) == snapshot


def test_a_call_by_hand() -> None:
    record = AudioRecord(
        source="wav",
        result="wav",
        duration_s=9.0,
        result_duration_s=3.0,
        n_bytes=1,
        findings=(Finding(code="noise", severity="warning", message="m"),),
    )
    receipt = RECEIPT.model_copy(
        update={
            "inputs": (record,),
            "output": record,
            "attempts": (Attempt(outcome="clean", error="x"), Attempt(outcome="settled")),
            "cost": Cost(amount=Decimal("0.25"), basis="details"),
            "timings": {"total": 2.0, "first_audio": 0.5},
        }
    )
    stats = Stats()
    stats.ossicle_call_finished(call_of(receipt), receipt)
    stats.ossicle_call_failed(call_of(receipt), failed_with(receipt))
    total = stats.snapshot().total
    assert (total.finished, total.failed, total.error_rate) == (1, 1, 0.5)
    assert total.errors == {"provider_unavailable": 1}
    assert total.attempts == {"clean": 2, "settled": 2}
    assert (total.retries, total.unpriced_calls) == (2, 0)
    assert (total.audio_in_s, total.audio_out_s) == (6.0, 18.0)
    assert total.costs == {"USD": Decimal("0.50")}
    assert total.findings == {"noise": 4}
    assert total.latency is not None
    assert (total.latency.p50_s, total.latency.max_s) == (2.0, 2.0)
    assert total.first_audio is not None
    assert total.first_audio.mean_s == 0.5


def test_without_calls_everything_is_empty() -> None:
    snapshot = Stats().snapshot()
    assert snapshot == StatsSnapshot()
    assert snapshot.total.error_rate is None
    assert str(snapshot).splitlines()[1].startswith("all")


def test_money_is_not_rounded_by_the_applications_decimal_context() -> None:
    stats = Stats()
    for amount in ("1000000", "0.000000000001"):
        receipt = RECEIPT.model_copy(update={"cost": Cost(amount=Decimal(amount), basis="details")})
        with localcontext(prec=3):
            stats.ossicle_call_finished(call_of(receipt), receipt)
    assert stats.snapshot().total.costs == {"USD": Decimal("1000000.000000000001")}


@pytest.mark.parametrize(("outcome", "unpriced"), [("settled", 1), ("ambiguous", 1), ("clean", 0)])
def test_what_may_have_cost_something_unknown_is_counted(outcome: str, unpriced: int) -> None:
    receipt = RECEIPT.model_copy(
        update={"attempts": (Attempt.model_validate({"outcome": outcome}),)}
    )
    stats = Stats()
    stats.ossicle_call_abandoned(call_of(receipt), receipt)
    total = stats.snapshot().total
    assert (total.abandoned, total.unpriced_calls) == (1, unpriced)


def test_an_ambiguous_attempt_before_an_answer_may_have_cost_something_unknown() -> None:
    receipt = RECEIPT.model_copy(
        update={
            "attempts": (Attempt(outcome="ambiguous"), Attempt(outcome="settled")),
            "cost": Cost(amount=Decimal("0.25"), basis="details"),
        }
    )
    stats = Stats()
    stats.ossicle_call_finished(call_of(receipt), receipt)
    total = stats.snapshot().total
    assert (total.costs, total.unpriced_calls) == ({"USD": Decimal("0.25")}, 1)


def test_an_unknown_dimension_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="provider, model, tenant, task"):
        Stats().snapshot(by=("color",))  # type: ignore[arg-type]  # the mistake under test


def test_tenants_beyond_the_bound_are_counted_together() -> None:
    stats = Stats(max_groups=2)
    for number in range(50):
        receipt = RECEIPT.model_copy(update={"tenant": f"tenant {number}"})
        stats.ossicle_call_finished(call_of(receipt), receipt)
    snapshot = stats.snapshot()
    assert {group.tenant for group in snapshot.groups} == {"tenant 0", "tenant 1", "(other)"}
    assert snapshot.total.calls == 50


def test_codes_beyond_the_bound_and_free_text_are_counted_together() -> None:
    stats = Stats()
    codes = [f"code_{number}" for number in range(500)] + ["what was said aloud"]
    record = AudioRecord(
        source="wav",
        result="wav",
        n_bytes=1,
        findings=tuple(Finding(code=code, severity="info", message="m") for code in codes),
    )
    receipt = RECEIPT.model_copy(update={"inputs": (record,)})
    stats.ossicle_call_finished(call_of(receipt), receipt)
    found = stats.snapshot().total.findings
    assert len(found) == 101
    assert found["(other)"] == 401
    assert "said" not in stats.snapshot().to_json()


def test_threads_lose_no_call() -> None:
    stats = Stats()

    def work() -> None:
        for _ in range(200):
            stats.ossicle_call_finished(call_of(RECEIPT), RECEIPT)
            if len(stats.snapshot().groups) != 1:
                raise AssertionError

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stats.snapshot().total.calls == 800


# ---- the table


def test_the_table_names_groups_total_errors_and_findings() -> None:
    snapshot = StatsSnapshot(
        groups=(
            CallStats(provider="p", model="m", calls=2, costs={"USD": Decimal("0.5")}),
            CallStats(provider="q", model="n", calls=1),
        ),
        total=CallStats(calls=3, errors={"rate_limited": 2}, findings={"noise": 1}),
    )
    head, first, second, total, *more = str(snapshot).splitlines()
    assert head.startswith("model")
    assert first.startswith("p:m")
    assert "0.5000 USD" in first
    assert second.startswith("q:n")
    assert total.startswith("all")
    assert more == ["errors: rate_limited 2", "findings: noise 1"]


def test_a_tenants_name_cannot_act_on_a_terminal() -> None:
    group = CallStats(provider="p", model="m", tenant="\x1b[2Jmallory\n\u202e", calls=1)
    table = str(StatsSnapshot(groups=(group,), total=group))
    assert "\x1b" not in table
    assert "\u202e" not in table
    assert "?[2Jmallory??" in table


# ---- in a client


@pytest.mark.slow
def test_a_client_counts_its_calls_and_those_of_its_tenants_views() -> None:
    broken = {"echo": {"fail_with": "provider_unavailable"}}
    silence = AudioClip.from_pcm(bytes(48000), sample_rate=24000)
    with Client("echo") as client:
        spoken = client.speak("hello").audio
        client.for_tenant("ada").transcribe(spoken or b"")
        with pytest.raises(ProviderUnavailableError):
            client.respond("hi", provider_options=broken)
        with pytest.raises(QualityRefusedError):
            client.transcribe(silence)
        with client.stream("a long story " * 20) as stream:
            next(stream)
        snapshot = client.stats.snapshot()
    total = snapshot.total
    assert (total.finished, total.failed, total.refused, total.abandoned) == (2, 1, 1, 1)
    assert total.errors == {"provider_unavailable": 1, "quality_refused": 1}
    assert total.attempts == {"settled": 2, "clean": 3, "ambiguous": 1}
    assert total.retries == 2
    assert total.audio_in_s == total.audio_out_s > 0.3
    [ada] = [group for group in snapshot.groups if group.tenant == "ada"]
    assert (ada.provider, ada.model, ada.task, ada.calls) == (
        "echo",
        "transcribe",
        "transcribe",
        1,
    )
    assert ada.usage.input_audio_tokens
    assert str(client.stats) == str(snapshot)


def test_stats_of_a_client_can_be_switched_off_and_be_shared() -> None:
    shared = Stats()
    for _ in range(2):
        with Client("echo", plugins=[shared], keeps_stats=False) as client:
            client.speak("hi")
        assert client.stats.snapshot().total.calls == 0
    assert shared.snapshot().total.calls == 2
