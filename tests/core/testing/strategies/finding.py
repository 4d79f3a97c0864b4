"""Examples of a strategy: the simplest with some property, and many at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


def simplest(strategy: SearchStrategy[T], wanted: Callable[[T], bool]) -> T:
    """Search and shrink; raises `NoSuchExample` when there is none."""
    quiet = settings(
        max_examples=200,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],  # the phase that explains takes five times longer
        suppress_health_check=list(HealthCheck),
    )
    return find(strategy, wanted, settings=quiet)


def drawn(strategy: SearchStrategy[T], count: int) -> list[T]:
    """As many examples, the same in every run."""
    found: list[T] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example: T) -> None:
        found.append(example)

    collect()
    return found
