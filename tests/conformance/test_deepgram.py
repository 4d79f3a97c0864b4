"""A provider that speaks and transcribes and answers nobody passes the same suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from ossicle.abc import ProviderSettings, ProviderSpec
from ossicle_deepgram.plugin import ossicle_register_providers
from ossicle_testing.conformance import ProviderConformance
from ossicle_testing.vendors.deepgram import FakeDeepgram


class TestDeepgram(ProviderConformance):
    @pytest.fixture
    def spec(self) -> ProviderSpec:
        return ossicle_register_providers()[0]

    @pytest.fixture
    def settings(self) -> Iterator[ProviderSettings]:
        key = "conformance0123456789abcdef0123456789ab"
        with FakeDeepgram(keys=[key]) as vendor:
            yield ProviderSettings(api_key=SecretStr(key), base_url=vendor.base_url)
