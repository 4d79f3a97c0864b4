"""A cascade whose ears and voice are a vendor's is a provider like any other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from ossicle.abc import AudioProvider, ProviderSettings, ProviderSpec
from ossicle.cascade import (
    CallableThinker,
    CascadeProvider,
    ProviderRecognizer,
    ProviderSynthesizer,
)
from ossicle_elevenlabs.provider import ElevenLabsProvider
from ossicle_testing.conformance import ProviderConformance
from ossicle_testing.vendors.elevenlabs import FakeElevenLabs


def build(settings: ProviderSettings) -> AudioProvider:
    return CascadeProvider(
        recognizer=ProviderRecognizer(
            ElevenLabsProvider(settings), "scribe_v2", owns_provider=True
        ),
        language_model=CallableThinker(lambda text: f"You said: {text}. So be it."),
        synthesizer=ProviderSynthesizer(
            ElevenLabsProvider(settings), "eleven_flash_v2_5", owns_provider=True
        ),
    )


class TestCascadeOfVendors(ProviderConformance):
    @pytest.fixture
    def spec(self) -> ProviderSpec:
        return ProviderSpec(
            name="cascade",
            summary="Hears and speaks with ElevenLabs",
            factory=build,
            default_models=dict.fromkeys(("respond", "speak", "transcribe"), "cascade"),
        )

    @pytest.fixture
    def models(self) -> tuple[str, ...]:
        return ("cascade",)

    @pytest.fixture
    def settings(self) -> Iterator[ProviderSettings]:
        key = "sk_conformance0123456789abcdef"
        with FakeElevenLabs(keys=[key]) as vendor:
            yield ProviderSettings(api_key=SecretStr(key), base_url=vendor.base_url)
