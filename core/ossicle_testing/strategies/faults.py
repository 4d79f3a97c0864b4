"""What goes wrong at a vendor, and when."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from ossicle_testing.vendors.faults import FAULT_FACTS, Fault, FaultGroup, FaultKind, RetryAfter
from ossicle_testing.vendors.schedule import ListedFaults

_WAITING = (FaultKind.STATUS_429, FaultKind.STATUS_503, FaultKind.STATUS_529)
_SIMPLEST = FaultKind.STATUS_503


def faults(
    *,
    groups: Sequence[FaultGroup] = ("status", "before", "ambiguous", "odd", "content", "stream"),
    kinds: Sequence[FaultKind] | None = None,
) -> st.SearchStrategy[Fault]:
    """One fault, with all that can be chosen of it; the simplest is a plain 503.

    Args:
        groups: Rows of the fault matrix to choose from.
        kinds: To choose from instead, simplest first.
    """
    if kinds is None:
        found = [kind for kind in FaultKind if FAULT_FACTS[kind].group in groups]
        kinds = sorted(found, key=lambda kind: kind is not _SIMPLEST)
    return st.sampled_from(list(kinds)).flatmap(_faults_of)


def _faults_of(kind: FaultKind) -> st.SearchStrategy[Fault]:
    facts = FAULT_FACTS[kind]
    chosen: dict[str, st.SearchStrategy[object]] = {"kind": st.just(kind)}
    if facts.outcome == "ambiguous":
        chosen["executes"] = st.sampled_from((None, True, False))
    if facts.group in ("ambiguous", "stream"):
        chosen["at"] = st.sampled_from((0.5, 0.0, 1.0, 0.1, 0.9))
    if kind in _WAITING:
        chosen["retry_after"] = st.sampled_from(RetryAfter)
    return st.builds(Fault, **chosen)


@st.composite
def fault_schedules(
    draw: st.DrawFn,
    *,
    max_requests: int = 6,
    of: st.SearchStrategy[Fault] | None = None,
) -> ListedFaults:
    """What happens to each request in order of arrival; later ones are served well.

    The simplest is no fault at all, then a single one that strikes the first request.

    Args:
        draw: Given by Hypothesis.
        max_requests: At most so many are struck or spared by name.
        of: Faults to draw from; `None`: all of `faults`.
    """
    one = st.none() | (faults() if of is None else of)
    return ListedFaults(draw(st.lists(one, max_size=max_requests)))
