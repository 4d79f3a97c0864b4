"""A good plugin with one defect, and the check that has to catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ossicle_testing.conformance import Conformance


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPlugin:
    """A broken plugin.

    Attributes:
        name: What is wrong with it.
        suite: Which suite runs it.
        check: Name of the check that has to catch it.
        because: A pattern in what that check says, so that it is not caught by accident.
    """

    name: str
    suite: type[Conformance]
    check: str
    because: str

    def __str__(self) -> str:
        return self.name


def with_spec(suite: type[Conformance], spec: Any) -> type[Conformance]:
    """The suite for another plugin."""

    def given(self: Conformance) -> Any:
        return spec

    return type("BrokenSuite", (suite,), {"spec": pytest.fixture(given, name="spec")})


Make = Callable[..., Any]
