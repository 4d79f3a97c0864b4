from __future__ import annotations

import pytest
from tests.nightly.thresholds.outage import Manners, suffer

from ossicle_testing.vendors import FaultKind

pytest.importorskip("openai")


@pytest.mark.parametrize(
    ("kind", "pace"), [(FaultKind.STATUS_503, "burst"), (FaultKind.STATUS_500, "steady")]
)
def test_a_vendor_that_is_down_is_left_alone_and_asked_again_soon(
    kind: FaultKind, pace: str
) -> None:
    manners = suffer(kind, pace, 1000)
    assert manners.is_good, manners


@pytest.mark.parametrize(("requests", "recovery_s"), [(1.06, 0.0), (1.0, 5.1)])
def test_bad_manners_are_seen(requests: float, recovery_s: float) -> None:
    assert not Manners(
        kind="status_503", pace="burst", requests_per_turn=requests, recovery_s=recovery_s,
        failed_after=0,
    ).is_good  # fmt: skip
