"""The mutants bar in small: mutants are real, a sample is caught, the figures are honest."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.nightly.mutants.equivalents import EQUIVALENT
from tests.nightly.mutants.mutants import Outcome, every_mutation, run_mutants, summarise
from tests.nightly.mutants.mutations import Mutation, mutations

SAMPLE = 4
EVERY = {one.name: one for one in every_mutation()}

SOURCE = '''
async def f(a, *, limit=3):
    """Doc."""
    if a < limit and not a.done:
        yield a + 1
    await a.close(force=True)
    return a
'''


def test_every_kind_of_mutation_is_made_and_each_is_another_program() -> None:
    found = list(mutations("m", SOURCE.replace("return a", "return None if a else a")))
    kinds = {one.kind for one in found}
    assert kinds >= {
        "comparison flipped", "off by one", "and/or swapped", "not dropped", "operator changed",
        "constant changed", "await dropped", "yield dropped", "argument force dropped",
        "statement dropped", "condition negated", "branch dropped", "branches swapped",
        "return of nothing",
    }  # fmt: skip
    sources = [one.source for one in found]
    original = ast.unparse(ast.parse(SOURCE.replace("return a", "return None if a else a")))
    assert len(set(sources)) == len(sources)
    assert original not in sources
    for source in sources:
        ast.parse(source)


def test_there_are_enough_mutants_and_their_names_are_names() -> None:
    assert len(EVERY) >= 300


def test_what_is_listed_as_equivalent_is_a_mutant_with_a_reason() -> None:
    assert set(EQUIVALENT) <= set(EVERY), "the code of the good plugins changed"
    assert all(len(reason) > 20 for reason in EQUIVALENT.values())


@pytest.mark.timeout(300)  # several whole suites; a busy machine takes its time
def test_a_sample_of_mutants_is_caught() -> None:
    wanted = [one for name, one in EVERY.items() if name not in EQUIVALENT]
    step = len(wanted) // SAMPLE
    sample = wanted[step // 2 :: step][:SAMPLE]
    found = summarise(list(run_mutants(sample, jobs=2)))
    # At least 95 % of all are caught, so of four at most one may be none of them.
    assert found["caught"] >= SAMPLE - 1, found  # type: ignore[operator]


def test_the_original_is_not_caught() -> None:
    path = Path(__file__).parents[1] / "broken_plugins" / "good_converter.py"
    unchanged = Mutation(
        module="good_converter", place="", kind="", before="", after="", source=path.read_text()
    )
    [outcome] = run_mutants([unchanged], jobs=1)
    assert outcome.caught_by is None
    assert not outcome.is_stillborn


@pytest.mark.parametrize("source", ["import nothing_of_this_name", "1 +"])
def test_what_cannot_be_imported_counts_for_nothing(source: str) -> None:
    broken = Mutation(
        module="good_converter", place="", kind="", before="", after="", source=source
    )
    [outcome] = run_mutants([broken], jobs=1)
    assert outcome.is_stillborn
    assert summarise([outcome])["mutants"] == 0


def test_equivalent_mutants_count_neither_way(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other, third = list(EVERY.values())[:3]
    monkeypatch.setitem(EQUIVALENT, one.name, "nobody can tell the difference")
    outcomes = [
        Outcome(mutation=one, caught_by=None),
        Outcome(mutation=other, caught_by=None),
        Outcome(mutation=third, caught_by="test_x"),
    ]
    found = summarise(outcomes)
    assert (found["mutants"], found["caught"], found["equivalent"]) == (2, 1, 1)
    assert found["survivors"] == [other.name]
