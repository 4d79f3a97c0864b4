"""Proves plugins and writes down what was proved: `python -m ossicle_testing.sign`.

Runs the tests that are named, takes the reports of the suites in them, and writes one file into
the top folder of each plugin's package, to be shipped as package data. Nothing is written unless
all that the plugins announce was proved, on the files that are installed. Without names of
plugins, ossicle's own are signed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ossicle.errors import ConfigurationError, OssicleError
from ossicle.plugins import PluginHost, PluginListing
from ossicle.plugins.package_files import PackageFiles, package_files
from ossicle.plugins.report import CapabilityReport
from ossicle.plugins.verification import SignedReport, verify_module
from ossicle_testing.conformance.suite import REPORTS_VARIABLE


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
            "no suite of ossicle_testing ran", fix="Name the tests that derive from one."
        )
    return {f"{report.kind} {report.subject}": report for report in found}


def sign_plugins(names: Sequence[str], reports: Mapping[str, CapabilityReport]) -> bool:
    """Write the reports of plugins into their packages, all or none, and tell how each fares.

    Args:
        names: Of entry points; without any, those of ossicle's own that the reports are about.
        reports: By kind and name.

    Returns:
        Whether all of them are verified now.

    Raises:
        ConfigurationError: One of them is not there or does not work, announces nothing, or
            announces something that was not proved on the very files that are installed.
    """
    listings = PluginHost(allow=names).listings()
    chosen = _chosen(names, listings, reports)
    drafts = [_draft(group, package, reports) for package, group in _by_package(chosen, listings)]
    for path, signed in drafts:
        path.write_text(signed.sealed().model_dump_json(indent=1) + "\n", encoding="utf-8")
    states = [verify_module(listing.module).state for listing in chosen]
    for listing, state in zip(chosen, states, strict=True):
        proved = sum(claim.is_proved for one in listing.provides for claim in reports[one].claims)
        print(f"{listing.name}: {state}, {proved} claims proved")  # noqa: T201 - a command's output
    return all(state == "verified" for state in states)


def _draft(
    listings: Sequence[PluginListing],
    package: PackageFiles,
    reports: Mapping[str, CapabilityReport],
) -> tuple[Path, SignedReport]:
    try:
        digest = package.digest()
    except OSError as error:
        raise ConfigurationError(
            f"the files of plugin {listings[0].name!r} cannot be read",
            fix=f"Leave out what is no file: {error}.",
        ) from error
    for listing in listings:
        for one in listing.provides:
            report = reports.get(one)
            if report is None or not report.is_verified:
                raise ConfigurationError(
                    f"plugin {listing.name!r} cannot be signed: "
                    f"{f'nothing proves {one}' if report is None else f'{one} was not proved'}",
                    fix="Run a suite for each thing that it announces, without leaving checks out.",
                )
            if report.files != digest:
                raise ConfigurationError(
                    f"plugin {listing.name!r} cannot be signed: {one} was tried with other files "
                    "than those that are installed",
                    fix="Install what the tests import (`pip install -e .`, no `pythonpath`), and "
                    "give the suite a factory that lies in the plugin's package.",
                )
    return package.report, SignedReport(
        plugins=tuple(listing.name for listing in listings),
        distribution=listings[0].distribution,
        version=listings[0].version,
        files=digest,
        reports=tuple(_in_order(reports[one]) for each in listings for one in each.provides),
    )


def _in_order(report: CapabilityReport) -> CapabilityReport:
    """The same whatever the order in which tests ran."""
    claims = tuple(sorted(report.claims, key=lambda claim: claim.what))
    return report.model_copy(update={"claims": claims})


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
                f"plugin {listing.name!r} cannot be signed, it does not work here: {reason}",
                fix=listing.fix or "Give its module a hook that announces something.",
            )
    return chosen


def _by_package(
    chosen: Iterable[PluginListing], listings: Iterable[PluginListing]
) -> list[tuple[PackageFiles, list[PluginListing]]]:
    """The chosen plugins by their package, which has one report for all of them."""
    groups: dict[Path, tuple[PackageFiles, list[PluginListing]]] = {}
    for listing in chosen:
        package = package_files(listing.module)
        assert package is not None, "a plugin that is ready was found"
        groups.setdefault(package.report, (package, []))[1].append(listing)
    named = {listing.name for listing in chosen}
    for listing in listings:
        package = package_files(listing.module)
        if package is not None and package.report in groups and listing.name not in named:
            raise ConfigurationError(
                f"plugin {listing.name!r} lies in the same package, which has one report",
                fix=f"Name it too: --plugin {listing.name}.",
            )
    return list(groups.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write and tell; 0 when everything named is verified."""
    parser = argparse.ArgumentParser(prog="python -m ossicle_testing.sign", description=__doc__)
    parser.add_argument("--plugin", action="append", default=[], help="name of an entry point")
    parser.add_argument("tests", nargs="*", help="arguments of pytest, such as tests/conformance")
    chosen = parser.parse_args(arguments)
    try:
        is_done = sign_plugins(chosen.plugin, run_reports(chosen.tests))
    except OssicleError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0 if is_done else 1


if __name__ == "__main__":
    sys.exit(main())
