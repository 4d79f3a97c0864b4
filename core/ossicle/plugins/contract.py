"""What a plugin's announcements must be; checked when it is loaded, not when it is first used."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ossicle.abc import API_VERSION, CodecRule, Requirement
from ossicle.errors import PluginContractError

SPEC_OF_HOOK: Mapping[str, str] = {
    "ossicle_register_providers": "ProviderSpec",
    "ossicle_register_converters": "ConverterSpec",
    "ossicle_register_validators": "ValidatorSpec",
    "ossicle_register_preprocessors": "PreprocessorSpec",
    "ossicle_register_models": "Capabilities",
}
"""Hooks that announce something, and the class in `ossicle.abc` that each one's list holds."""

# Each class is imported when the first plugin announces one of its kind.
_INTERFACES: Any = importlib.import_module("ossicle.abc")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def checked_answer(hook: str, answer: object, *, plugin: str) -> list[Any]:
    """What a plugin's hook returned, as a list of what the hook promises.

    Raises:
        PluginContractError: It is something else, or was written for another interface.
    """
    if not isinstance(answer, Sequence) or isinstance(answer, str):
        raise PluginContractError(
            f"{hook} of plugin {plugin!r} returned a {type(answer).__name__}",
            plugin=plugin,
            fix="Return a list.",
        )
    kind, items = getattr(_INTERFACES, SPEC_OF_HOOK[hook]), list(answer)
    for item in items:
        if not isinstance(item, kind):
            raise PluginContractError(
                f"{hook} of plugin {plugin!r} returned a {type(item).__name__} in its list",
                plugin=plugin,
                fix=f"Return {kind.__name__} objects.",
            )
        _check_version(item, plugin)
        flaw = _flaw_of(item, SPEC_OF_HOOK[hook])
        if flaw is not None:
            raise PluginContractError(
                f"a {kind.__name__} of plugin {plugin!r} is malformed: {flaw}",
                plugin=plugin,
                fix="Report it to the author of the plugin.",
            )
    return items


def _check_version(item: object, plugin: str) -> None:
    version = getattr(item, "api_version", API_VERSION)
    if version != API_VERSION:
        raise PluginContractError(
            f"plugin {plugin!r} was written for interface version {version}, this is {API_VERSION}",
            plugin=plugin,
            fix="Install a version of the plugin that fits this ossicle.",
        )


def _flaw_of(item: Any, kind: str) -> str | None:
    """What is wrong with a single announcement, in words."""
    if kind == "Capabilities":
        # Pydantic checks what is built the usual way; `model_construct` and `model_copy` do not.
        _INTERFACES.Capabilities.model_validate(dict(item))
        return None
    checks: list[tuple[bool, str]] = [
        (isinstance(item.name, str) and bool(_NAME.fullmatch(item.name)), "name"),
        (isinstance(item.summary, str), "summary"),
        (isinstance(item.factory, Callable), "factory"),  # type: ignore[arg-type]
        (_all_are(item.requires, Requirement), "requires"),
    ]
    if kind == "ProviderSpec":
        models = item.default_models
        is_map = isinstance(models, Mapping) and _all_are([*models, *models.values()], str)
        checks.append((is_map, "default_models"))
    if kind == "ConverterSpec":
        checks += [(_all_are(item.reads, CodecRule), "reads")]
        checks += [(_all_are(item.writes, CodecRule), "writes")]
    for is_right, field in checks:
        if not is_right:
            return f"its {field} is a {type(getattr(item, field)).__name__} of a wrong kind"
    for need in item.requires:
        if not (isinstance(need.package, str) and need.package.isidentifier()):
            return f"it requires {need.package!r}, which is no top-level package"
    return None


def _all_are(values: object, kind: type) -> bool:
    return (
        isinstance(values, Iterable)
        and not isinstance(values, str)
        and all(isinstance(value, kind) for value in values)
    )
