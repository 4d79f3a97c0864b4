"""What an author signed off of a plugin, and whether it is still the plugin that is installed.

A report says what a suite of `ossicle.testing` proved. The author ships it as package data, with a
digest of the files that were proved. It is a statement, not a signature: it tells what was tried on
which files and versions; who made those files is for the package index to say.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from ossicle.abc import API_VERSION
from ossicle.messages import Value
from ossicle.plugins.report import CapabilityReport

REPORT_NAME = "ossicle-conformance.json"
"""Name of the file with the report, beside the module with the hooks."""

VerificationState = Literal["verified", "stale", "failed", "missing"]
"""`verified`: everything ran, nothing failed, and these are the files. `stale`: the files, or the
interface, are others than those that were proved. `failed`: the report itself says no, or is
damaged. `missing`: there is none."""

_FORMAT = 1
_MOST_BYTES = 8 << 20
_UNSEEN = ("__pycache__",)


class SignedReport(Value):
    """The file that an author ships.

    Attributes:
        format: Of this file.
        plugin: Name of the entry point.
        distribution: In which it is shipped.
        version: Of the distribution.
        files: Digest of the files of the package, as `files_digest` makes it.
        reports: One for each thing that the plugin announces.
        seal: Digest of all of this; tells damage, not malice.
    """

    format: int = _FORMAT
    plugin: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What is known of a plugin's report, without importing the plugin.

    Attributes:
        state: Whether it can be relied upon.
        reason: Why not.
        fix: What the author does about it.
        reports: What was proved, one for each thing that the plugin announces.
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
    """What the report beside a plugin's module says; nothing of it is imported.

    Args:
        module: The value of the entry point, such as `acme_voice.plugin`.
    """
    place = report_place(module)
    if place is None:
        return _without("the module is not there")
    path, files = place
    try:
        if path.stat().st_size > _MOST_BYTES:
            return _failed("the report is too large to be one")
        report = SignedReport.model_validate_json(path.read_bytes())
    except OSError:
        return _without("it ships no conformance report")
    except ValidationError as error:
        return _failed(f"the report cannot be read ({error.error_count()} faults)")
    return _judge(report, files)


def _judge(report: SignedReport, files: tuple[Path, ...]) -> Verification:
    if report.format != _FORMAT:
        return _failed(f"the report has format {report.format}, this ossicle reads {_FORMAT}")
    if not report.is_whole:
        return _failed("the report was changed after it was made")
    bad = [each for each in report.reports if not each.is_verified]
    if bad or not report.reports:
        names = ", ".join(f"{each.kind} {each.subject}" for each in bad) or "nothing"
        return _failed(f"the report does not prove {names}", report.reports)
    other = [each for each in report.reports if each.api_version != API_VERSION]
    if other:
        return _stale(f"proved for interface {other[0].api_version}, this is {API_VERSION}", report)
    if report.files != files_digest(files):
        return _stale("its files are others than those that were proved", report)
    return Verification(state="verified", reports=report.reports)


def report_place(module: str) -> tuple[Path, tuple[Path, ...]] | None:
    """Where the report of a plugin lies, and the files that it is about; nothing is imported.

    A plugin in a package is the package around its module; a single module is itself.
    """
    top, *rest = module.partition(":")[0].split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = [Path(place) for place in spec.submodule_search_locations or ()]
    if not folders:
        return _place_of_module(top, spec.origin)
    folder = next((one for one in folders if rest and _has(one, rest[0])), folders[0])
    for part in rest:
        if not (folder / part).is_dir():
            break
        folder /= part
    found = (path for path in folder.rglob("*") if path.is_file() and _counts(path, folder))
    return folder / REPORT_NAME, tuple(sorted(found))


def files_digest(files: Iterable[Path]) -> str:
    """SHA-256 over the files: their names below their common folder, and what is in them."""
    paths = sorted(files)
    root = Path(*_common(paths))
    seen = hashlib.sha256()
    for path in paths:
        data = path.read_bytes()
        seen.update(f"{path.relative_to(root).as_posix()}\0{len(data)}\0".encode())
        seen.update(data)
    return "sha256:" + seen.hexdigest()


def _common(paths: list[Path]) -> tuple[str, ...]:
    parts = [path.parent.parts for path in paths] or [()]
    common: list[str] = []
    for names in zip(*parts, strict=False):
        if len(set(names)) > 1:
            break
        common.append(names[0])
    return tuple(common)


def _place_of_module(top: str, origin: str | None) -> tuple[Path, tuple[Path, ...]] | None:
    if origin is None or not Path(origin).is_file():
        return None
    return Path(origin).with_name(f"{top}.{REPORT_NAME}"), (Path(origin),)


def _has(folder: Path, part: str) -> bool:
    return (folder / part).is_dir() or (folder / f"{part}.py").is_file()


def _counts(path: Path, folder: Path) -> bool:
    if path.suffix == ".pyc" or path.name == REPORT_NAME:
        return False
    return not any(part in _UNSEEN for part in path.relative_to(folder).parts)


def _without(reason: str) -> Verification:
    fix = "Its author proves it with `python -m ossicle.testing.sign` and ships the report."
    return Verification(state="missing", reason=reason, fix=fix)


def _failed(reason: str, reports: tuple[CapabilityReport, ...] = ()) -> Verification:
    fix = "Ask its author for a version that passes, or prove it yourself."
    return Verification(state="failed", reason=reason, fix=fix, reports=reports)


def _stale(reason: str, report: SignedReport) -> Verification:
    fix = "Prove it anew with `python -m ossicle.testing.sign`."
    return Verification(state="stale", reason=reason, fix=fix, reports=report.reports)
