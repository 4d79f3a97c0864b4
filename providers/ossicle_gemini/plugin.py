"""What the plugin announces; the HTTP client is not imported here."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import (
    AudioProvider,
    Capabilities,
    ProviderSettings,
    ProviderSpec,
    Requirement,
    hookimpl,
)
from ossicle_gemini.catalogue import CATALOGUE, default_models


def _build(settings: ProviderSettings) -> AudioProvider:
    from ossicle_gemini.provider import GeminiProvider

    return GeminiProvider(settings)


@hookimpl
def ossicle_register_providers() -> Sequence[ProviderSpec]:
    """One provider for the Gemini API."""
    return [
        ProviderSpec(
            name="gemini",
            summary="Google's Gemini: hears, writes, speaks and transcribes",
            factory=_build,
            default_models=default_models(),
            requires=(Requirement(package="httpx2", extra="gemini", brings="the HTTP client"),),
        )
    ]


@hookimpl
def ossicle_register_models() -> Sequence[Capabilities]:
    """Google's own models."""
    return CATALOGUE.capabilities()
