"""What all suites share: checks that are recorded, exceptions that need a reason."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar

import pytest

from ossicle_testing.conformance.report_draft import CheckDraft, ReportDraft
from ossicle_testing.conformance.report_merge import file_report

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
            with _Recorded(self, method.__name__):
                method(self, *args, **facts)

        run.says = says  # type: ignore[attr-defined]  # how a suite knows its checks
        return run

    return mark


class Conformance:
    """Base of the suites: derive from one of them, give its fixture, and pytest runs the rest.

    Attributes:
        exceptions: Name of a check and the reason why it cannot hold. It is run all the same and
            has to fail; a check that is overridden or set to `None` needs an entry too, and so
            does a setting that makes checks lenient.
        relaxations: Settings that make checks lenient, and what is then not tried. Each is a
            class attribute; the value that the suite gives it is the strict one.
        draft: The report of this class as far as it ran.
    """

    kind: ClassVar[str] = ""
    exceptions: ClassVar[Mapping[str, str]] = {}
    relaxations: ClassVar[Mapping[str, str]] = {}
    draft: ClassVar[ReportDraft]
    is_suite_part: ClassVar[bool] = True
    way_: str = ""

    def __init_subclass__(cls, *, is_part: bool = False) -> None:
        """Refuse what would hide a check.

        Args:
            is_part: Whether the class is a part of a suite, not a use of one.

        Raises:
            TypeError: A check is overridden or removed, or a setting relaxed, without a reason; a
                reason is empty or given for something that is neither; or the machinery of the
                suite is replaced.
        """
        super().__init_subclass__()
        cls.is_suite_part = is_part
        cls.draft = ReportDraft(kind=cls.kind)
        if is_part:
            return
        _refuse_replaced_machinery(cls)
        known = _originals(cls)
        relaxed = [name for name in cls.relaxations if _is_relaxed(cls, name)]
        for name, method in known.items():
            cls.draft.checks[name] = CheckDraft(method.says)
        for name, reason in cls.exceptions.items():
            if name not in known and name not in relaxed:
                raise TypeError(
                    f"{cls.__name__}.exceptions names {name!r}, which is no check"
                    f"{', and is as the suite wants it' if name in cls.relaxations else ''}"
                )
            if not reason.strip():
                raise TypeError(f"{cls.__name__}.exceptions gives no reason for {name!r}")
        changed = [
            name
            for name, method in known.items()
            if inspect.getattr_static(cls, name, None) is not method
        ]
        for name in (*changed, *relaxed):
            if name not in cls.exceptions:
                what = "relaxes" if name in relaxed else "overrides or removes"
                raise TypeError(
                    f"{cls.__name__} {what} {name!r} without a reason: give one in `exceptions`"
                )
            if name in relaxed:
                cls.draft.checks[name] = CheckDraft(cls.relaxations[name])
            cls.draft.checks[name].waived = cls.exceptions[name]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _write_report(
        cls, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[None]:
        cls.draft.suite = request.node.nodeid
        cls.draft.expect(_ways_of(request.node))
        yield
        folder = os.environ.get(REPORTS_VARIABLE)
        if folder and cls.draft.subject:
            base = tmp_path_factory.getbasetemp()
            # Below one folder, pytest-xdist gives each of its processes one of its own.
            shared = base.parent if hasattr(request.config, "workerinput") else base
            file_report(
                cls.draft,
                shared=shared / "ossicle-conformance",
                folder=Path(folder),
            )

    @pytest.fixture(autouse=True)
    def _name_way(self, request: pytest.FixtureRequest) -> None:
        self.way_ = request.node.name


def checks_of(suite: type[Conformance]) -> dict[str, str]:
    """Names of all checks of a suite and what they say, also of those that a subclass removed."""
    return {name: method.says for name, method in _originals(suite).items()}


def _originals(suite: type[Conformance]) -> dict[str, Any]:
    """The checks of a suite as they were before any subclass touched them."""
    found: dict[str, Any] = {}
    for kind in reversed(suite.__mro__):
        for name, value in vars(kind).items():
            if isinstance(getattr(value, "says", None), str):
                found.setdefault(name, value)
    return found


def _is_relaxed(suite: type[Conformance], name: str) -> bool:
    parts = [kind for kind in suite.__mro__ if vars(kind).get("is_suite_part")]
    strict = next(vars(part)[name] for part in parts if name in vars(part))
    return bool(inspect.getattr_static(suite, name) != strict)


def _ways_of(node: pytest.Class) -> dict[str, set[str]]:
    """All runs of each check, also those that a selection leaves out of this run.

    The class is collected once more, under another address: what `-k`, `-m`, an address on the
    command line or another process took away is gone from the session.
    """
    whole = pytest.Class.from_parent(
        node.parent, name=node.name, nodeid=f"{node.nodeid} as a whole"
    )
    found: dict[str, set[str]] = {}
    for item in whole.collect():
        if isinstance(item, pytest.Function):
            found.setdefault(item.originalname, set()).add(item.name)
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
    if name == "relaxations":
        return True
    return callable(value) or isinstance(value, property | staticmethod | classmethod)


class _Recorded:
    """Notes how a check went, and turns the failure of a declared exception into an xfail."""

    def __init__(self, suite: Conformance, name: str) -> None:
        self._suite, self._name = suite, name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        note = functools.partial(self._suite.draft.note, self._name, way=self._suite.way_)
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
