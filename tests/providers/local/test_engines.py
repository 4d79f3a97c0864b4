from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.core.cascade.scripted import ScriptedHearer

from ossicle.abc import ProviderSettings, Requirement
from ossicle.cascade import Recognizer, Synthesizer
from ossicle.errors import ConfigurationError, DependencyMissingError
from ossicle_local.engines import HEARING, SPEAKING, Engine, build_first, expected, record_of
from ossicle_local.packages import load_package, package_folder
from ossicle_local.plugin import ossicle_register_models, ossicle_register_providers
from ossicle_local.provider import build_local

HERE = Requirement(package="json")
NOWHERE = Requirement(package="no_such_package_at_all", extra="local")


def engine(name: str, *, needs: Requirement = HERE, works: bool = True) -> Engine[Recognizer]:
    def build() -> Recognizer:
        if not works:
            raise DependencyMissingError(f"{name} does not work", package=name, extra="local")
        return ScriptedHearer()

    return Engine(name=name, label=name, needs=(needs,), build=build)


def test_the_first_engine_that_works_is_built() -> None:
    engines = (engine("best", works=False), engine("second"), engine("third"))
    assert build_first(engines)[0].name == "second"
    assert build_first(engines, wanted="third")[0].name == "third"


def test_when_none_works_the_best_one_says_why() -> None:
    engines = (engine("best", works=False), engine("second", works=False))
    with pytest.raises(DependencyMissingError, match=r"best does not work.*ossicle\[local\]"):
        build_first(engines)
    with pytest.raises(ConfigurationError, match="'whisper'"):
        build_first(engines, wanted="whisper")


def test_what_is_expected_is_what_is_installed() -> None:
    best, second = engine("best", needs=NOWHERE), engine("second")
    assert expected((best, second)) is second
    assert expected((best,)) is best


def test_packages_are_found_without_importing_them() -> None:
    assert (package_folder("json", extra="local") / "decoder.py").is_file()
    with pytest.raises(DependencyMissingError, match=r"no_such.*pip install \"ossicle\[tiny\]\""):
        package_folder("no_such_package_at_all", extra="tiny")


def test_a_package_that_is_missing_or_does_not_load_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loads_not.py").write_text("raise OSError('libx.so: cannot open')")
    (tmp_path / "lacks_another.py").write_text("import no_such_package_at_all")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DependencyMissingError, match=r"'loads_not'.*OSError.*ossicle\[tiny\]"):
        load_package("loads_not", extra="local")
    with pytest.raises(DependencyMissingError, match="no_such_package_at_all"):
        load_package("lacks_another", extra="local")
    sys.modules.pop("loads_not", None)


@pytest.mark.parametrize("speaking", SPEAKING, ids=lambda engine: engine.name)
def test_every_combination_has_a_whole_record(speaking: Engine[Synthesizer]) -> None:
    for hearing in HEARING:
        record = record_of(hearing, speaking)
        assert str(record) == "local:assistant"
        assert record.tasks == {"respond", "speak", "transcribe"}
        assert len(record.rows["respond"]) == 6
        assert record.default_voice in (record.voices or ())
        assert record.prices is not None
        assert record.prices.audio_out == 0
        assert hearing.label in record.source


def test_the_plugin_announces_what_it_needs() -> None:
    (spec,) = ossicle_register_providers()
    (record,) = ossicle_register_models()
    assert spec.is_local
    assert set(spec.default_models.values()) == {record.model}
    assert set(spec.default_models) == record.tasks
    needed = {need.package for need in spec.requires}
    assert needed >= {need.package for need in expected(HEARING).needs}
    assert all(need.extra in ("local", "tiny") for need in spec.requires)


@pytest.mark.parametrize("options", [{"hearing": 3}, {"colour": "red"}, {"hearing": "whisper"}])
def test_wrong_settings_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        build_local(ProviderSettings(options=options))
