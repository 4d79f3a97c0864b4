"""The provider keeps every promise of its records."""

from __future__ import annotations

import numpy as np
import pytest
from ossicle.abc import ProviderSpec
from ossicle.audio import Pcm
from ossicle_testing.conformance import ProviderConformance
from ossicle_testing.conformance.provider import Voice

from ossicle_morse.plugin import ossicle_register_providers
from ossicle_morse.sending import word_to_pcm


def sender(sample_rate: int, channels: int) -> Pcm:
    """Somebody at the key; the suite asks for the rates of the record."""
    pcm = b"".join(word_to_pcm(word, unit_s=0.048, pitch_hz=700) for word in ("HELLO", "THERE"))
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
    return Pcm(samples=np.repeat(samples[:, None], channels, axis=1), sample_rate=sample_rate)


class TestMorse(ProviderConformance):
    @pytest.fixture
    def spec(self) -> ProviderSpec:
        return ossicle_register_providers()[0]

    @pytest.fixture
    def voice(self) -> Voice:
        return sender
