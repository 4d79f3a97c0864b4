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
from ossicle_deepgram.catalogue import CATALOGUE, DEFAULT_MODELS


def _build(settings: ProviderSettings) -> AudioProvider:
    from ossicle_deepgram.provider import DeepgramProvider

    return DeepgramProvider(settings)


@hookimpl
def ossicle_register_providers() -> Sequence[ProviderSpec]:
    """One provider for the Deepgram API."""
    return [
        ProviderSpec(
            name="deepgram",
            summary="Deepgram: transcribes and speaks",
            factory=_build,
            default_models=DEFAULT_MODELS,
            requires=(Requirement(package="httpx2", extra="deepgram", brings="the HTTP client"),),
        )
    ]


@hookimpl
def ossicle_register_models() -> Sequence[Capabilities]:
    """The vendor's own models."""
    return CATALOGUE.capabilities()
