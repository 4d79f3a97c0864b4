"""The doctor tells what is here, and never a key."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from ossicle.plugins import PluginHost
from ossicle_cli.doctor import examine

ROOT = Path(__file__).parents[2]


def test_every_extra_a_user_may_want_is_known() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = set(project["optional-dependencies"]) - {"all", "dev", "docs", "testing"}
    health = examine(PluginHost(), default_provider="echo", environment={})
    assert {extra.name for extra in health.extras} == extras
    for extra in health.extras:
        assert extra.adds
        assert extra.install == f'pip install "ossicle[{extra.name}]"'


def test_a_missing_package_is_named(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    import importlib.util

    real = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> object:
        return None if name in ("av", "earshot") else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    health = examine(PluginHost(), default_provider="echo", environment={})
    states = {extra.name: extra for extra in health.extras}
    assert not states["av"].is_installed
    assert "GPL" in states["av"].adds
    assert states["local"].missing == ("earshot",)
    assert not any("PyAV" in name or "(in av)" in name for name in health.versions)


def test_whether_a_key_is_there_is_told_and_never_the_key() -> None:
    secret = "sk-" + "a1b2c3" * 6
    health = examine(PluginHost(), default_provider="echo", environment={"OPENAI_API_KEY": secret})
    keys = {provider.name: provider.key for provider in health.providers}
    assert keys["openai"] == "OPENAI_API_KEY is set"
    assert keys["echo"] == "none needed"
    text = json.dumps(health.model_dump(mode="json"))
    assert secret not in text
    assert re.search(r"a1b2c3|sk-", text) is None
    without = examine(PluginHost(), default_provider="echo", environment={"OPENAI_API_KEY": ""})
    assert "OPENAI_API_KEY is not set" in {provider.key for provider in without.providers}


def test_versions_of_bundled_libraries_are_told() -> None:
    versions = examine(PluginHost(), default_provider="echo", environment={}).versions
    assert re.match(r"3\.\d+\.\d+", versions["Python"])
    assert versions["libsndfile (in soundfile)"].startswith("1.")
    assert "libsoxr (in soxr)" in versions


def test_layers_of_protection_are_told_as_they_are() -> None:
    guards = {guard.name: guard for guard in
              examine(PluginHost(), default_provider="echo", environment={}).guards}  # fmt: skip
    assert guards["sniffing"].is_active
    assert "locked worker" in guards
