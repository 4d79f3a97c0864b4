"""How much the tests try: one setting for the whole repository.

`ci` runs everything as it is written. `quick` is for a minute while somebody works: of each
property few examples, of each parametrized test its first and its last case, and neither what is
marked as slow or runs speech models nor the folders that try whole systems. `long` gives each many
more examples, and as much time as it takes.

A property without a number of its own has that of the profile; one with its own says
`@settings(max_examples=tried(60))`; a state machine says `machine(ci=(60, 30))`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

VARIABLE = "OSSICLE_TEST_PROFILE"
"""Names the profile, also to the suites that plugin authors get."""

_TESTS = Path(__file__).parent

_USUAL = 100
"""What Hypothesis tries of a property that says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How much is tried.

    Attributes:
        most: Examples of a property at most; `None`: as written.
        times: Multiplies them.
        cases: Cases of a parametrized test at most, the first and the last among them; `None`: all.
        leaves_out: Marks of tests that do not run.
        leaves_out_folders: Those below `tests` that do not run.
        has_time: Whether a test may take as long as it likes.
    """

    most: int | None = None
    times: int = 1
    cases: int | None = None
    leaves_out: frozenset[str] = frozenset()
    leaves_out_folders: frozenset[str] = frozenset()
    has_time: bool = False


PROFILES: Mapping[str, Profile] = {
    "quick": Profile(
        most=5,
        cases=2,
        leaves_out=frozenset({"slow", "models"}),
        leaves_out_folders=frozenset(
            {"clean_install", "compatibility", "conformance", "examples", "nightly"}
        ),
    ),
    "ci": Profile(),
    "long": Profile(times=20, has_time=True),
}


def profile_name() -> str:
    """The profile of this run."""
    return os.environ.get(VARIABLE, "ci")


def start(name: str) -> None:
    """Make a profile that of this run; before any test is imported, which reads its numbers."""
    os.environ[VARIABLE] = name
    # What Hypothesis itself chose, such as for CI, stays.
    settings.register_profile(
        name,
        parent=settings(),
        max_examples=tried(_USUAL),
        # Tests that share their cores say nothing about how fast input is made.
        suppress_health_check=[HealthCheck.too_slow] if name == "quick" else [],
    )
    settings.load_profile(name)


def tried(written: int) -> int:
    """How many examples of a property this run tries.

    Args:
        written: In CI.
    """
    profile = PROFILES[profile_name()]
    return written * profile.times if profile.most is None else min(written, profile.most)


Size = tuple[int, int]
"""Runs of a state machine, and steps of each."""


def machine(*, ci: Size, long: Size | None = None, quick: Size = (3, 20)) -> settings:
    """The settings of a state machine in this run.

    Args:
        ci: How large it is in CI.
        long: In the long run; `None`: twenty times the runs of CI.
        quick: While somebody works on it.
    """
    sizes = {"quick": quick, "ci": ci, "long": long or (ci[0] * 20, ci[1])}
    runs, steps = sizes[profile_name()]
    return settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def apply_profile(profile: Profile, items: list[pytest.Item]) -> list[pytest.Item]:
    """Take out of `items`, and return, what does not run; give the others their time."""
    runs = [item for item in items if not _is_left_out(profile, item)]
    if profile.cases is not None:
        runs = _few_cases(runs, profile.cases)
    kept = set(runs)
    left_out = [item for item in items if item not in kept]
    items[:] = runs
    if profile.has_time:
        for item in items:
            item.add_marker(pytest.mark.timeout(0), append=False)
    return left_out


def is_folder_left_out(profile: Profile, path: Path) -> bool:
    """Whether a path stands in a folder that does not run; collecting it would take seconds."""
    below = path.relative_to(_TESTS).parts if path.is_relative_to(_TESTS) else ()
    return bool(below) and below[0] in profile.leaves_out_folders


def _is_left_out(profile: Profile, item: pytest.Item) -> bool:
    if profile.leaves_out & {mark.name for mark in item.iter_markers()}:
        return True
    return is_folder_left_out(profile, item.path)


def _few_cases(items: list[pytest.Item], most: int) -> list[pytest.Item]:
    """Of each parametrized test so many cases, evenly spread from its first to its last."""
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept: set[pytest.Item] = set()
    for cases in tests.values():
        cases.sort(key=_place)  # Another plugin may have shuffled them.
        last = len(cases) - 1
        kept.update(cases[at * last // (most - 1)] for at in range(most))
    return [item for item in items if item in kept]


def _place(case: pytest.Item) -> tuple[int, ...]:
    """Where a case stands among those of its test."""
    callspec = getattr(case, "callspec", None)
    return () if callspec is None else tuple(callspec.indices.values())
