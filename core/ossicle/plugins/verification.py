"""What an author signed off of a plugin, and whether it is still the plugin that is installed.

A report says what a suite of `ossicle_testing` proved. The author ships it as package data, with a
digest of the files that were proved. It is a statement, not a signature: it tells what was tried on
which files and versions; who made those files is for the package index to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ValidationError

from ossicle.abc import API_VERSION
from ossicle.messages import Value
from ossicle.plugins.package_files import PackageFiles, package_files
from ossicle.plugins.report import CapabilityReport
from ossicle.plugins.wording import in_words

VerificationState = Literal["verified", "stale", "failed", "missing"]
"""`verified`: everything ran, nothing failed, and these are the files. `stale`: the files, or the
interface, are others than those that were proved. `failed`: the report itself says no, or is
damaged, or the files cannot be read. `missing`: there is none."""

_FORMAT = 2
_MOST_BYTES = 8 << 20


class SignedReport(Value):
    """The file that an author ships.

    Attributes:
        format: Of this file.
        plugins: Names of the entry points that lead into the package.
        distribution: In which it is shipped.
        version: Of the distribution.
        files: Digest of the files of the package, as `PackageFiles.digest` makes it.
        reports: One for each thing that the plugins announce.
        seal: Digest of all of this; tells damage, not malice.
    """

    format: int = _FORMAT
    plugins: tuple[str, ...]
    distribution: str | None = None
    version: str | None = None
    files: str
    reports: tuple[CapabilityReport, ...]
    seal: str = ""

    def sealed(self) -> SignedReport:
        """The same with its seal."""
        return self.model_copy(update={"seal": self._digest()})

    @property
    def is_whole(self) -> bool:
        """Whether the seal fits."""
        return self.seal == self._digest()

    def _digest(self) -> str:
        text = self.model_copy(update={"seal": ""}).model_dump_json()
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class _Head(BaseModel):
    """What is read before anything else is believed to be there."""

    format: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What is known of a plugin's report, without importing the plugin.

    Attributes:
        state: Whether it can be relied upon.
        reason: Why not.
        fix: What the author does about it.
        reports: What was proved, one for each thing that the package announces.
    """

    state: VerificationState
    reason: str | None = None
    fix: str | None = None
    reports: tuple[CapabilityReport, ...] = ()

    @property
    def is_verified(self) -> bool:
        """Whether the report is whole, good, and about the files that are installed."""
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

    def covers(self, provides: Iterable[str]) -> list[str]:
        """Which of the things a plugin announces (`provider echo`) no report is about."""
        known = {f"{each.kind} {each.subject}" for each in self.reports}
        return [one for one in provides if one not in known]

    def proves(self, *claims: str) -> bool:
        """Whether it is verified and each of these claims was proved; for routing."""
        return self.is_verified and set(claims) <= set(self.proved)


def verify_module(module: str) -> Verification:
    """What the report in a plugin's package says; nothing of it is imported, nothing is raised.

    Args:
        module: The value of the entry point, such as `acme_voice.plugin`.
    """
    try:
        package = package_files(module)
        return _without("the module is not there") if package is None else _read(package)
    except Exception as error:  # noqa: BLE001 - rim: whatever a stranger's folder holds
        return _failed(f"its files cannot be read: {_printable(in_words(error))}")


def _read(package: PackageFiles) -> Verification:
    if not package.report.is_file():
        return _without("it ships no conformance report")
    if package.report.stat().st_size > _MOST_BYTES:
        return _failed("the report is too large to be one")
    data = package.report.read_bytes()
    try:
        form = _Head.model_validate_json(data).format
        if form != _FORMAT:
            return _failed(f"the report has format {form}, this ossicle reads {_FORMAT}")
        report = SignedReport.model_validate_json(data)
    except ValidationError as error:
        return _failed(f"the report cannot be read ({error.error_count()} faults)")
    return _judge(report, package)


def _judge(report: SignedReport, package: PackageFiles) -> Verification:
    if not report.is_whole:
        return _failed("the report was changed after it was made")
    bad = [each for each in report.reports if not each.is_verified]
    if bad or not report.reports:
        names = ", ".join(f"{each.kind} {each.subject}" for each in bad) or "nothing"
        return _failed(f"the report does not prove {names}", report.reports)
    other = [each for each in report.reports if each.api_version != API_VERSION]
    if other:
        return _stale(f"proved for interface {other[0].api_version}, this is {API_VERSION}", report)
    if report.files != package.digest():
        return _stale("its files are others than those that were proved", report)
    return Verification(state="verified", reports=report.reports)


def _printable(text: str) -> str:
    """Names of files may hold what no terminal takes."""
    return text.encode("ascii", "backslashreplace").decode()


def _without(reason: str) -> Verification:
    fix = "Its author proves it with `python -m ossicle_testing.sign` and ships the report."
    return Verification(state="missing", reason=reason, fix=fix)


def _failed(reason: str, reports: tuple[CapabilityReport, ...] = ()) -> Verification:
    fix = "Ask its author for a version that passes, or prove it yourself."
    return Verification(state="failed", reason=reason, fix=fix, reports=reports)


def _stale(reason: str, report: SignedReport) -> Verification:
    fix = "Prove it anew with `python -m ossicle_testing.sign`."
    return Verification(state="stale", reason=reason, fix=fix, reports=report.reports)
