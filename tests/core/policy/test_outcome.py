from __future__ import annotations

import asyncio

import pytest

from ossicle import errors as e
from ossicle.policy import Outcome, classify

P = "vendor"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (e.ProviderConnectionError("x", provider=P), "clean"),
        (e.RateLimitedError("x", provider=P, status=429), "clean"),
        (e.QuotaExhaustedError("x", provider=P, status=429), "clean"),
        (e.AuthenticationError("x", provider=P, status=401), "clean"),
        (e.PermissionRefusedError("x", provider=P, status=403), "clean"),
        (e.ModelNotFoundError("x", provider=P, status=404), "clean"),
        (e.RequestRefusedError("x", provider=P, status=400), "clean"),
        (e.AudioReferenceNotFoundError("x", provider=P, status=400), "clean"),
        (e.ProviderUnavailableError("x", provider=P, status=503), "clean"),
        (e.ProviderUnavailableError("x", provider=P, status=529), "clean"),
        (e.ProviderUnavailableError("x", provider=P, status=500), "ambiguous"),
        (e.ProviderUnavailableError("x", provider=P, status=502), "ambiguous"),
        (e.ProviderUnavailableError("x", provider=P, status=504), "ambiguous"),
        (e.ProviderUnavailableError("x", provider=P, status=408), "ambiguous"),
        (e.ProviderUnavailableError("x", provider=P, status=409), "ambiguous"),
        (e.ProviderUnavailableError("x", provider=P), "ambiguous"),
        (e.ProviderUnavailableError("x", provider=P, status=500, billed=False), "clean"),
        (e.ProviderUnavailableError("x", provider=P, status=503, billed=True), "settled"),
        (e.ProviderError("x", provider=P, status=429), "clean"),
        (e.ProviderError("x", provider=P, status=422), "clean"),
        (e.ProviderError("x", provider=P, status=200), "ambiguous"),
        (e.ProviderError("x", provider=P), "ambiguous"),
        (e.AmbiguousOutcomeError("x", provider=P), "ambiguous"),
        (e.StreamIncompleteError("x", provider=P), "ambiguous"),
        (e.InvalidReplyError("x", provider=P, status=200), "settled"),
        (e.AudioMissingError("x", provider=P), "settled"),
        (e.ContentRefusedError("x", provider=P, status=400), "settled"),
        (e.MissingKeyError("x"), "clean"),
        (e.UnsupportedFeatureError("x"), "clean"),
        (e.BudgetExceededError("x"), "clean"),
        (e.DeadlineExceededError("x"), "ambiguous"),
        (e.PluginContractError("x", plugin=P), "ambiguous"),
        (ValueError("x"), "ambiguous"),
        (asyncio.CancelledError(), "ambiguous"),
    ],
)
def test_the_table(error: BaseException, outcome: Outcome) -> None:
    assert classify(error) == outcome


@pytest.mark.parametrize("status", [408, 409, 500, 501, 520])
def test_own_error_body_is_clean_only_where_failures_are_free(status: int) -> None:
    own = e.ProviderUnavailableError("x", provider=P, status=status, vendor_code="server_error")
    foreign = e.ProviderUnavailableError("x", provider=P, status=status)
    assert classify(own, failed_requests_are_billed=False) == "clean"
    assert classify(own, failed_requests_are_billed=True) == "ambiguous"
    assert classify(own, failed_requests_are_billed=None) == "ambiguous"
    assert classify(foreign, failed_requests_are_billed=False) == "ambiguous"


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_in_between_knows_nothing(status: int) -> None:
    error = e.ProviderUnavailableError("x", provider=P, status=status, vendor_code="bad_gateway")
    assert classify(error, failed_requests_are_billed=False) == "ambiguous"


def test_once_the_answer_has_started_nothing_is_clean_by_kind() -> None:
    assert classify(e.RateLimitedError("x", provider=P), has_started=True) == "ambiguous"
    assert classify(e.UnsupportedFeatureError("x"), has_started=True) == "ambiguous"
    known = e.ProviderUnavailableError("x", provider=P, status=503, billed=False)
    assert classify(known, has_started=True) == "clean"
