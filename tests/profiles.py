"""How much the tests try: one setting for the whole repository.

`ci` runs everything as it is written. `quick` leaves out what is marked as slow or runs speech
models, and gives each property few examples. `long` gives each many more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How much is tried.

    Attributes:
        most: Examples of a property at most; `None`: as written.
        most_runs: Of a state machine at most.
        times: Multiplies examples and runs.
        leaves_out: Marks of tests that do not run.
    """

    most: int | None = None
    most_runs: int | None = None
    times: int = 1
    leaves_out: frozenset[str] = frozenset()

    def scaled(self, written: int, *, is_machine: bool) -> int:
        """How many examples instead of those that are written down."""
        most = self.most_runs if is_machine else self.most
        return written * self.times if most is None else min(written * self.times, most)


PROFILES: Mapping[str, Profile] = {
    "quick": Profile(most=15, most_runs=3, leaves_out=frozenset({"slow", "models"})),
    "ci": Profile(),
    "long": Profile(times=20),
}


def apply_profile(profile: Profile, items: list[pytest.Item]) -> list[pytest.Item]:
    """Scale all tests of Hypothesis; takes out of `items`, and returns, what does not run."""
    left_out = [
        item for item in items if profile.leaves_out & {mark.name for mark in item.iter_markers()}
    ]
    items[:] = [item for item in items if item not in set(left_out)]
    scaled: set[int] = set()
    for item in items:
        _scale_property(profile, item, scaled)
        _scale_machine(profile, item, scaled)
    return left_out


def _scale_property(profile: Profile, item: pytest.Item, scaled: set[int]) -> None:
    function: Any = getattr(getattr(item, "obj", None), "__func__", getattr(item, "obj", None))
    written = getattr(function, "_hypothesis_internal_use_settings", None)
    if not isinstance(written, settings) or id(function) in scaled:
        return
    scaled.add(id(function))
    function._hypothesis_internal_use_settings = settings(
        written, max_examples=profile.scaled(written.max_examples, is_machine=False)
    )


def _scale_machine(profile: Profile, item: pytest.Item, scaled: set[int]) -> None:
    case: Any = getattr(item, "cls", None)
    written = getattr(case, "settings", None)
    if not isinstance(written, settings) or id(case) in scaled:
        return
    scaled.add(id(case))
    case.settings = settings(
        written, max_examples=profile.scaled(written.max_examples, is_machine=True)
    )
