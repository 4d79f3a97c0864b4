"""What a plugin's shipped conformance report proves, read without importing the plugin.

The report is a build artefact beside the module with the hooks: it states which claims were proved,
of which version, on which day and by which version of the suites. It is a statement of whoever made
the wheel, not a signature.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from ossicle.abc import API_VERSION
from ossicle.messages import Value
from ossicle.plugins.listing import PluginListing
from ossicle.plugins.report import CapabilityReport

REPORT_NAME = "ossicle-conformance.json"
"""Name of the report, in the folder of the module with the hooks."""

ProofState = Literal["verified", "stale", "failed", "missing"]
"""`verified`: everything ran and nothing failed, of this version. `stale`: another version of the
plugin or of the interface was proved. `failed`: the report itself says no or cannot be read.
`missing`: there is none."""

_FORMAT = 3
_MOST_BYTES = 8 << 20


class ShippedReport(Value):
    """The file beside a plugin.

    Attributes:
        format: Of this file.
        plugins: Names of the entry points that it is about.
        distribution: That ships them.
        version: Of the distribution; `None` where it has none.
        kit_version: Of ossicle, whose suites ran.
        made_on: Day of the run, UTC, such as `2026-12-01`.
        reports: One for each thing that the plugins in the folder announce.
    """

    format: int = _FORMAT
    plugins: tuple[str, ...]
    distribution: str | None = None
    version: str | None = None
    kit_version: str
    made_on: str
    reports: tuple[CapabilityReport, ...]


class _Head(BaseModel):
    """What is read before anything else is believed to be there."""

    format: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is known of a plugin's report.

    Attributes:
        state: Whether it can be relied upon.
        reason: Why not.
        fix: What to do about it.
        report: The file, or `None` where there is none that can be read.
    """

    state: ProofState
    reason: str | None = None
    fix: str | None = None
    report: ShippedReport | None = None

    @property
    def reports(self) -> tuple[CapabilityReport, ...]:
        """What was tried, one for each thing that the plugin announces."""
        return () if self.report is None else self.report.reports

    @property
    def is_verified(self) -> bool:
        """Whether the report is good and about the version that is installed."""
        return self.state == "verified"

    @property
    def proved(self) -> tuple[str, ...]:
        """All claims that were proved, such as `chat respond: audio → text, streamed`."""
        return tuple(one.what for each in self.reports for one in each.claims if one.is_proved)

    @property
    def exceptions(self) -> dict[str, str]:
        """What is declared not to hold, with the reason."""
        return {
            f"{each.kind} {each.subject}: {one.says}": one.reason
            for each in self.reports
            for one in each.behaviours
            if one.outcome == "exception"
        }

    def proves(self, *claims: str) -> bool:
        """Whether it is verified and each of these claims was proved; for routing."""
        return self.is_verified and set(claims) <= set(self.proved)


def report_path(module: str) -> Path | None:
    """Where the report of a plugin lies; `None` where its package is not there.

    Args:
        module: The value of the entry point, such as `acme_voice.plugin`; it is not imported.
    """
    top, *rest = module.partition(":")[0].split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = [Path(place, *rest[:-1]) for place in spec.submodule_search_locations or ()]
    if folders:
        path = next((one for one in folders if one.is_dir()), folders[0]) / REPORT_NAME
    elif spec.origin is not None:
        path = Path(spec.origin).with_name(f"{top}.{REPORT_NAME}")
    else:
        return None
    return path.absolute()


def read_proof(plugin: PluginListing) -> Proof:
    """What the report of a plugin proves; the plugin is not imported, nothing is raised."""
    path = report_path(plugin.module)
    if path is None:
        return Proof(state="missing", reason="the module is not there")
    again = f"Prove it: run `python -m ossicle_testing.report --plugin {plugin.name} TESTS`."
    try:
        if not path.is_file():
            return Proof(state="missing", reason="not proved here", fix=again)
        if path.stat().st_size > _MOST_BYTES:
            return _failed("the report is too large to be one")
        data = path.read_bytes()
        form = _Head.model_validate_json(data).format
        if form != _FORMAT:
            return _failed(f"the report has format {form}, this ossicle reads {_FORMAT}")
        report = ShippedReport.model_validate_json(data)
    except ValidationError as error:
        return _failed(f"the report cannot be read ({error.error_count()} faults)")
    except OSError as error:
        return _failed(f"the report cannot be read ({error.strerror})")
    if plugin.name not in report.plugins:
        reason = f"the report is about {', '.join(report.plugins)}"
        return Proof(state="missing", reason=reason, fix=again)
    unproved = [f"{each.kind} {each.subject}" for each in report.reports if not each.is_verified]
    other = [each.api_version for each in report.reports if each.api_version != API_VERSION]
    if unproved or not report.reports:
        reason = f"the report does not prove {', '.join(unproved) or 'anything'}"
        return _failed(reason, report)
    if other:
        return _stale(f"interface {other[0]} was proved, this is {API_VERSION}", again, report)
    if report.version != plugin.version:
        reason = f"version {report.version} was proved, {plugin.version} is installed"
        return _stale(reason, again, report)
    return Proof(state="verified", report=report)


def _failed(reason: str, report: ShippedReport | None = None) -> Proof:
    fix = "Ask its author for a version that passes, or prove it yourself."
    return Proof(state="failed", reason=reason, fix=fix, report=report)


def _stale(reason: str, fix: str, report: ShippedReport) -> Proof:
    return Proof(state="stale", reason=reason, fix=fix, report=report)
