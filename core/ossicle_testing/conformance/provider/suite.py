"""The suite of providers, put together."""

from __future__ import annotations

from ossicle_testing.conformance.provider.concurrency import MeetingChecks
from ossicle_testing.conformance.provider.counting import CountingChecks
from ossicle_testing.conformance.provider.cutting import CuttingChecks
from ossicle_testing.conformance.provider.honours_settings import HeedingChecks
from ossicle_testing.conformance.provider.limits import LimitChecks
from ossicle_testing.conformance.provider.record import RecordChecks
from ossicle_testing.conformance.provider.secrecy import SecrecyChecks
from ossicle_testing.conformance.provider.streaming_order import ArrivingChecks


class ProviderConformance(
    RecordChecks,
    ArrivingChecks,
    HeedingChecks,
    MeetingChecks,
    LimitChecks,
    CountingChecks,
    CuttingChecks,
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
