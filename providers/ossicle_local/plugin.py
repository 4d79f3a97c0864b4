"""How the local provider announces itself; the models wait until they are used."""

from __future__ import annotations

from ossicle.abc import (
    AudioProvider,
    Capabilities,
    ProviderSettings,
    ProviderSpec,
    Requirement,
    hookimpl,
)
from ossicle_local.engines import HEARING, SPEAKING, expected, record_of
from ossicle_local.models import MODEL, NAME


def _build(settings: ProviderSettings) -> AudioProvider:
    from ossicle_local.provider import build_local

    return build_local(settings)


def _needs() -> tuple[Requirement, ...]:
    """What is needed by the engines that would be used; each package once."""
    needs = (*expected(HEARING).needs, *expected(SPEAKING).needs)
    return tuple({need.package: need for need in needs}.values())


@hookimpl
def ossicle_register_providers() -> list[ProviderSpec]:
    """The local assistant."""
    return [
        ProviderSpec(
            name=NAME,
            summary="Hears, answers by simple rules and speaks on this machine: no key, no network",
            factory=_build,
            default_models={"respond": MODEL, "speak": MODEL, "transcribe": MODEL},
            requires=_needs(),
            is_local=True,
        )
    ]


@hookimpl
def ossicle_register_models() -> list[Capabilities]:
    """The only model, as it would be on this machine."""
    return [record_of(expected(HEARING), expected(SPEAKING))]
