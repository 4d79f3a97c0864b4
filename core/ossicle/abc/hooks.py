"""The hooks by which plugins announce themselves and applications listen in.

A plugin is a module (or object) with functions marked by `hookimpl`, named by an entry point of
the group `ossicle`, or of `ossicle.<kind>` where it announces one kind only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from ossicle.abc.capabilities import Capabilities
    from ossicle.abc.converter import ConverterSpec
    from ossicle.abc.preprocessor import PreprocessorSpec
    from ossicle.abc.provider import ProviderSpec
    from ossicle.abc.validator import ValidatorSpec
    from ossicle.errors import OssicleError
    from ossicle.messages import Receipt, Task

PROJECT = "ossicle"
"""Name of the pluggy project and of the entry point group."""

HOOKS_OF_KIND: Mapping[str, frozenset[str]] = {
    "providers": frozenset({"ossicle_register_providers", "ossicle_register_models"}),
    "converters": frozenset({"ossicle_register_converters"}),
    "preprocessors": frozenset({"ossicle_register_preprocessors"}),
    "validators": frozenset({"ossicle_register_validators"}),
}
"""What a plugin of the group `ossicle.<kind>` may announce. One of the group `ossicle` may announce
anything, so it is loaded whatever is asked for; one of a kind only when that kind is."""

API_VERSION = 1
"""Version of the interfaces in `ossicle.abc`."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook of the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInfo:
    """What life-cycle hooks learn of a call: names and ids, never content.

    Attributes:
        turn_id: Our own id of the call.
        tenant: On whose behalf.
        provider: Who is asked.
        model: Which model.
        task: What kind of call.
    """

    turn_id: str
    tenant: str
    provider: str
    model: str
    task: Task


@hookspec
def ossicle_register_providers() -> Sequence[ProviderSpec]:  # type: ignore[empty-body]
    """Announce providers."""


@hookspec
def ossicle_register_models() -> Sequence[Capabilities]:  # type: ignore[empty-body]
    """Announce what models can do, without building a provider; `ossicle models` lists them."""


@hookspec
def ossicle_register_converters() -> Sequence[ConverterSpec]:  # type: ignore[empty-body]
    """Announce format converters."""


@hookspec
def ossicle_register_validators() -> Sequence[ValidatorSpec]:  # type: ignore[empty-body]
    """Announce validators; they run unless switched off by name."""


@hookspec
def ossicle_register_preprocessors() -> Sequence[PreprocessorSpec]:  # type: ignore[empty-body]
    """Announce preprocessors; they run when settings name them."""


@hookspec
def ossicle_call_started(call: CallInfo) -> None:
    """A call passed all checks and is about to be sent."""


@hookspec
def ossicle_call_refused(call: CallInfo, error: OssicleError) -> None:
    """A call was not sent: its audio, size, cost or settings stand against it."""


@hookspec
def ossicle_call_finished(call: CallInfo, receipt: Receipt) -> None:
    """A call was answered to its end."""


@hookspec
def ossicle_call_failed(call: CallInfo, error: OssicleError) -> None:
    """A call that had started ended in an error."""


@hookspec
def ossicle_call_abandoned(call: CallInfo, receipt: Receipt) -> None:
    """A call that had started was left before its end: closed early, or cancelled."""
