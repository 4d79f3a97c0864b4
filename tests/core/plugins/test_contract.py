"""Announcements are checked when a plugin is loaded, not when they are first used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from ossicle.abc import ConverterSpec, ProviderSpec, Requirement
from ossicle.errors import PluginContractError
from ossicle.plugins.contract import checked_answer
from ossicle_echo.plugin import ossicle_register_models, ossicle_register_providers
from ossicle_soundfile.plugin import ossicle_register_converters

PROVIDER: ProviderSpec = ossicle_register_providers()[0]
[CONVERTER] = ossicle_register_converters()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "with space"}, "name"),
        ({"name": "a\x1b[31m"}, "name"),
        ({"summary": None}, "summary"),
        ({"factory": "later"}, "factory"),
        ({"requires": "numpy"}, "requires"),
        ({"requires": ("numpy",)}, "requires"),
        ({"default_models": None}, "default_models"),
        ({"default_models": {"speak": 1}}, "default_models"),
        ({"requires": (Requirement(package="os.path"),)}, "top-level package"),
        ({"requires": (Requirement(package=""),)}, "top-level package"),
    ],
)
def test_a_malformed_provider_is_refused_with_the_field(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(PluginContractError, match=field):
        checked_answer("ossicle_register_providers", [replace(PROVIDER, **changes)], plugin="bad")


@pytest.mark.parametrize("field", ["reads", "writes"])
def test_a_malformed_converter_is_refused_with_the_field(field: str) -> None:
    wrong: Any = {field: ("wav",)}
    spec: ConverterSpec = replace(CONVERTER, **wrong)
    with pytest.raises(PluginContractError, match=field):
        checked_answer("ossicle_register_converters", [spec], plugin="bad")


def test_a_record_that_was_never_checked_is_checked_now() -> None:
    record = ossicle_register_models()[0]
    assert checked_answer("ossicle_register_models", [record], plugin="good") == [record]
    with pytest.raises(ValidationError):
        bad = record.model_copy(update={"streaming": "perhaps"})
        checked_answer("ossicle_register_models", [bad], plugin="bad")


@pytest.mark.parametrize("answer", ["text", {"a": 1}, iter(()), 5, None])
def test_only_lists_are_taken(answer: object) -> None:
    with pytest.raises(PluginContractError, match="returned a"):
        checked_answer("ossicle_register_providers", answer, plugin="bad")
