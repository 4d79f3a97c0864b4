"""What the checks of providers share: fixtures, and a provider for the time of one run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, TypeVar

import anyio
import pytest
from pydantic import SecretStr

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings, ProviderSpec
from ossicle.audio import Pcm
from ossicle_testing.conformance.provider.requests import Delivery, Voice, deliveries
from ossicle_testing.conformance.suite import Conformance
from ossicle_testing.strategies.signals import Signal

CANARY = "sk-canary-5f2e9b7c41d86a03"
"""The key that a provider is given; it must never be seen again."""

_PATIENCE_S = 45.0

T = TypeVar("T")


class ProviderBench(Conformance, is_part=True):
    """Fixtures of the suite. Only `spec` has to be given.

    Attributes:
        is_deterministic: Whether the same request is answered the same way each time; where it is
            not, answers are not compared, and `exceptions` says why.
        max_edge_chars: Texts at a limit are tried up to this length.
        max_edge_s: Clips at a limit are tried up to this length, in seconds.
        max_edge_clips: As many clips in one message are tried.
    """

    kind = "provider"
    relaxations: ClassVar[Mapping[str, str]] = {
        "is_deterministic": "answers the same request in the same way each time"
    }
    is_deterministic: bool = True
    max_edge_chars: int = 2000
    max_edge_s: float = 20.0
    max_edge_clips: int = 8

    @pytest.fixture
    def spec(self) -> ProviderSpec:
        """How the plugin announces the provider."""
        pytest.fail("give a fixture `spec` that returns a ProviderSpec")

    @pytest.fixture
    def settings(self) -> ProviderSettings:
        """Settings under which it works; a provider of a vendor gets a fake one's `base_url`."""
        return ProviderSettings(api_key=SecretStr(CANARY))

    @pytest.fixture
    def models(self, spec: ProviderSpec) -> tuple[str, ...]:
        """The models that are tried."""
        return tuple(dict.fromkeys(spec.default_models.values()))

    @pytest.fixture
    def voice(self) -> Voice:
        """Speech for models that hear; one that knows real words wants some."""
        return lambda sample_rate, channels: (
            Signal(
                kind="speech", frames=sample_rate, sample_rate=sample_rate, channels=channels
            ).pcm
        )

    @pytest.fixture
    def past_expiry(self) -> Callable[[], None]:
        """Lets all audio ids issued so far expire; without it that is not tried."""
        return lambda: pytest.skip("give a fixture `past_expiry` that moves the clock")

    @pytest.fixture(autouse=True)
    def _subject(
        self,
        spec: ProviderSpec,
        settings: ProviderSettings,
        models: tuple[str, ...],
        voice: Callable[[int, int], Pcm],
    ) -> None:
        assert models, "no model is tried"
        self.spec_, self.settings_, self.models_ = spec, settings, models
        self.voice_ = voice
        self.draft.describe(spec.name, spec.factory, spec.requires)

    @property
    def secret(self) -> str:
        """The key that must not be seen."""
        key = self.settings_.api_key
        return key.get_secret_value() if key is not None else "there is no key"

    def build(self) -> AudioProvider:
        """A fresh provider."""
        return self.spec_.factory(self.settings_)

    def records(self) -> list[Capabilities]:
        """Of all models that are tried."""
        provider = self.build()
        return [provider.capabilities(model) for model in self.models_]

    def deliveries(self) -> list[Delivery]:
        """Every way in which they say that they answer."""
        return [delivery for record in self.records() for delivery in deliveries(record)]

    def deliveries_or_skip(self, *, task: str | None = None, **wanted: Any) -> list[Delivery]:
        """Those of one task, and with these capabilities; skips where there are none."""
        found = [
            delivery
            for delivery in self.deliveries()
            if (task is None or delivery.task == task)
            and all(getattr(delivery.record, name) == value for name, value in wanted.items())
        ]
        if not found:
            words = [*(() if task is None else (task,)), *wanted]
            pytest.skip(f"no model has {' and '.join(words) or 'a row'}")
        return found

    def run(
        self,
        work: Callable[[AudioProvider], Awaitable[T]],
        *,
        backend: str = "asyncio",
        settings: ProviderSettings | None = None,
    ) -> T:
        """Run `work` on a provider of its own, which is closed twice afterwards."""

        async def main() -> T:
            provider = self.spec_.factory(settings or self.settings_)
            try:
                with anyio.fail_after(_PATIENCE_S):
                    return await work(provider)
            finally:
                await provider.aclose()
                await provider.aclose()

        return anyio.run(main, backend=backend)
