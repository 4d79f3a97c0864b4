from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle_local.beam import beam_search

BEGIN, END, TOKENS = 4, 0, 4


class Toy:
    """A model whose scores depend on all that was said, by a table drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.said: list[tuple[int, ...]] = [()]

    def scores(self, said: tuple[int, ...]) -> np.ndarray:
        return np.random.default_rng([self.seed, *said]).normal(0, 3, TOKENS).astype(np.float32)

    def __call__(self, parents: Sequence[int], tokens: Sequence[int]) -> np.ndarray:
        self.said = [
            (*self.said[parent], token) for parent, token in zip(parents, tokens, strict=True)
        ]
        return np.stack([self.scores(said) for said in self.said])

    def mean(self, tokens: tuple[int, ...]) -> float:
        """Mean log probability of a finished sequence, from the definition."""
        total = 0.0
        said: tuple[int, ...] = (BEGIN,)
        for token in (*tokens, END):
            scores = self.scores(said).astype(float)
            total += scores[token] - np.log(np.exp(scores).sum())
            said = (*said, token)
        return total / (len(tokens) + 1)


def search(seed: int, width: int, limit: int = 3) -> tuple[int, ...]:
    return beam_search(Toy(seed), begin=BEGIN, end=END, width=width, limit=limit)


@given(st.integers(0, 10_000))
def test_a_beam_of_one_is_greedy(seed: int) -> None:
    toy = Toy(seed)
    said: tuple[int, ...] = (BEGIN,)
    for _ in range(8):
        token = int(toy.scores(said).argmax())
        if token == END:
            break
        said = (*said, token)
    greedy = said[1:]
    if len(greedy) < 8:
        # Greedy search ends at the first end it likes best; a beam may have ended earlier.
        found = search(seed, 1, limit=len(greedy) + 1)
        assert toy.mean(found) >= toy.mean(greedy) - 1e-9


@given(st.integers(0, 10_000))
def test_a_beam_wide_enough_finds_the_best_of_all(seed: int) -> None:
    toy = Toy(seed)
    words = [token for token in range(TOKENS) if token != END]
    everything = [
        tokens for length in range(3) for tokens in itertools.product(words, repeat=length)
    ]
    best = max(everything, key=toy.mean)
    assert search(seed, width=TOKENS**3) == best


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_model_that_never_ends_is_stopped(limit: int) -> None:
    def endless(parents: Sequence[int], tokens: Sequence[int]) -> np.ndarray:
        return np.tile(np.array([-1e9, 0.0, 1.0, 0.5], np.float32), (len(tokens), 1))

    found = beam_search(endless, begin=BEGIN, end=END, width=3, limit=limit)
    assert len(found) <= limit


def test_a_model_that_ends_at_once_says_nothing() -> None:
    def silent(parents: Sequence[int], tokens: Sequence[int]) -> np.ndarray:
        return np.tile(np.array([50.0, 0.0, 0.0, 0.0], np.float32), (len(tokens), 1))

    assert beam_search(silent, begin=BEGIN, end=END, width=3, limit=9) == ()
