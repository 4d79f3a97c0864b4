"""The reports that ossicle's own plugins ship say what the suites and the records say.

They are build artefacts, made by `python -m ossicle_testing.report tests/conformance`; where that
has not been run, there is nothing to compare, and these tests say so. CI makes the reports first.
"""

from __future__ import annotations

import json

import pytest

from ossicle.abc import AudioProvider, ProviderSettings
from ossicle.plugins import CapabilityReport, PluginHost, PluginListing, Proof, read_proof
from ossicle_testing.conformance import (
    Conformance,
    ConverterConformance,
    PreprocessorConformance,
    ProviderConformance,
    ValidatorConformance,
)
from ossicle_testing.conformance.provider.requests import (
    deliveries,
    input_formats,
    output_formats,
)
from ossicle_testing.conformance.suite import checks_of

HOST = PluginHost()
LISTINGS = [one for one in HOST.listings() if one.is_first_party]
SUITES: dict[str, type[Conformance]] = {
    "provider": ProviderConformance,
    "converter": ConverterConformance,
    "preprocessor": PreprocessorConformance,
    "validator": ValidatorConformance,
}
REMAKE = "make it anew: python -m ossicle_testing.report tests/conformance"


def proof_of(listing: PluginListing) -> Proof:
    found = read_proof(listing)
    if found.state == "missing":
        pytest.skip(f"{found.reason}: {found.fix}")
    return found


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda one: one.name)
def test_a_shipped_report_names_the_checks_of_today(listing: PluginListing) -> None:
    found = proof_of(listing)
    assert found.is_verified, found.reason
    assert {f"{one.kind} {one.subject}" for one in found.reports} == set(listing.provides)
    for report in found.reports:
        told = {one.name: one.says for one in report.behaviours}
        assert told == checks_of(SUITES[report.kind]), REMAKE
    assert len(found.exceptions) <= len(found.reports)


def provider_claims(provider: AudioProvider, models: set[str]) -> set[str]:
    claims: set[str] = set()
    for record in (provider.capabilities(model) for model in models):
        claims |= {f"{record.model} takes {form}" for form in input_formats(record)}
        for delivery in deliveries(record):
            claims.add(str(delivery))
            claims |= {
                f"{record.model} {delivery.task} gives {form}"
                for rule in delivery.rules
                for form in output_formats(rule)
            }
    return claims


@pytest.mark.parametrize("name", ["echo", "local", "openai", "gemini", "elevenlabs"])
def test_a_shipped_report_claims_what_the_records_of_today_claim(name: str) -> None:
    listing = next(one for one in LISTINGS if one.name == name)
    if listing.state != "ready":
        pytest.skip(listing.reason or "not installed")
    spec = HOST.provider(name)
    provider = spec.factory(ProviderSettings())
    wanted = provider_claims(provider, set(spec.default_models.values()))
    [report] = proof_of(listing).reports
    told = {claim.what for claim in report.claims}
    assert wanted <= told, REMAKE
    limits = ("hears", "speaks", "gives up to", "takes", "reads")
    assert all(claim in wanted or any(word in claim for word in limits) for claim in told)


@pytest.mark.parametrize("kind", ["reads", "writes"])
def test_a_shipped_report_claims_the_rules_of_today(kind: str) -> None:
    reports = {
        report.subject: report for listing in LISTINGS for report in proof_of(listing).reports
    }
    for spec in HOST.converters():
        wanted = {
            f"{kind} {rule.container}/{encoding}"
            for rule in getattr(spec, kind)
            for encoding in rule.encodings or ("any",)
        }
        assert wanted <= {claim.what for claim in reports[spec.name].claims}, spec.name


def test_reports_are_small_enough_to_read() -> None:
    for listing in LISTINGS:
        for report in proof_of(listing).reports:
            text = report.model_dump_json()
            assert CapabilityReport.model_validate(json.loads(text)) == report
            assert len(text) < 64_000
