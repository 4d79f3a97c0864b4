"""The suite of providers for the parrot and everything that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr
from tests.nightly.broken_plugins.parrot.provider import SPEC
from tests.nightly.broken_plugins.parrot.vendor import KEY, ParrotVendor

from ossicle.abc import ProviderSettings, ProviderSpec
from ossicle_testing.conformance import ProviderConformance
from ossicle_testing.vendors import ManualClock


class ParrotSuite(ProviderConformance):
    @pytest.fixture
    def spec(self) -> ProviderSpec:
        return SPEC

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def settings(self, clock: ManualClock) -> Iterator[ProviderSettings]:
        vendor = ParrotVendor(clock=clock)
        with vendor.server as server:
            yield ProviderSettings(api_key=SecretStr(KEY), base_url=server.url)

    @pytest.fixture
    def past_expiry(self, clock: ManualClock) -> Callable[[], None]:
        return lambda: clock.advance(601.0)


class ShrillSuite(ParrotSuite):
    """A parrot whose voices are tones so high that neighbouring samples have nothing in common."""

    @pytest.fixture
    def settings(self, clock: ManualClock) -> Iterator[ProviderSettings]:
        vendor = ParrotVendor(clock=clock, hertz={"polly": 2011.0, "jack": 3400.0})
        with vendor.server as server:
            yield ProviderSettings(api_key=SecretStr(KEY), base_url=server.url)
