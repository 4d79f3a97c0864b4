"""What all suites share: checks that are recorded, exceptions that need a reason."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar

import pytest

from ossicle.testing.conformance.report import ReportDraft

REPORTS_VARIABLE = "OSSICLE_CONFORMANCE_REPORTS"
"""Environment variable that names the folder into which reports are written."""

P = ParamSpec("P")
SuiteT = TypeVar("SuiteT", bound="Conformance")


def check(
    says: str,
) -> Callable[[Callable[Concatenate[SuiteT, P], None]], Callable[Concatenate[SuiteT, P], None]]:
    """Mark a test method as a behaviour of its suite.

    Args:
        says: The behaviour in words, for the report.
    """

    def mark(
        method: Callable[Concatenate[SuiteT, P], None],
    ) -> Callable[Concatenate[SuiteT, P], None]:
        @functools.wraps(method)
        def run(self: SuiteT, /, *args: P.args, **facts: P.kwargs) -> None:
            with _Recorded(self, method.__name__, says):
                method(self, *args, **facts)

        run.says = says  # type: ignore[attr-defined]  # how a suite knows its checks
        return run

    return mark


class Conformance:
    """Base of the suites: derive from one of them, give its fixture, and pytest runs the rest.

    Attributes:
        exceptions: Name of a check and the reason why it cannot hold. It is run all the same and
            has to fail; a check that is overridden or set to `None` needs an entry too.
        draft: The report of this class as far as it ran.
    """

    kind: ClassVar[str] = ""
    exceptions: ClassVar[Mapping[str, str]] = {}
    draft: ClassVar[ReportDraft]
    is_suite_part: ClassVar[bool] = True

    def __init_subclass__(cls, *, is_part: bool = False) -> None:
        """Refuse what would hide a check.

        Args:
            is_part: Whether the class is a part of a suite, not a use of one.

        Raises:
            TypeError: A check is overridden or removed without a reason, a reason is empty or
                given for something that is no check, or the machinery of the suite is replaced.
        """
        super().__init_subclass__()
        cls.is_suite_part = is_part
        cls.draft = ReportDraft(kind=cls.kind)
        if is_part:
            return
        _refuse_replaced_machinery(cls)
        known = checks_of(cls)
        for name, says in known.items():
            cls.draft.note(name, says, "not run")
        for name, reason in cls.exceptions.items():
            if name not in known:
                raise TypeError(f"{cls.__name__}.exceptions names {name!r}, which is no check")
            if not reason.strip():
                raise TypeError(f"{cls.__name__}.exceptions gives no reason for {name!r}")
        for name in known:
            if getattr(getattr(cls, name, None), "says", None) == known[name]:
                continue
            if name not in cls.exceptions:
                raise TypeError(
                    f"{cls.__name__} overrides or removes {name!r} without a reason: "
                    "give one in `exceptions`"
                )
            cls.draft.note(name, known[name], "exception", cls.exceptions[name])

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _write_report(cls) -> Iterator[None]:
        yield
        folder = os.environ.get(REPORTS_VARIABLE)
        if folder and cls.draft.subject:
            report = cls.draft.report()
            path = Path(folder) / f"{report.kind}-{report.subject}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".json").write_text(report.model_dump_json(indent=2))
            path.with_suffix(".txt").write_text(report.table() + "\n")


def checks_of(suite: type[Conformance]) -> dict[str, str]:
    """Names of all checks of a suite and what they say, also of those that a subclass removed."""
    found: dict[str, str] = {}
    for kind in reversed(suite.__mro__):
        for name, value in vars(kind).items():
            says = getattr(value, "says", None)
            if isinstance(says, str):
                found.setdefault(name, says)
    return found


def _refuse_replaced_machinery(suite: type[Conformance]) -> None:
    """Fixtures, settings and abstract methods are there to be given; the rest does the judging."""
    parts = [kind for kind in suite.__mro__ if vars(kind).get("is_suite_part")]
    machinery = {
        name
        for part in parts
        for name, value in vars(part).items()
        if not name.startswith("__") and _is_machinery(name, value)
    }
    for kind in suite.__mro__:
        if kind in parts or not issubclass(kind, Conformance):
            continue
        for name in sorted(machinery & vars(kind).keys()):
            raise TypeError(
                f"{suite.__name__} replaces {name!r}, with which the suite judges: "
                "give its fixtures and settings only"
            )


def _is_machinery(name: str, value: object) -> bool:
    if hasattr(value, "says") or getattr(value, "__isabstractmethod__", False):
        return False
    if type(value).__name__ == "FixtureFunctionDefinition" or hasattr(
        value, "_pytestfixturefunction"
    ):
        return name.startswith("_")
    return callable(value) or isinstance(value, property | staticmethod | classmethod)


class _Recorded:
    """Notes how a check went, and turns the failure of a declared exception into an xfail."""

    def __init__(self, suite: Conformance, name: str, says: str) -> None:
        self._suite, self._name, self._says = suite, name, says

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        note: Callable[..., Any] = functools.partial(self._suite.draft.note, self._name, self._says)
        reason = self._suite.exceptions.get(self._name)
        if isinstance(error, pytest.skip.Exception):
            note("not applicable", str(error))
        elif isinstance(error, KeyboardInterrupt):
            return
        elif reason is None:
            note("passed" if error is None else "failed")
        elif error is None:
            note("failed")
            pytest.fail(f"{self._name} is declared as an exception but holds; take it out")
        else:
            note("exception", reason)
            pytest.xfail(reason)
