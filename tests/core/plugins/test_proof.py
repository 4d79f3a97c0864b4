"""A report is believed only when it is good and about the version that is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from ossicle.errors import ConfigurationError
from ossicle.plugins import (
    Behaviour,
    CapabilityReport,
    Claim,
    PluginHost,
    PluginListing,
    ShippedReport,
    read_proof,
    report_path,
)

ACME = PluginListing(name="acme", module="acme_checks.plugin", version="1.0")
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
FAILED = Behaviour(name="test_c", says="does c", outcome="failed")
PARTIAL = Behaviour(name="test_c", says="does c", outcome="not run")


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A plugin on the path that must not be imported; gives the place of its report."""
    package = tmp_path / "acme_checks"
    package.mkdir()
    package.joinpath("__init__.py").write_text("raise SystemExit('imported')")
    package.joinpath("plugin.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package / "ossicle-conformance.json"
    assert "acme_checks" not in sys.modules


def ship(path: Path, *reports: CapabilityReport, version: str | None = "1.0") -> None:
    report = ShippedReport(
        plugins=("acme",), distribution="acme", version=version, kit_version="0.1.0",
        made_on="2026-12-01", reports=reports,
    )  # fmt: skip
    path.write_text(report.model_dump_json())


def test_a_good_report_of_the_installed_version_is_believed(acme: Path) -> None:
    ship(acme, GOOD)
    found = read_proof(ACME)
    assert found.is_verified
    assert found.proved == ("hears silence",)
    assert found.proves("hears silence")
    assert not found.proves("hears all")
    assert found.exceptions == {"validator acme: does b": "cannot"}
    assert found.report is not None
    assert (found.report.made_on, found.report.kit_version) == ("2026-12-01", "0.1.0")


@pytest.mark.parametrize(
    ("reports", "state", "words"),
    [
        ((), "failed", "does not prove anything"),
        ((GOOD, GOOD.model_copy(update={"behaviours": (FAILED,)})), "failed", "validator acme"),
        ((GOOD.model_copy(update={"behaviours": (PARTIAL,)}),), "failed", "validator acme"),
        ((GOOD.model_copy(update={"api_version": 99}),), "stale", "interface 99 was proved"),
    ],
)
def test_a_report_that_proves_too_little_is_not_enough(
    acme: Path, reports: tuple[CapabilityReport, ...], state: str, words: str
) -> None:
    ship(acme, *reports)
    found = read_proof(ACME)
    assert (found.state, words in (found.reason or "")) == (state, True), found.reason
    assert not found.proves("hears silence")
    assert found.fix


@pytest.mark.parametrize("version", ["0.9", None])
def test_a_report_of_another_version_is_stale(acme: Path, version: str | None) -> None:
    ship(acme, GOOD, version=version)
    found = read_proof(ACME)
    assert (found.state, found.reason) == (
        "stale", f"version {version} was proved, 1.0 is installed",
    )  # fmt: skip
    assert "--plugin acme" in (found.fix or "")


def test_a_report_about_another_plugin_in_the_folder_proves_nothing(acme: Path) -> None:
    ship(acme, GOOD)
    other = PluginListing(name="acme2", module="acme_checks.second", version="1.0")
    found = read_proof(other)
    assert (found.state, found.reason) == ("missing", "the report is about acme")
    assert found.proved == ()


def make_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate((8 << 20) + 1)


@pytest.mark.parametrize(
    ("spoil", "state", "words"),
    [
        (lambda path: path.write_text(""), "failed", "cannot be read"),
        (lambda path: path.write_bytes(b"\xff\0"), "failed", "cannot be read"),
        (lambda path: path.write_text("{}"), "failed", "cannot be read (1 faults)"),
        (lambda path: path.write_text('{"format": 2, "seal": ""}'), "failed", "has format 2"),
        (lambda path: path.write_text('{"format": 3, "reports": 3}'), "failed", "cannot be read"),
        (make_large, "failed", "too large"),
        (lambda path: path.mkdir(), "missing", "not proved here"),
        (lambda path: None, "missing", "not proved here"),
    ],
)
def test_nonsense_is_no_report(
    acme: Path, spoil: Callable[[Path], object], state: str, words: str
) -> None:
    spoil(acme)
    found = read_proof(ACME)
    assert (found.state, words in (found.reason or "")) == (state, True), found.reason
    assert found.fix
    assert found.proved == ()


def test_a_file_that_fails_while_it_is_read_is_no_end_of_the_host(
    acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(acme, GOOD)

    def fail(self: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", fail)
    found = read_proof(ACME)
    assert (found.state, found.reason) == (
        "failed", "the report cannot be read (Input/output error)",
    )  # fmt: skip


def test_the_report_lies_beside_the_module_with_the_hooks(
    acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "further" / "acme_space" / "deep"
    part.mkdir(parents=True)
    tmp_path.joinpath("acme_space").mkdir()
    tmp_path.joinpath("acme_alone.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path / "further"))
    assert report_path("acme_checks.plugin:hooks") == acme
    assert report_path("acme_checks") == acme
    assert report_path("acme_alone") == tmp_path / "acme_alone.ossicle-conformance.json"
    assert report_path("acme_space.deep.plugin") == part / acme.name
    for absent in ("no_such_package_0.plugin", "", "..plugin"):
        assert report_path(absent) is None
    absent_plugin = PluginListing(name="x", module="no_such_package_0.plugin")
    assert read_proof(absent_plugin).reason == "the module is not there"


def test_a_host_reads_the_proof_of_a_plugin_that_is_not_allowed(acme: Path) -> None:
    points = [EntryPoint(name="acme", value="acme_checks.plugin", group="ossicle")]
    host = PluginHost(entry_points=lambda: points)
    assert host.proof("acme").state == "missing"
    ship(acme, GOOD, version=None)
    assert host.proof("acme").is_verified
    with pytest.raises(ConfigurationError, match="nobody"):
        host.proof("nobody")
