"""A report is believed only as long as it is whole and about the very files that are installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from ossicle import Client
from ossicle.errors import ConfigurationError
from ossicle.plugins import Behaviour, CapabilityReport, Claim, PluginHost, verify_module
from ossicle.plugins.package_files import REPORT_NAME, package_files
from ossicle.plugins.verification import SignedReport

PLUGIN = """
import sys
sys.modules["imported_by_acme"] = sys
from ossicle.abc import ValidatorSpec, hookimpl
from ossicle.validators.silence import SilenceValidator

@hookimpl
def ossicle_register_validators():
    return [ValidatorSpec(name="acme", summary="Acme", factory=SilenceValidator)]
"""
GOOD = CapabilityReport(
    kind="validator",
    subject="acme",
    claims=(Claim(what="hears silence", is_proved=True), Claim(what="hears all")),
    behaviours=(
        Behaviour(name="test_a", says="does a", outcome="passed"),
        Behaviour(name="test_b", says="does b", outcome="exception", reason="cannot"),
    ),
    versions={"ossicle": "0.1.0"},
)


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A third party's plugin on the path, without a report."""
    package = tmp_path / "acme_checks"
    package.mkdir()
    package.joinpath("__init__.py").write_text("")
    package.joinpath("plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    for name in [name for name in sys.modules if name.startswith("acme_checks")]:
        del sys.modules[name]
    sys.modules.pop("imported_by_acme", None)


def sign(*reports: CapabilityReport, module: str = "acme_checks.plugin") -> Path:
    package = package_files(module)
    assert package is not None
    signed = SignedReport(plugins=("acme",), files=package.digest(), reports=reports)
    package.report.write_text(signed.sealed().model_dump_json())
    return package.report


def host(**more: object) -> PluginHost:
    points = [EntryPoint(name="acme", value="acme_checks.plugin", group="ossicle")]
    return PluginHost(allow=["acme"], entry_points=lambda: points, **more)  # type: ignore[arg-type]


def test_a_good_report_of_these_files_is_believed(acme: Path) -> None:
    sign(GOOD)
    found = verify_module("acme_checks.plugin")
    assert found.is_verified
    assert found.proved == ("hears silence",)
    assert found.proves("hears silence")
    assert not found.proves("hears all")
    assert found.exceptions == {"validator acme: does b": "cannot"}
    assert host().verification("acme") == found
    assert "imported_by_acme" not in sys.modules


@pytest.mark.parametrize(
    "name",
    ["plugin.py", "new.py", "data.json", "plugin.pyc", "sub/plugin.pyc", f"sub/{REPORT_NAME}"],
)
def test_a_report_of_other_files_is_stale(acme: Path, name: str) -> None:
    acme.joinpath("sub").mkdir()
    sign(GOOD)
    acme.joinpath(name).write_text("# changed")
    found = verify_module("acme_checks.plugin")
    assert (found.state, found.reason) == (
        "stale", "its files are others than those that were proved",
    )  # fmt: skip
    assert not found.proves("hears silence")


def test_a_cache_of_compiled_files_changes_nothing(acme: Path) -> None:
    sign(GOOD)
    acme.joinpath("__pycache__").mkdir()
    acme.joinpath("__pycache__", "plugin.cpython-311.pyc").write_bytes(b"x")
    assert verify_module("acme_checks.plugin").is_verified


FAILED = Behaviour(name="test_c", says="does c", outcome="failed")


@pytest.mark.parametrize(
    ("report", "state", "words"),
    [
        (GOOD.model_copy(update={"behaviours": (*GOOD.behaviours, FAILED)}), "failed", "prove"),
        (
            GOOD.model_copy(
                update={"behaviours": (FAILED.model_copy(update={"outcome": "not run"}),)}
            ),
            "failed",
            "prove",
        ),
        (GOOD.model_copy(update={"api_version": 99}), "stale", "interface 99"),
    ],
)
def test_a_report_that_proves_too_little_is_not_enough(
    acme: Path, report: CapabilityReport, state: str, words: str
) -> None:
    sign(GOOD, report)
    found = verify_module("acme_checks.plugin")
    assert found.state == state
    assert words in (found.reason or "")


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\0", '{"format": 1, "plugin": 3}'])
def test_nonsense_is_no_report(acme: Path, text: str) -> None:
    acme.joinpath(REPORT_NAME).write_text(text)
    assert verify_module("acme_checks.plugin").state == "failed"


def test_a_report_that_was_edited_is_noticed(acme: Path) -> None:
    path = sign(GOOD)
    path.write_text(path.read_text().replace('"is_proved":false', '"is_proved":true'))
    assert verify_module("acme_checks.plugin").reason == "the report was changed after it was made"
    for number in (1, 9):
        path.write_text(f'{{"format": {number}, "plugin": "acme"}}')
        reason = verify_module("acme_checks.plugin").reason
        assert reason == f"the report has format {number}, this ossicle reads 2"


def test_a_module_alone_has_its_report_beside_it(acme: Path) -> None:
    acme.with_name("acme_alone.py").write_text("x = 1")
    path = sign(GOOD, module="acme_alone")
    assert path.name == f"acme_alone.{REPORT_NAME}"
    assert verify_module("acme_alone").is_verified
    acme.with_name("acme_alone.py").write_text("x = 2")
    assert verify_module("acme_alone").state == "stale"


def test_what_is_not_there_has_no_report(acme: Path) -> None:
    assert verify_module("acme_checks.plugin").state == "missing"
    assert verify_module("no_such_package_0.plugin").state == "missing"
    with pytest.raises(ConfigurationError, match="nobody"):
        host().verification("nobody")


def test_an_application_may_want_verified_plugins_only(acme: Path) -> None:
    [blocked] = host(require_verified=True).listings()
    assert (blocked.state, blocked.provides) == ("blocked", ())
    assert "ships no conformance report" in (blocked.reason or "")
    assert "imported_by_acme" not in sys.modules
    sign(GOOD)
    [ready] = host(require_verified=True).listings()
    assert (ready.state, ready.provides) == ("ready", ("validator acme",))


def test_a_report_about_something_else_opens_no_door(acme: Path) -> None:
    sign(GOOD.model_copy(update={"subject": "other"}))
    [listing] = host(require_verified=True).listings()
    assert listing.state == "broken"
    assert "validator acme, of which its report says nothing" in (listing.reason or "")
    assert host().listings()[0].state == "ready"


def test_a_client_takes_the_wish() -> None:
    with Client("echo", require_verified=True) as client:
        assert client.respond("hello").text == "You said: hello"
