"""The suite of providers, put together."""

from __future__ import annotations

from ossicle_testing.conformance.provider.broken_streams import BrokenStreamChecks
from ossicle_testing.conformance.provider.concurrency import ConcurrencyChecks
from ossicle_testing.conformance.provider.honours_settings import SettingsChecks
from ossicle_testing.conformance.provider.limits import LimitChecks
from ossicle_testing.conformance.provider.record import RecordChecks
from ossicle_testing.conformance.provider.secrecy import SecrecyChecks
from ossicle_testing.conformance.provider.streaming_order import StreamingOrderChecks
from ossicle_testing.conformance.provider.usage import UsageChecks


class ProviderConformance(
    RecordChecks,
    StreamingOrderChecks,
    SettingsChecks,
    ConcurrencyChecks,
    LimitChecks,
    UsageChecks,
    BrokenStreamChecks,
    SecrecyChecks,
    is_part=True,
):
    """Derive from this, give the fixture `spec`, and pytest runs the rest.

    Which checks apply follows from the records of the default models. A provider of a vendor also
    gives `settings` with the address of a fake one; one that knows real words gives `voice`.

    Example:
        class TestMyProvider(ProviderConformance):
            @pytest.fixture
            def spec(self):
                return MY_SPEC
    """
