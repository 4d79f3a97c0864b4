"""Beam search: the likeliest sequence of tokens, several candidates kept at each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Advance = Callable[[Sequence[int], Sequence[int]], NDArray[np.float32]]
    """Takes, for each candidate, the row of the step before that it goes on from and its newest
    token; gives a row of unnormalised scores for each, shape `(candidates, tokens)`."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    tokens: tuple[int, ...]
    score: float

    @property
    def mean(self) -> float:
        """Mean log probability of a token, the end included; long answers must not lose by it."""
        return self.score / (len(self.tokens) + 1)


def beam_search(
    advance: Advance, *, begin: int, end: int, width: int, limit: int
) -> tuple[int, ...]:
    """The best sequence found, without its begin and end tokens.

    Args:
        advance: One step of the model.
        begin: Token that starts every sequence.
        end: Token that ends one.
        width: How many candidates to keep; 1 is greedy search.
        limit: Most steps; the best unfinished sequence counts when they are used up.
    """
    open_ones = [_Candidate((), 0.0)]
    finished: list[_Candidate] = []
    parents: list[int] = [0]
    newest: list[int] = [begin]
    for _ in range(limit):
        scores = _log_probabilities(advance(parents, newest))
        totals = scores + np.array([[candidate.score] for candidate in open_ones])
        parents, newest = [], []
        following: list[_Candidate] = []
        for flat in _largest(totals, count=2 * width):
            row, token = divmod(int(flat), totals.shape[1])
            tokens, score = open_ones[row].tokens, float(totals[row, token])
            if token == end:
                finished.append(_Candidate(tokens, score))
            elif len(following) < width:
                following.append(_Candidate((*tokens, token), score))
                parents.append(row)
                newest.append(token)
        open_ones = following
        if len(finished) >= width and _best(finished).mean > _best(open_ones).mean:
            break
    return _best(finished or open_ones).tokens


def _best(candidates: Sequence[_Candidate]) -> _Candidate:
    return max(candidates, key=lambda candidate: candidate.mean)


def _largest(scores: NDArray[np.float64], *, count: int) -> NDArray[np.intp]:
    """Flat indices of the largest values, largest first, ties by place."""
    flat = scores.ravel()
    some = np.argpartition(-flat, min(count, flat.size) - 1)[:count]
    return some[np.lexsort((some, -flat[some]))]


def _log_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = scores.astype(np.float64) - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
