"""Makes the conformance reports that plugins ship: `python -m ossicle_testing.report`.

Runs the tests that are named, takes the reports of the suites in them, and writes one file beside
the module of each plugin, to be built into its wheel. Nothing is written unless all that the
plugins announce was proved. Without names of plugins, the reports of ossicle's own are written.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ossicle.errors import ConfigurationError, OssicleError
from ossicle.plugins import (
    CapabilityReport,
    PluginHost,
    PluginListing,
    ShippedReport,
    report_path,
)
from ossicle_testing.conformance.suite import REPORTS_VARIABLE


def run_tests(arguments: Sequence[str]) -> dict[str, CapabilityReport]:
    """Run pytest with these arguments and return the reports, by kind and name.

    Raises:
        ConfigurationError: Tests failed, or no suite ran.
    """
    with tempfile.TemporaryDirectory(prefix="ossicle-reports-") as folder:
        command = [sys.executable, "-m", "pytest", "-q", *arguments]
        done = subprocess.run(command, env={**os.environ, REPORTS_VARIABLE: folder}, check=False)
        if done.returncode:
            raise ConfigurationError(
                f"pytest ended with status {done.returncode}: nothing is written",
                fix="Make the tests pass first.",
            )
        paths = sorted(Path(folder).glob("*.json"))
        found = [CapabilityReport.model_validate_json(path.read_bytes()) for path in paths]
    if not found:
        raise ConfigurationError(
            "no suite of ossicle_testing ran", fix="Name the tests that derive from one."
        )
    return {f"{report.kind} {report.subject}": report for report in found}


def write_reports(
    names: Sequence[str], reports: Mapping[str, CapabilityReport]
) -> dict[Path, ShippedReport]:
    """Write the reports of plugins beside their modules, all or none.

    Args:
        names: Of entry points; without any, those of ossicle's own that the reports are about.
        reports: By kind and name.

    Returns:
        What was written, and where.

    Raises:
        ConfigurationError: One of the plugins is not there or does not work, announces nothing, or
            announces something that was not proved.
    """
    by_path: dict[Path, list[PluginListing]] = {}
    for listing in _chosen(names, PluginHost(allow=names).listings(), reports):
        path = report_path(listing.module)
        assert path is not None, "a plugin that is ready was found"
        by_path.setdefault(path, []).append(listing)
    written = {path: _shipped(listings, reports) for path, listings in by_path.items()}
    for path, report in written.items():
        path.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return written


def _shipped(
    listings: Sequence[PluginListing], reports: Mapping[str, CapabilityReport]
) -> ShippedReport:
    """The report of all plugins whose modules lie in one folder."""
    for listing in listings:
        for one in listing.provides:
            if one not in reports or not reports[one].is_verified:
                why = f"{one} was not proved" if one in reports else f"nothing proves {one}"
                raise ConfigurationError(
                    f"plugin {listing.name!r} gets no report: {why}",
                    fix="Run a suite for each thing that it announces, without leaving checks out.",
                )
    return ShippedReport(
        plugins=tuple(listing.name for listing in listings),
        distribution=listings[0].distribution,
        version=listings[0].version,
        kit_version=importlib.metadata.version("ossicle"),
        made_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
        reports=tuple(reports[one] for listing in listings for one in listing.provides),
    )


def _chosen(
    names: Sequence[str], listings: Sequence[PluginListing], reports: Iterable[str]
) -> list[PluginListing]:
    known = set(reports)
    if names:
        found = {one.name: one for one in listings}
        unknown = [name for name in names if name not in found]
        if unknown:
            raise ConfigurationError(
                f"no plugin {unknown[0]!r} is installed", fix="See `ossicle plugins` for the names."
            )
        chosen = [found[name] for name in dict.fromkeys(names)]
    else:
        chosen = [
            one
            for one in listings
            if one.is_first_party and (one.state == "broken" or known & set(one.provides))
        ]
    if not chosen:
        raise ConfigurationError(
            "the tests are about none of ossicle's own plugins",
            fix="Name yours: --plugin, with the name of its entry point.",
        )
    for listing in chosen:
        if listing.state != "ready" or not listing.provides:
            reason = listing.reason or "it announces nothing that could be proved"
            raise ConfigurationError(
                f"plugin {listing.name!r} gets no report, it does not work here: {reason}",
                fix=listing.fix or "Give its module a hook that announces something.",
            )
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write and say what was proved; 0 when everything named is proved."""
    parser = argparse.ArgumentParser(prog="python -m ossicle_testing.report", description=__doc__)
    parser.add_argument("--plugin", action="append", default=[], help="name of an entry point")
    parser.add_argument("tests", nargs="*", help="arguments of pytest, such as tests/conformance")
    chosen = parser.parse_args(arguments)
    try:
        written = write_reports(chosen.plugin, run_tests(chosen.tests))
    except OssicleError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    for path, report in written.items():
        for one in report.reports:
            proved = sum(claim.is_proved for claim in one.claims)
            print(f"{one.kind} {one.subject}: {proved} claims proved")  # noqa: T201
        print(f"-> {path}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
