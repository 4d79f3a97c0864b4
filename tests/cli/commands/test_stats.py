"""`ossicle stats` shows what was recorded, also by other processes, and makes nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ossicle import AudioClip, CallRecorder, Client, StatsSnapshot
from ossicle.errors import ProviderUnavailableError, QualityRefusedError, UnknownVoiceError
from ossicle.messages import Usage
from ossicle.storage import Charge, SqliteStore

from ..conftest import Run, document

DAY_S = 86_400.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with calls of two days and two tenants."""
    place = tmp_path / "store"
    with SqliteStore(place) as store:
        for number, tenant in enumerate(("ada", "bob", "ada")):
            charge = Charge(
                charge_id=str(number),
                at=number * DAY_S,
                provider="p",
                model="m",
                usage=Usage(input_tokens=10, input_audio_tokens=4),
                amount=None if number == 2 else Decimal("0.5"),
            )
            store.append_charge(tenant, charge)
    return place


def test_stats_day_by_day(run: Run, folder: Path) -> None:
    shown = run("stats", "--store", str(folder), "--daily")
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split())
    for word in ("1970-01-01", "1970-01-03", "ada", "bob", "10 (4)", "0.5000", "1 unknown"):
        assert word in text


@pytest.mark.parametrize("columns", ["80", "100", "160"])
def test_no_figure_is_lost_or_broken_in_a_narrow_terminal(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = run("stats", "--store", str(folder), "--daily").stdout
    for word in ("1970-01-01", "tenant", "finished", "(audio)", "10", "(4)", "0.5000", "unknown"):
        assert word in shown.split()
    assert all(len(line) <= int(columns) for line in shown.splitlines())


@pytest.mark.slow
def test_the_table_is_that_of_the_client(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    place = tmp_path / "store"
    with (
        SqliteStore(place) as store,
        CallRecorder(store) as recorder,
        Client("echo", plugins=[recorder]) as client,
    ):
        spoken = client.speak("hello").audio or b""
        client.for_tenant("ada").transcribe(spoken)
        with pytest.raises(ProviderUnavailableError):
            client.speak("x", provider_options={"echo": {"fail_with": "provider_unavailable"}})
        with pytest.raises(UnknownVoiceError):
            client.speak("x", voice="nobody")
        silence = AudioClip.from_pcm(bytes(32_000), sample_rate=16_000)
        with pytest.raises(QualityRefusedError):
            client.transcribe(silence)
        with client.stream("a long story " * 20, output_format="wav") as stream:
            next(stream)
        wanted, by_tenant = str(client.stats), client.stats.snapshot(by=["tenant"])
    shown = run("stats", "--store", str(place))
    assert sorted(shown.stdout.splitlines()) == sorted(wanted.splitlines())
    for word in ("p95", "first audio", "provider_unavailable 1", "unknown_voice 1", "findings"):
        assert word in shown.stdout
    told = document(run("stats", "--store", str(place), "--json", "--by", "tenant"))["stats"]
    assert StatsSnapshot.model_validate(told).groups == by_tenant.groups


@pytest.mark.parametrize("columns", ["80", "100"])
def test_figures_stay_whole_where_the_table_is_too_wide(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = run("stats", "--store", str(folder)).stdout
    assert all(len(line) <= int(columns) for line in shown.splitlines())
    text = " ".join(shown.split())
    for words in ("p:m", "tenant ada", "calls 2", "tokens in (audio) 20 (8)", "cost unknown: 1"):
        assert words in text


def test_stats_as_json_of_a_tenant_since_a_day(run: Run, folder: Path) -> None:
    everything = document(run("stats", "--store", str(folder), "--json"))["charges"]
    assert [(row["day"], row["tenant"]) for row in everything] == [
        ("1970-01-01", "ada"),
        ("1970-01-02", "bob"),
        ("1970-01-03", "ada"),
    ]
    assert everything[0]["amount"] == "0.5"
    few = ("--tenant", "ada", "--since", "1970-01-02")
    chosen = document(run("stats", "--store", str(folder), "--json", *few))["charges"]
    assert [row["day"] for row in chosen] == ["1970-01-03"]


def test_stats_without_a_store_say_so_and_make_none(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "nothing"
    shown = run("stats", "--store", str(place))
    assert shown.exit_code == 0
    assert "No calls are recorded" in shown.stderr
    assert document(run("stats", "--store", str(place), "--json"))["charges"] == []
    assert not place.exists()


def test_calls_of_the_command_are_recorded_when_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert run("say", "secret words", "--out", "a.wav").exit_code == 0
    assert document(run("stats", "--json"))["charges"] == []
    assert run("--record", "say", "secret words", "--out", "b.wav").exit_code == 0
    monkeypatch.setenv("OSSICLE_RECORD", "1")
    assert run("ask", "secret words", "--out", "c.wav").exit_code == 0
    rows = document(run("stats", "--json"))["charges"]
    assert sum(row["calls"] for row in rows) == 2
    assert {row["provider"] for row in rows} == {"echo"}
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert b"secret words" not in kept
