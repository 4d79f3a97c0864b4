"""What the plugin announces; the vendor's SDK is not imported here."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ossicle.abc import (
    AudioProvider,
    Capabilities,
    ProviderSettings,
    ProviderSpec,
    Requirement,
    hookimpl,
)
from ossicle_openai.catalogue import all_capabilities, default_models


def _build(settings: ProviderSettings) -> AudioProvider:
    from ossicle_openai.provider import OpenAIProvider

    return OpenAIProvider(settings)


@hookimpl
def ossicle_register_providers() -> Sequence[ProviderSpec]:
    """One provider for OpenAI and every server that speaks its protocol."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return [
        ProviderSpec(
            name="openai",
            summary="OpenAI chat audio, speech and transcription, and compatible servers",
            factory=_build,
            default_models=default_models(today),
            requires=(Requirement(package="openai", extra="openai", brings="the OpenAI client"),),
        )
    ]


@hookimpl
def ossicle_register_models() -> Sequence[Capabilities]:
    """OpenAI's own models."""
    return all_capabilities()
