"""How the provider announces itself: light, for it is imported with all plugins."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings, ProviderSpec, hookimpl

from .models import HEARER, NAME, SPEAKER


def build(settings: ProviderSettings) -> AudioProvider:
    """A provider; numpy (or a vendor's SDK) is imported now and not earlier."""
    from .provider import NewnameProvider

    return NewnameProvider()


@hookimpl
def ossicle_register_providers() -> Sequence[ProviderSpec]:
    """Announce the provider."""
    return [
        ProviderSpec(
            name=NAME,
            summary="Speaks in touch tones and hears them",
            factory=build,
            default_models={"speak": SPEAKER.model, "transcribe": HEARER.model},
            is_local=True,
        )
    ]


@hookimpl
def ossicle_register_models() -> Sequence[Capabilities]:
    """Announce what the models can do; `ossicle models` lists them."""
    return [SPEAKER, HEARER]
