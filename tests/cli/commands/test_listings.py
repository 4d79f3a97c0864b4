"""`ossicle plugins`, `models`, `doctor` and `explain`."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from ossicle import Client
from ossicle.plugins import Behaviour, CapabilityReport, Claim, ShippedReport

from ..conftest import Run, document, write_wav


def test_plugins(run: Run) -> None:
    found = {plugin["name"]: plugin for plugin in document(run("plugins", "--json"))["plugins"]}
    assert found["echo"]["state"] == "ready"
    assert "provider echo" in found["echo"]["provides"]
    shown = run("plugins").stdout
    assert "echo" in shown
    assert "ready" in shown


def test_what_is_proved_of_plugins(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    monkeypatch.setattr("ossicle.plugins.proof.report_path", lambda module: path)
    shown = " ".join(run("plugins", "--verified").stdout.split())
    assert "missing 0 of 0" in shown
    assert "not proved here" in shown
    passed = Behaviour(name="test_a", says="does a", outcome="passed")
    cannot = Behaviour(name="test_b", says="does b", outcome="exception", reason="too deaf")
    tried = CapabilityReport(
        kind="provider", subject="echo", behaviours=(passed, cannot), versions={"python": "3.11"},
        claims=(Claim(what="hears", is_proved=True), Claim(what="sings")),
    )  # fmt: skip
    report = ShippedReport(
        plugins=("echo",), distribution="ossicle", version=metadata.version("ossicle"),
        kit_version="0.1.0", made_on="2026-12-01", reports=(tried,),
    )  # fmt: skip
    path.write_text(report.model_dump_json())
    found = {
        one["name"]: one for one in document(run("plugins", "--verified", "--json"))["plugins"]
    }
    assert (found["echo"]["state"], found["local"]["state"]) == ("verified", "missing")
    assert found["echo"]["proved"] == ["hears"]
    assert (found["echo"]["made_on"], found["echo"]["kit_version"]) == ("2026-12-01", "0.1.0")
    assert found["local"]["made_on"] is None
    shown = " ".join(run("plugins", "--verified").stdout.split())
    assert "verified 1 of 2 2026-12-01, python 3.11 does not hold: provider" in shown


def test_models_of_a_provider(run: Run) -> None:
    models = document(run("models", "--provider", "echo", "--json"))["models"]
    assert {model["model"] for model in models} == {"chat", "speak", "transcribe"}
    shown = run("models", "--provider", "echo:chat").stdout
    assert "echo:chat" in shown
    assert "free" in shown


def test_models_with_prices_and_ends(run: Run) -> None:
    shown = run("models", "--provider", "openai")
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split())
    assert "openai:gpt-audio-1.5" in text
    assert "a 32/64" in text
    assert "then gpt-audio-1.5" in text
    assert "gone since 2026-05-07" in text


def test_models_of_nobody(run: Run) -> None:
    assert document(run("models", "--provider", "no", "--json"))["error"]["code"] == (
        "unknown_provider"
    )


def test_doctor_tells_no_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    for arguments in (["doctor"], ["doctor", "--json"]):
        shown = run(*arguments)
        assert shown.exit_code == 0
        assert "very-secret" not in shown.stdout + shown.stderr
        assert "OPENAI_API_KEY is set" in " ".join(shown.stdout.split())
    assert document(run("doctor", "--json"))["default_provider"] == "echo"


def test_explain_sends_nothing_and_says_what_it_would_do(run: Run, tmp_path: Path) -> None:
    with Client("echo") as client:
        reply = client.respond("hello", output_format="mp3")
        assert reply.audio is not None
        reply.audio.save(tmp_path / "a.mp3")
    found = document(run("explain", "--audio", "a.mp3", "--json"))
    assert found["would_send"]
    assert found["plan"]["clips"][0]["steps"][0]["action"] == "decode"
    shown = run("explain", "--audio", "a.mp3").stdout
    assert "Nothing was sent. It would be sent." in shown


def test_explain_shows_a_refusal_with_its_findings(run: Run, tmp_path: Path) -> None:
    write_wav(tmp_path / "silent.wav", np.zeros((16_000, 1)))
    shown = run("explain", "--audio", "silent.wav")
    assert shown.exit_code == 0
    assert "It would be refused" in shown.stdout
    assert "Findings" in shown.stdout
    assert run("explain").exit_code == 2
    assert run("explain", "hi", "--format", "nope").exit_code == 1
