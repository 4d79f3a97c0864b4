"""A host with a dozen misbehaving plugins starts, works, and explains each of them."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner
from tests.nightly.thresholds.misbehaving_plugins import PLUGINS, Misbehaving, install

from ossicle import Client, PipelineSettings
from ossicle.abc import (
    AudioEvidence,
    ProviderSettings,
    ProviderSpec,
    ValidationContext,
    Validator,
    ValidatorSpec,
    hookimpl,
)
from ossicle.errors import (
    DuplicateNameError,
    PluginContractError,
    PluginLoadError,
    UnknownProviderError,
)
from ossicle.messages import Finding
from ossicle.plugins import PluginHost, PluginListing, installed_entry_points
from ossicle_cli.program import program

SWIFT = tuple(plugin for plugin in PLUGINS if not plugin.hangs)
HANGING = tuple(plugin for plugin in PLUGINS if plugin.hangs)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """All twelve on the path; those that hang are let go afterwards."""
    monkeypatch.syspath_prepend(str(install(tmp_path)))
    yield tmp_path
    let_go()
    for plugin in PLUGINS:
        sys.modules.pop(f"bad_{plugin.name}", None)


def let_go() -> None:
    """Let those that hang come to their end."""
    for plugin in HANGING:
        release = getattr(sys.modules.get(f"bad_{plugin.name}"), "RELEASE", None)
        if release is not None:
            release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("ossicle-plugin-"):
            thread.join(10)
            assert not thread.is_alive(), thread.name


def host_of(*plugins: Misbehaving, load_limit_s: float = 60.0) -> PluginHost:
    names = [plugin.name for plugin in plugins]
    return PluginHost(allow=names, load_limit_s=load_limit_s)


def listing_of(host: PluginHost, name: str) -> PluginListing:
    return next(listing for listing in host.listings() if listing.name == name)


def test_nothing_of_them_is_imported_unless_it_is_allowed(installed: Path) -> None:
    host = PluginHost()
    for plugin in PLUGINS:
        listing = listing_of(host, plugin.name)
        assert listing.state == "blocked"
        assert f"--plugin {plugin.name}" in (listing.fix or "")
        assert f"bad_{plugin.name}" not in sys.modules
    assert host.provider("echo").name == "echo"


def test_a_client_that_allows_them_works_and_explains_each(installed: Path) -> None:
    with Client("echo", allow_plugins=[plugin.name for plugin in SWIFT]) as client:
        spoken = client.speak("Still here.").audio
        assert spoken is not None
        assert client.transcribe(spoken).text == "Still here."
        for plugin in SWIFT:
            listing = listing_of(client.plugins, plugin.name)
            assert listing.state == "broken", plugin.does
            assert plugin.says in (listing.reason or ""), plugin.does
            assert listing.fix, plugin.does


def test_a_missing_package_is_named_in_the_fix(installed: Path) -> None:
    host = host_of(*SWIFT)
    assert "left_pad_of_nowhere" in (listing_of(host, "imports").fix or "")
    assert "left_pad" not in (listing_of(host, "nowhere").fix or "")


def test_those_that_hang_are_left_behind_where_they_are(installed: Path) -> None:
    host = host_of(*HANGING, load_limit_s=0.05)
    for plugin in HANGING:
        listing = listing_of(host, plugin.name)
        assert listing.state == "broken"
        assert "took longer than 0.05 s to load" in (listing.reason or "")
        assert plugin.says in (listing.reason or ""), "where it was"
    assert host.provider("echo").name == "echo"
    with pytest.raises(PluginLoadError, match="took longer"):
        host.provider("hangs")


def test_a_process_waits_only_once_for_those_that_hang(installed: Path) -> None:
    host_of(*HANGING, load_limit_s=0.05).load()
    running = threading.active_count()
    again = host_of(*HANGING, load_limit_s=0.05)
    assert {listing_of(again, plugin.name).state for plugin in HANGING} == {"broken"}
    assert threading.active_count() == running


def test_one_that_comes_back_late_can_be_used_by_the_next_host(
    installed: Path,
) -> None:
    host_of(*HANGING, load_limit_s=0.05).load()
    let_go()
    again = host_of(*HANGING)
    assert {listing_of(again, plugin.name).state for plugin in HANGING} == {"ready"}


def test_a_name_claimed_twice_is_an_error_on_use_only(installed: Path) -> None:
    with pytest.raises(DuplicateNameError, match="twin_a, twin_b"):
        host_of(*SWIFT).provider("twin")
    [twin, _] = [plugin for plugin in PLUGINS if plugin.name.startswith("twin")]
    assert host_of(twin).provider("twin").name == "twin"


def test_an_interrupt_of_a_person_still_passes() -> None:
    class Interrupted:
        def __dir__(self) -> list[str]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PluginHost(plugins=[Interrupted()], entry_points=tuple).load()


BROKEN_LISTS: dict[str, Callable[[Path], object]] = {
    "no metadata": lambda info: (info / "METADATA").unlink(),
    "no words": lambda info: (info / "METADATA").write_bytes(b"Name: \xff\xfe\n"),
    "no text": lambda info: (info / "entry_points.txt").write_bytes(b"[ossicle]\n\xff\xfe = x\n"),
    "no list": lambda info: (info / "entry_points.txt").write_text("nonsense ]["),
    "no module": lambda info: (info / "entry_points.txt").write_text("[ossicle]\nold = \n"),
}


@pytest.mark.parametrize("how", BROKEN_LISTS)
def test_a_distribution_with_broken_files_hides_no_other(installed: Path, how: str) -> None:
    BROKEN_LISTS[how](installed / "bad_old-1.0.dist-info")
    importlib.invalidate_caches()
    found = {point.name for point in installed_entry_points()}
    assert {"echo", "raises"} <= found
    host = PluginHost(allow=["*"], entry_points=lambda: [
        point for point in installed_entry_points() if "hang" not in point.name
    ])  # fmt: skip
    assert host.provider("echo").name == "echo"
    with pytest.raises(UnknownProviderError):
        host.provider("old-provider")


def test_the_command_line_explains_them(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    options = [word for plugin in SWIFT for word in ("--plugin", plugin.name)]
    shown = CliRunner().invoke(program, [*options, "plugins"])
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split())
    for plugin in SWIFT:
        assert plugin.says in text, plugin.does
    for plugin in HANGING:
        assert f"--plugin {plugin.name}" in text


def leave(settings: ProviderSettings) -> NoReturn:
    sys.exit(5)


class Faulty:
    """An application's plugin whose parts fail when they are used."""

    class Judge(Validator):
        name = "faulty"

        def validate(
            self, evidence: AudioEvidence, context: ValidationContext
        ) -> Iterator[Finding]:
            raise ZeroDivisionError

    @hookimpl
    def ossicle_register_validators(self) -> list[ValidatorSpec]:
        return [ValidatorSpec(name="faulty", summary="Fails", factory=self.Judge)]

    @hookimpl
    def ossicle_register_providers(self) -> list[ProviderSpec]:
        return [ProviderSpec(name="faulty", summary="Fails", factory=leave, default_models={})]

    @hookimpl
    def ossicle_call_started(self, call: object) -> None:
        sys.exit(4)


def test_a_validator_that_fails_ends_the_call_and_says_how_to_do_without_it() -> None:
    with Client("echo", plugins=[Faulty()]) as client:
        audio = client.speak("Hello.").audio  # its listener wants to end the process
        assert audio is not None
        with pytest.raises(
            PluginContractError, match="'faulty' raised ZeroDivisionError"
        ) as caught:
            client.transcribe(audio)
        assert "disabled_validators" in str(caught.value)
    settings = PipelineSettings(disabled_validators=frozenset({"faulty"}))
    with Client("echo", plugins=[Faulty()], settings=settings) as client:
        assert client.transcribe(audio).text == "Hello."


def test_a_provider_that_cannot_be_built_is_an_error_of_ours() -> None:
    with (
        Client("faulty:any", plugins=[Faulty()]) as client,
        pytest.raises(PluginContractError, match="'faulty' raised SystemExit"),
    ):
        client.speak("Hello.")
