"""The first-party providers pass their suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import anyio
import numpy as np
import pytest
from pydantic import SecretStr

from ossicle.abc import ProviderSettings, ProviderSpec
from ossicle.audio import Pcm
from ossicle.cascade import (
    CallableThinker,
    CascadeProvider,
    ProviderRecognizer,
    ProviderSynthesizer,
)
from ossicle.intake import decode
from ossicle.plugins import missing
from ossicle.signal.resampling import Resampler
from ossicle_echo.plugin import ossicle_register_providers as echo
from ossicle_echo.provider import EchoProvider
from ossicle_echo.tones import text_to_blocks
from ossicle_gemini.plugin import ossicle_register_providers as gemini
from ossicle_local.plugin import ossicle_register_providers as local
from ossicle_openai.plugin import ossicle_register_providers as openai
from ossicle_testing.conformance import ProviderConformance
from ossicle_testing.conformance.provider import Voice
from ossicle_testing.conformance.provider.requests import (
    collect,
    deliveries,
    folded,
    make_request,
)
from ossicle_testing.vendors import ManualClock
from ossicle_testing.vendors.gemini import FakeGemini
from ossicle_testing.vendors.openai import FakeOpenAI


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
        [announced] = echo()
        build: Any = announced.factory
        return replace(announced, factory=partial(build, clock=clock))

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
        with FakeOpenAI(clock=clock, keys=[key], chat_model=read_aloud) as vendor:
            yield ProviderSettings(api_key=SecretStr(key), base_url=vendor.base_url)

    @pytest.fixture
    def past_expiry(self, clock: ManualClock) -> Callable[[], None]:
        return lambda: clock.advance(3601.0)


@pytest.mark.filterwarnings("ignore:Async generator 'httpx2:ResourceWarning")  # as above
class TestGemini(ProviderConformance):
    @pytest.fixture
    def spec(self) -> ProviderSpec:
        return gemini()[0]

    @pytest.fixture
    def settings(self) -> Iterator[ProviderSettings]:
        key = "AIzaSyConformance-0123456789abcdefghijk"
        with FakeGemini(keys=[key], chat_model=read_aloud) as vendor:
            yield ProviderSettings(api_key=SecretStr(key), base_url=vendor.base_url)


@cache
def in_words() -> Pcm:
    """What the local voice says once, for the local ears."""
    provider = local()[0].factory(ProviderSettings())
    record = provider.capabilities("assistant")
    [delivery] = [one for one in deliveries(record) if one.task == "speak" and one.stream]
    request = make_request(delivery, text="What is two plus two?")
    clip = folded(anyio.run(collect, provider, request), request).audio
    assert clip is not None
    return decode(clip).read()


@pytest.mark.models
class TestLocal(ProviderConformance):
    """Real models: a row takes as long as it takes to say and to hear a sentence."""

    @pytest.fixture
    def spec(self) -> ProviderSpec:
        spec = local()[0]
        if missing(spec.requires):
            pytest.skip("not installed: the extra local")
        return spec

    @pytest.fixture
    def voice(self) -> Voice:
        in_words()  # made outside of any event loop
        return spoken


def spoken(sample_rate: int, channels: int) -> Pcm:
    """The local voice at another rate."""
    pcm = in_words()
    resampler = Resampler(
        sample_rate_in=pcm.sample_rate, sample_rate_out=sample_rate, channels=pcm.channels
    )
    mono = np.concatenate([resampler.process(pcm.samples), resampler.flush()])
    return Pcm(samples=np.repeat(mono, channels, axis=1), sample_rate=sample_rate)


def echo_cascade(settings: ProviderSettings) -> CascadeProvider:
    """Hears and speaks with the echo, thinks with a plain function."""
    ears, mouth = EchoProvider(), EchoProvider()
    return CascadeProvider(
        recognizer=ProviderRecognizer(ears, "transcribe", owns_provider=True),
        language_model=CallableThinker(lambda text: f"I understood: {text}"),
        synthesizer=ProviderSynthesizer(mouth, "speak", owns_provider=True),
    )


class TestCascade(ProviderConformance):
    @pytest.fixture
    def spec(self) -> ProviderSpec:
        return ProviderSpec(
            name="cascade",
            summary="Hears and speaks with the echo",
            factory=echo_cascade,
            default_models=dict.fromkeys(("respond", "speak", "transcribe"), "cascade"),
            is_local=True,
        )

    @pytest.fixture
    def voice(self) -> Voice:
        return lambda sample_rate, channels: in_tones("Hello there.", sample_rate, channels)
