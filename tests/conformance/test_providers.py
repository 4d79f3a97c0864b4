"""The first-party providers pass their suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from pydantic import SecretStr

from ossicle.abc import ProviderSettings, ProviderSpec
from ossicle.audio import Pcm
from ossicle.testing.conformance import ProviderConformance
from ossicle.testing.conformance.provider import Voice
from ossicle.testing.vendors import ManualClock
from ossicle.testing.vendors.openai import FakeOpenAI
from ossicle_echo.plugin import ossicle_register_providers as echo
from ossicle_echo.provider import EchoProvider
from ossicle_echo.tones import text_to_blocks
from ossicle_openai.plugin import ossicle_register_providers as openai


def in_tones(text: str, sample_rate: int, channels: int) -> Pcm:
    """What the echo understands."""
    mono = np.concatenate(list(text_to_blocks(text, sample_rate=sample_rate, tilt_db=0.0)))
    samples = np.repeat(mono.reshape(-1, 1), channels, axis=1).astype(np.float32)
    return Pcm(samples=samples, sample_rate=sample_rate)


def read_aloud(turns: Sequence[tuple[str, str]]) -> str:
    """A brain that says what it was told and nothing more, as a speaking model must."""
    return turns[-1][1]


class TestEcho(ProviderConformance):
    @pytest.fixture
    def spec(self, clock: ManualClock) -> ProviderSpec:
        return replace(echo()[0], factory=lambda settings: EchoProvider(clock=clock))

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def past_expiry(self, clock: ManualClock) -> Callable[[], None]:
        return lambda: clock.advance(3601.0)

    @pytest.fixture
    def voice(self) -> Voice:
        return lambda sample_rate, channels: in_tones("Hello there.", sample_rate, channels)


class TestOpenAI(ProviderConformance):
    @pytest.fixture
    def spec(self) -> ProviderSpec:
        return openai()[0]

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def settings(self, clock: ManualClock) -> Iterator[ProviderSettings]:
        key = "sk-conformance-0123456789abcdef"
        with FakeOpenAI(clock=clock, keys=[key], brain=read_aloud) as vendor:
            yield ProviderSettings(api_key=SecretStr(key), base_url=vendor.base_url)

    @pytest.fixture
    def past_expiry(self, clock: ManualClock) -> Callable[[], None]:
        return lambda: clock.advance(3601.0)
