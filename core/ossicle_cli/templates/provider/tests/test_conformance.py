"""The provider keeps every promise of its records."""

from __future__ import annotations

import numpy as np
import pytest
from ossicle.abc import ProviderSpec
from ossicle.audio import Pcm
from ossicle_testing.conformance import ProviderConformance
from ossicle_testing.conformance.provider import Voice

from ossicle_newname.plugin import ossicle_register_providers
from ossicle_newname.tones import text_to_tones


def in_tones(sample_rate: int, channels: int) -> Pcm:
    """Speech that this model understands; the suite asks for the rates of its record."""
    samples = np.frombuffer(text_to_tones(b"Hello there."), "<i2").astype(np.float32) / 32768
    return Pcm(samples=np.repeat(samples[:, None], channels, axis=1), sample_rate=sample_rate)


class TestNewname(ProviderConformance):
    @pytest.fixture
    def spec(self) -> ProviderSpec:
        return ossicle_register_providers()[0]

    @pytest.fixture
    def voice(self) -> Voice:
        return in_tones
