"""Examples of a strategy: the simplest with some property, and many at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.errors import NoSuchExample
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


def report(strategy: SearchStrategy[T], wanted: Callable[[T], bool]) -> list[str]:
    """What Hypothesis tells an author whose test fails for what is wanted, line by line."""
    quiet = settings(
        max_examples=200,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,  # printed in CI, for whoever cannot see the machine
    )

    @quiet
    @given(example=strategy)
    def fails(example: T) -> None:
        assert not wanted(example)

    try:
        fails()
    except AssertionError as error:
        lines = "\n".join(getattr(error, "__notes__", [])).splitlines()
        start = next(n for n, line in enumerate(lines) if "example=" in line)
        return [line.strip() for line in lines[start:] if line.strip() not in ("", ")")]
    raise NoSuchExample("nothing drawn was wanted")


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
