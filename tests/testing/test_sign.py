"""Nothing is signed but what was tried, proved and installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ossicle.errors import ConfigurationError
from ossicle.plugins import Behaviour, CapabilityReport, Claim, verify_module
from ossicle.plugins.package_files import REPORT_NAME, package_files
from ossicle_testing.sign import main, sign_plugins

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
from acme_signed.plugin import ossicle_register_validators
from ossicle_testing.conformance import ValidatorConformance

class TestAcme(ValidatorConformance):
    @pytest.fixture
    def spec(self):
        return ossicle_register_validators()[0]
"""
POINTS = "[ossicle]\nacme = acme_signed.plugin\n"
PASSED = Behaviour(name="test_a", says="does a", outcome="passed")

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution; gives the folder of its package."""
    site = tmp_path / "site"
    info = site / "acme_signed-1.0.dist-info"
    package = site / "acme_signed"
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
    for name in [name for name in sys.modules if name.startswith("acme_signed")]:
        del sys.modules[name]


def sign(tmp_path: Path, *, place: Path) -> int:
    """Run the command on tests that import the package from a folder."""
    tests = tmp_path / "test_acme.py"
    tests.write_text(TESTS.format(place=str(place)))
    return main(["--plugin", "acme", "--", str(tests), "-p", "no:cacheprovider"])


@pytest.mark.slow
def test_what_was_proved_as_it_is_installed_is_verified(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = install(plugin=PLUGIN.format(name="acme"))
    assert sign(tmp_path, place=package.parent) == 0
    assert "acme: verified" in capsys.readouterr().out
    found = verify_module("acme_signed.plugin")
    assert found.is_verified
    assert [report.subject for report in found.reports] == ["acme"]
    assert (package / REPORT_NAME).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("change", ["", "# not what is installed\n"])
def test_another_copy_proves_nothing_of_the_installed_one(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    package = install(plugin=PLUGIN.format(name="acme"))
    copy = tmp_path / "src" / "acme_signed"
    copy.mkdir(parents=True)
    for path in package.glob("*.py"):
        copy.joinpath(path.name).write_text(path.read_text() + change)
    status = sign(tmp_path, place=copy.parent)
    assert status == (1 if change else 0)
    assert package.joinpath(REPORT_NAME).exists() == (not change)
    assert not copy.joinpath(REPORT_NAME).exists()
    told = "validator acme was tried with other files than those that are installed"
    assert (told in capsys.readouterr().err) == bool(change)


def proof(subject: str = "acme", **changes: object) -> dict[str, CapabilityReport]:
    """The report of a validator, on the files that are installed."""
    package = package_files("acme_signed.plugin")
    assert package is not None
    report = CapabilityReport(
        kind="validator", subject=subject, behaviours=(PASSED,), files=package.digest(),
        claims=(Claim(what="b"), Claim(what="a", is_proved=True)),
    )  # fmt: skip
    return {f"validator {subject}": report.model_copy(update=changes)}


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
def test_a_plugin_that_does_not_work_here_is_not_signed(
    install: Install, text: str, words: str
) -> None:
    package = install(plugin=text)
    with pytest.raises(ConfigurationError, match=words):
        sign_plugins(["acme"], proof())
    assert not package.joinpath(REPORT_NAME).exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"files": ""}, "was tried with other files"),
        ({"files": "sha256:0"}, "was tried with other files"),
        ({"behaviours": ()}, "validator acme was not proved"),
        (
            {"behaviours": (PASSED, PASSED.model_copy(update={"outcome": "not run"}))},
            "validator acme was not proved",
        ),
    ],
)
def test_a_report_that_does_not_prove_it_is_not_signed(
    install: Install, changes: dict[str, Any], words: str
) -> None:
    package = install(plugin=PLUGIN.format(name="acme"))
    with pytest.raises(ConfigurationError, match=words):
        sign_plugins(["acme"], proof(**changes))
    assert not package.joinpath(REPORT_NAME).exists()


def test_plugins_of_one_package_are_signed_together(install: Install) -> None:
    package = install(
        points=POINTS + "acme2 = acme_signed.second\n",
        plugin=PLUGIN.format(name="acme"),
        second=PLUGIN.format(name="acme2"),
    )
    both = proof() | proof("acme2")
    with pytest.raises(ConfigurationError, match="'acme2' lies in the same package"):
        sign_plugins(["acme"], both)
    with pytest.raises(ConfigurationError, match="nothing proves validator acme2"):
        sign_plugins(["acme", "acme2"], proof())
    assert not package.joinpath(REPORT_NAME).exists()
    assert sign_plugins(["acme", "acme2", "acme"], both)
    for module in ("acme_signed.plugin", "acme_signed.second"):
        found = verify_module(module)
        assert found.is_verified
        assert found.covers(["validator acme", "validator acme2"]) == []


def test_what_is_signed_and_yet_not_verified_is_told(
    install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(plugin=PLUGIN.format(name="acme"))
    monkeypatch.setattr("ossicle.plugins.verification._MOST_BYTES", 10)
    monkeypatch.setattr("ossicle_testing.sign.run_reports", lambda arguments: proof())
    assert main(["--plugin", "acme"]) == 1
    assert capsys.readouterr().out == "acme: failed, 1 claims proved\n"


def test_a_package_that_cannot_be_read_is_not_signed(install: Install) -> None:
    package = install(plugin=PLUGIN.format(name="acme"))
    found = proof()
    package.joinpath("again").symlink_to(package)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        sign_plugins(["acme"], found)


def test_plugins_have_to_be_there_and_to_be_named(install: Install) -> None:
    install(plugin=PLUGIN.format(name="acme"))
    with pytest.raises(ConfigurationError, match="no plugin 'other' is installed"):
        sign_plugins(["other"], proof())
    with pytest.raises(ConfigurationError, match="about none of ossicle's own plugins"):
        sign_plugins([], proof())
