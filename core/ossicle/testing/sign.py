"""Proves plugins and writes down what was proved: `python -m ossicle.testing.sign`.

Runs the tests that are named, takes the reports of the suites in them, and writes one file for each
plugin beside its module, to be shipped as package data. Without names of plugins, ossicle's own are
signed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from ossicle.errors import ConfigurationError, OssicleError
from ossicle.plugins import PluginHost, PluginListing
from ossicle.plugins.package_files import package_files
from ossicle.plugins.report import CapabilityReport
from ossicle.plugins.verification import SignedReport, verify_module
from ossicle.testing.conformance.suite import REPORTS_VARIABLE


def run_reports(arguments: Sequence[str]) -> dict[str, CapabilityReport]:
    """Run pytest with these arguments and return the reports, by kind and name.

    Raises:
        ConfigurationError: Tests failed, or no suite ran.
    """
    with tempfile.TemporaryDirectory(prefix="ossicle-reports-") as folder:
        command = [sys.executable, "-m", "pytest", "-q", *arguments]
        done = subprocess.run(command, env={**os.environ, REPORTS_VARIABLE: folder}, check=False)
        if done.returncode:
            raise ConfigurationError(
                f"pytest ended with status {done.returncode}: nothing is signed",
                fix="Make the tests pass first.",
            )
        found = [
            CapabilityReport.model_validate_json(path.read_bytes())
            for path in sorted(Path(folder).glob("*.json"))
        ]
    if not found:
        raise ConfigurationError(
            "no suite of ossicle.testing ran", fix="Name the tests that derive from one."
        )
    return {f"{report.kind} {report.subject}": report for report in found}


def sign_plugin(listing: PluginListing, reports: dict[str, CapabilityReport]) -> Path:
    """Write the report of a plugin beside its module.

    Raises:
        ConfigurationError: Something that it announces was not proved, or it is in no file.
    """
    lacking = [one for one in listing.provides if one not in reports]
    bad = [one for one in listing.provides if one in reports and not reports[one].is_verified]
    package = package_files(listing.module)
    if package is None or lacking or bad:
        why = f"nothing proves {lacking[0]}" if lacking else f"{(bad or ['it'])[0]} was not proved"
        raise ConfigurationError(
            f"plugin {listing.name!r} cannot be signed: {why}",
            fix="Run a suite for each thing that it announces, without leaving checks out.",
        )
    signed = SignedReport(
        plugins=(listing.name,),
        distribution=listing.distribution,
        version=listing.version,
        files=package.digest(),
        reports=tuple(_in_order(reports[one]) for one in listing.provides),
    )
    package.report.write_text(signed.sealed().model_dump_json(indent=1) + "\n", encoding="utf-8")
    return package.report


def _in_order(report: CapabilityReport) -> CapabilityReport:
    """The same whatever the order in which tests ran."""
    claims = tuple(sorted(report.claims, key=lambda claim: claim.what))
    return report.model_copy(update={"claims": claims})


def _chosen(names: Sequence[str], reports: Iterable[str]) -> list[PluginListing]:
    listings = PluginHost(allow=names).listings()
    if not names:
        known = set(reports)
        return [one for one in listings if one.is_first_party and known & set(one.provides)]
    found = {one.name: one for one in listings}
    unknown = [name for name in names if name not in found]
    if unknown:
        raise ConfigurationError(
            f"no plugin {unknown[0]!r} is installed", fix="See `ossicle plugins` for the names."
        )
    return [found[name] for name in names]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write and tell; 0 when everything named was signed."""
    parser = argparse.ArgumentParser(prog="python -m ossicle.testing.sign", description=__doc__)
    parser.add_argument("--plugin", action="append", default=[], help="name of an entry point")
    parser.add_argument("tests", nargs="*", help="arguments of pytest, such as tests/conformance")
    chosen = parser.parse_args(arguments)
    try:
        reports = run_reports(chosen.tests)
        for listing in _chosen(chosen.plugin, reports):
            path = sign_plugin(listing, reports)
            state = verify_module(listing.module).state
            proved = sum(len(reports[one].claims) for one in listing.provides)
            print(f"{listing.name}: {state}, {proved} claims, {path.name} in {path.parent.name}")  # noqa: T201 - a command's output
    except OssicleError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
