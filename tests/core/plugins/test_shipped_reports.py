"""The reports that ossicle's own plugins ship say what the suites and the records say today.

Versions and digests may be of yesterday, so a report may be stale; it may not be of another
format, partial, or about files of several packages. All are brought up to date by
`python -m ossicle_testing.sign -- tests/conformance` before a release.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ossicle.abc import AudioProvider, ProviderSettings
from ossicle.plugins import CapabilityReport, PluginHost, PluginListing, verify_module
from ossicle_testing.conformance import (
    Conformance,
    ConverterConformance,
    PreprocessorConformance,
    ProviderConformance,
    ValidatorConformance,
)
from ossicle_testing.conformance.provider.asking import (
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


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda one: one.name)
def test_a_shipped_report_names_the_checks_of_today(listing: PluginListing) -> None:
    found = verify_module(listing.module)
    is_of_yesterday = found.state == "stale" and "files" in (found.reason or "")
    assert found.is_verified or is_of_yesterday, f"sign it anew: {found.reason}"
    assert len({report.files for report in found.reports} - {""}) == 1
    assert all(report.files for report in found.reports)
    assert not found.covers(listing.provides)
    for report in found.reports:
        told = {one.name: one.says for one in report.behaviours}
        assert told == checks_of(SUITES[report.kind]), "sign it anew"
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
    [report] = verify_module(listing.module).reports
    told = {claim.what for claim in report.claims}
    assert wanted <= told, "sign it anew"
    limits = ("hears", "speaks", "gives up to", "takes", "reads")
    assert all(claim in wanted or any(word in claim for word in limits) for claim in told)


@pytest.mark.parametrize("kind", ["reads", "writes"])
def test_a_shipped_report_claims_the_rules_of_today(kind: str) -> None:
    reports = {
        report.subject: report
        for listing in LISTINGS
        for report in verify_module(listing.module).reports
    }
    for spec in HOST.converters():
        wanted = {
            f"{kind} {rule.container}/{encoding}"
            for rule in getattr(spec, kind)
            for encoding in rule.encodings or ("any",)
        }
        assert wanted <= {claim.what for claim in reports[spec.name].claims}, spec.name


OUTSIDE = """
import pytest
from ossicle.preprocess.plugin import ossicle_register_preprocessors
from ossicle_testing.conformance import PreprocessorConformance

[SPEC] = [one for one in ossicle_register_preprocessors() if one.name == "downmix"]

class TestDownmix(PreprocessorConformance):
    @pytest.fixture
    def spec(self):
        return SPEC
"""


@pytest.mark.slow
@pytest.mark.timeout(300)  # two runs of pytest in processes of their own
def test_nothing_is_signed_that_was_not_proved(tmp_path: Path) -> None:
    tests = tmp_path / "test_outside.py"
    before = verify_module("ossicle.preprocess.plugin")
    tests.write_text(OUTSIDE)
    done = sign(str(tests), "-p", "no:cacheprovider")
    assert done.returncode == 1
    assert "'preprocess' cannot be signed: nothing proves preprocessor" in done.stderr
    tests.write_text(OUTSIDE + "\ndef test_nothing(): assert False")
    assert "nothing is signed" in sign(str(tests)).stderr
    assert verify_module("ossicle.preprocess.plugin") == before


def sign(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ossicle_testing.sign", "--", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(arguments[0]).parent
    )


def test_reports_are_small_enough_to_read() -> None:
    for listing in LISTINGS:
        for report in verify_module(listing.module).reports:
            text = report.model_dump_json()
            assert CapabilityReport.model_validate(json.loads(text)) == report
            assert len(text) < 64_000
