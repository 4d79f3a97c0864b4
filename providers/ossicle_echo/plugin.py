"""How the echo announces itself; the modem and numpy wait until it is used."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ossicle.abc import Capabilities, ProviderSettings, ProviderSpec, hookimpl

from .models import CHAT, MODELS, NAME, SPEAKER, TRANSCRIBER

if TYPE_CHECKING:
    from .provider import EchoProvider


def _build(settings: ProviderSettings, *, clock: Callable[[], float] = time.time) -> EchoProvider:
    from .provider import EchoProvider
    from .script import EchoScript

    return EchoProvider(script=EchoScript().with_options(settings.options), clock=clock)


@hookimpl
def ossicle_register_providers() -> list[ProviderSpec]:
    """The echo."""
    return [
        ProviderSpec(
            name=NAME,
            summary="Deterministic; its audio carries its text in tones. For tests and first steps",
            factory=_build,
            default_models={
                "respond": CHAT.model,
                "speak": SPEAKER.model,
                "transcribe": TRANSCRIBER.model,
            },
            is_local=True,
        )
    ]


@hookimpl
def ossicle_register_models() -> list[Capabilities]:
    """All models of the echo."""
    return list(MODELS.values())
