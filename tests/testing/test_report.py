"""No report is written but of what was tried, proved and installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ossicle.errors import ConfigurationError
from ossicle.plugins import Behaviour, CapabilityReport, Claim, PluginHost
from ossicle_testing.report import main, write_reports

PLUGIN = """
from ossicle.abc import Validator, ValidatorSpec, hookimpl

class Silent(Validator):
    name = "{name}"
    def validate(self, evidence, context):
        return ()

@hookimpl
def ossicle_register_validators():
    return [ValidatorSpec(name="{name}", summary="Finds nothing", factory=Silent)]
"""
TESTS = """
import sys
sys.path.insert(0, {place!r})

import pytest
from acme_proved.plugin import ossicle_register_validators
from ossicle_testing.conformance import ValidatorConformance

class TestAcme(ValidatorConformance):
    @pytest.fixture
    def spec(self):
        return ossicle_register_validators()[0]
"""
POINTS = "[ossicle]\nacme = acme_proved.plugin\n"
PASSED = Behaviour(name="test_a", says="does a", outcome="passed")

NAME = "ossicle-conformance.json"

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution; gives the folder of its package."""
    site = tmp_path / "site"
    info = site / "acme_proved-1.0.dist-info"
    package = site / "acme_proved"
    info.mkdir(parents=True)
    package.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))

    def write(*, points: str = POINTS, **modules: str) -> Path:
        info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        info.joinpath("entry_points.txt").write_text(points)
        package.joinpath("__init__.py").write_text("")
        for name, text in modules.items():
            package.joinpath(f"{name}.py").write_text(text)
        return package

    yield write
    for name in [name for name in sys.modules if name.startswith("acme_proved")]:
        del sys.modules[name]


def run(tmp_path: Path, place: Path, *options: str) -> int:
    """Run the command on tests that import the package from a folder."""
    tests = tmp_path / "test_acme.py"
    tests.write_text(TESTS.format(place=str(place)))
    return main([*options, "--plugin", "acme", "--", str(tests), "-p", "no:cacheprovider"])


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_what_was_proved_is_shipped_and_verified(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = install(plugin=PLUGIN.format(name="acme"))
    assert run(tmp_path, package.parent) == 0
    assert "validator acme: 0 claims proved" in capsys.readouterr().out
    found = PluginHost().proof("acme")
    assert found.is_verified, found.reason
    assert [report.subject for report in found.reports] == ["acme"]
    assert found.report is not None
    assert found.report.version == "1.0"
    info = package.parent / "acme_proved-1.0.dist-info" / "METADATA"
    info.write_text(info.read_text().replace("Version: 1.0", "Version: 1.1"))
    assert PluginHost().proof("acme").state == "stale"


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_tests_that_fail_write_nothing(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = install(plugin=PLUGIN.format(name="acme").replace("return ()", "return (1,)"))
    assert run(tmp_path, package.parent) == 1
    assert "nothing is written" in capsys.readouterr().err
    assert not package.joinpath(NAME).exists()


def proof(subject: str = "acme", **changes: object) -> dict[str, CapabilityReport]:
    report = CapabilityReport(
        kind="validator", subject=subject, behaviours=(PASSED,),
        claims=(Claim(what="b"), Claim(what="a", is_proved=True)),
    )  # fmt: skip
    return {f"validator {subject}": report.model_copy(update=changes)}


@pytest.mark.slow
def test_a_run_without_a_suite_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = tmp_path / "test_plain.py"
    tests.write_text("def test_nothing(): pass")
    assert main(["--", str(tests), "-p", "no:cacheprovider"]) == 1
    assert "no suite of ossicle_testing ran" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise ImportError('no engine')", "does not work here: ImportError: no engine"),
        ("", "does not work here: it announces nothing"),
        (
            PLUGIN.format(name="acme").replace(
                "factory=Silent", 'factory=Silent, requires=(Requirement(package="no_such"),)'
            ).replace("import Validator,", "import Requirement, Validator,"),
            "does not work here: the package 'no_such' is not installed",
        ),
    ],
    ids=["broken", "empty", "limited"],
)  # fmt: skip
def test_a_plugin_that_does_not_work_here_gets_no_report(
    install: Install, text: str, words: str
) -> None:
    package = install(plugin=text)
    with pytest.raises(ConfigurationError, match=words):
        write_reports(["acme"], proof())
    assert not package.joinpath(NAME).exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"behaviours": ()}, "validator acme was not proved"),
        (
            {"behaviours": (PASSED, PASSED.model_copy(update={"outcome": "not run"}))},
            "validator acme was not proved",
        ),
    ],
)
def test_a_report_that_does_not_prove_it_gets_no_report(
    install: Install, changes: dict[str, Any], words: str
) -> None:
    package = install(plugin=PLUGIN.format(name="acme"))
    with pytest.raises(ConfigurationError, match=words):
        write_reports(["acme"], proof(**changes))
    assert not package.joinpath(NAME).exists()


def test_plugins_in_one_folder_share_their_report(install: Install) -> None:
    package = install(
        points=POINTS + "acme2 = acme_proved.second\n",
        plugin=PLUGIN.format(name="acme"),
        second=PLUGIN.format(name="acme2"),
    )
    both = proof() | proof("acme2")
    with pytest.raises(ConfigurationError, match="nothing proves validator acme2"):
        write_reports(["acme", "acme2"], proof())
    assert not package.joinpath(NAME).exists()
    assert write_reports(["acme", "acme2", "acme"], both)
    for name in ("acme", "acme2"):
        found = PluginHost().proof(name)
        assert found.is_verified
        assert [report.subject for report in found.reports] == ["acme", "acme2"]
    assert write_reports(["acme"], both)
    assert PluginHost().proof("acme2").state == "missing"


def test_plugins_have_to_be_there_and_to_be_named(install: Install) -> None:
    install(plugin=PLUGIN.format(name="acme"))
    with pytest.raises(ConfigurationError, match="no plugin 'other' is installed"):
        write_reports(["other"], proof())
    with pytest.raises(ConfigurationError, match="about none of ossicle's own plugins"):
        write_reports([], proof())
