"""How the provider announces itself: light, for it is imported with all plugins."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings, ProviderSpec, hookimpl

from .models import EAR, KEY, NAME


def build(settings: ProviderSettings) -> AudioProvider:
    """A provider with these settings."""
    from .options import MorseOptions
    from .provider import MorseProvider

    return MorseProvider(MorseOptions().changed(settings.options))


@hookimpl
def ossicle_register_providers() -> Sequence[ProviderSpec]:
    """Announce the provider."""
    return [
        ProviderSpec(
            name=NAME,
            summary="Speaks Morse code and hears it",
            factory=build,
            default_models={"speak": KEY.model, "transcribe": EAR.model},
            is_local=True,
        )
    ]


@hookimpl
def ossicle_register_models() -> Sequence[Capabilities]:
    """Announce what the two models can do."""
    return [KEY, EAR]
