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
from ossicle_elevenlabs.catalogue import CATALOGUE, DEFAULT_MODELS


def _build(settings: ProviderSettings) -> AudioProvider:
    from ossicle_elevenlabs.provider import ElevenLabsProvider

    return ElevenLabsProvider(settings)


@hookimpl
def ossicle_register_providers() -> Sequence[ProviderSpec]:
    """One provider for the ElevenLabs API."""
    return [
        ProviderSpec(
            name="elevenlabs",
            summary="ElevenLabs: speaks and transcribes",
            factory=_build,
            default_models=DEFAULT_MODELS,
            requires=(Requirement(package="httpx2", extra="elevenlabs", brings="the HTTP client"),),
        )
    ]


@hookimpl
def ossicle_register_models() -> Sequence[Capabilities]:
    """The vendor's own models."""
    return CATALOGUE.capabilities()
