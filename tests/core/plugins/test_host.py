"""The plugin host: lists without importing, isolates what is broken, refuses duplicates."""

from __future__ import annotations

import importlib.metadata
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ossicle.abc import (
    ProviderSettings,
    ProviderSpec,
    Requirement,
    hookimpl,
)
from ossicle.abc.provider import AudioProvider
from ossicle.errors import (
    DependencyMissingError,
    DuplicateNameError,
    PluginLoadError,
    UnknownProviderError,
)
from ossicle.plugins import PluginHost


def no_factory(settings: ProviderSettings) -> AudioProvider:
    raise AssertionError("nobody builds this provider")


def spec(
    name: str, *, requires: tuple[Requirement, ...] = (), api_version: int = 1
) -> ProviderSpec:
    return ProviderSpec(
        name=name,
        summary="for tests",
        factory=no_factory,
        default_models={},
        requires=requires,
        api_version=api_version,
    )


def plugin(answer: Callable[[], object], name: str = "plugin") -> types.ModuleType:
    module = types.ModuleType(name)

    @hookimpl
    def ossicle_register_providers() -> object:
        return answer()

    module.ossicle_register_providers = ossicle_register_providers  # type: ignore[attr-defined]
    return module


def host(*plugins: object, allow: Sequence[str] = ()) -> PluginHost:
    return PluginHost(plugins=plugins, allow=allow, entry_points=tuple)


def state(found: PluginHost, name: str) -> tuple[str, str | None]:
    listing = next(line for line in found.listings() if line.name == name)
    return listing.state, listing.reason


def test_an_announced_provider_is_found_by_name() -> None:
    assert host(plugin(lambda: [spec("a")])).provider("a").name == "a"


def test_an_unknown_provider_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(UnknownProviderError, match=r"'b'.*Known here: a"):
        host(plugin(lambda: [spec("a")])).provider("b")


def test_a_missing_package_is_named_with_its_fix_and_nothing_is_imported() -> None:
    needs = Requirement(package="no_such_package_here", extra="local")
    found = host(plugin(lambda: [spec("a", requires=(needs,))], "limited"))
    assert state(found, "limited")[0] == "limited"
    with pytest.raises(DependencyMissingError, match=r"ossicle\[local\]"):
        found.provider("a")


def raise_exit() -> object:
    sys.exit(3)


def raise_import() -> object:
    raise ImportError("no module named left_pad")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raise_exit, "SystemExit"),
        (raise_import, "left_pad"),
        (lambda: None, "returned a NoneType"),
        (lambda: ["not a spec"], "returned a str in its list"),
        (lambda: [spec("z", api_version=99)], "interface version 99"),
    ],
)
def test_a_broken_plugin_is_listed_with_its_reason_and_stops_nothing(
    answer: Callable[[], object], words: str
) -> None:
    found = host(plugin(answer, "bad"), plugin(lambda: [spec("good")], "good"))
    listed, reason = state(found, "bad")
    assert listed == "broken"
    assert words in (reason or "")
    assert found.provider("good").name == "good"


def test_a_plugin_registers_all_or_nothing() -> None:
    found = host(plugin(lambda: [spec("fine"), "not a spec"], "bad"))
    with pytest.raises(UnknownProviderError):
        found.provider("fine")


def test_a_name_that_two_plugins_claim_belongs_to_neither() -> None:
    one, two = plugin(lambda: [spec("same")], "one"), plugin(lambda: [spec("same")], "two")
    found = host(one, two)
    with pytest.raises(DuplicateNameError, match="one, two"):
        found.provider("same")
    assert state(found, "two")[0] == "broken"
    assert "same" not in {provider.name for provider in found.providers()}


class Listener:
    """An application's own listener."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    @hookimpl
    def ossicle_call_started(self, call: object) -> None:
        self.heard.append(call)


class BrokenListener:
    """A listener that fails."""

    @hookimpl
    def ossicle_call_started(self, call: object) -> None:
        raise RuntimeError("listener broke")


def test_a_listener_that_fails_is_passed_over() -> None:
    listener = Listener()
    found = host(BrokenListener(), listener)
    found.notify("ossicle_call_started", call="x")
    assert listener.heard == ["x"]


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution with one plugin that notes when it is imported."""
    (tmp_path / "acme_voice.py").write_text(
        "import pathlib\n"
        f"pathlib.Path({str(tmp_path / 'imported')!r}).touch()\n"
        "raise RuntimeError('acme is broken')\n"
    )
    info = tmp_path / "acme_voice-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-voice\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[ossicle]\nacme = acme_voice\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acme_voice", raising=False)  # another test's
    return tmp_path


def acme() -> list[importlib.metadata.EntryPoint]:
    found = importlib.metadata.entry_points(group="ossicle")
    return [point for point in found if point.name == "acme"]


def test_a_third_partys_plugin_is_not_imported_unless_allowed(third_party: Path) -> None:
    found = PluginHost(entry_points=acme)
    listing = next(line for line in found.listings() if line.name == "acme")
    assert (listing.state, listing.distribution, listing.version) == (
        "blocked", "acme-voice", "1.2"
    )  # fmt: skip
    assert "allow_plugins" in (listing.fix or "")
    assert not (third_party / "imported").exists()
    with pytest.raises(UnknownProviderError, match="not allowed"):
        found.provider("acme")


@pytest.mark.parametrize("allowed", ["acme", "*"])
def test_an_allowed_third_partys_plugin_is_imported_and_isolated(
    third_party: Path, allowed: str
) -> None:
    found = PluginHost(entry_points=acme, allow=[allowed])
    with pytest.raises(PluginLoadError, match="acme is broken"):
        found.provider("acme")
    assert (third_party / "imported").exists()


def test_a_plugin_of_one_kind_is_imported_when_that_kind_is_asked_for(third_party: Path) -> None:
    info = third_party / "acme_voice-1.2.dist-info"
    (info / "entry_points.txt").write_text("[ossicle.validators]\nacme = acme_voice\n")
    found = PluginHost(allow=["acme"])
    assert found.converters()
    assert not (third_party / "imported").exists()
    assert found.validators()
    assert (third_party / "imported").exists()
    assert state(found, "acme")[0] == "broken"


def test_a_plugin_of_any_kind_is_imported_whatever_is_asked_for(third_party: Path) -> None:
    assert PluginHost(allow=["acme"]).converters()
    assert (third_party / "imported").exists()


def test_what_announces_another_kind_than_its_group_says_is_broken(third_party: Path) -> None:
    (third_party / "acme_voice.py").write_text(
        "from ossicle.abc import hookimpl\n\n"
        "@hookimpl\ndef ossicle_register_models():\n    return []\n"
    )
    info = third_party / "acme_voice-1.2.dist-info"
    (info / "entry_points.txt").write_text("[ossicle.converters]\nacme = acme_voice\n")
    found = PluginHost(allow=["acme"])
    found.converters()
    assert state(found, "acme") == (
        "broken",
        "plugin 'acme' of the group ossicle.converters implements ossicle_register_models",
    )
