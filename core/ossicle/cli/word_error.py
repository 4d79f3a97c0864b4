"""How far what was heard is from what was said."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def word_error_rate(said: str, heard: str) -> float:
    """Words to replace, insert and delete for each word that was said; 0 when all is right.

    May be above 1. Nothing said counts as one word.
    """
    reference = words_of(said)
    return _distance(reference, words_of(heard)) / max(1, len(reference))


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Levenshtein's distance, by rows."""
    row = list(range(len(other) + 1))
    for number, word in enumerate(one, start=1):
        diagonal, row[0] = row[0], number
        for place, candidate in enumerate(other, start=1):
            replaced = diagonal + (word != candidate)
            diagonal = row[place]
            row[place] = min(replaced, row[place] + 1, row[place - 1] + 1)
    return row[-1]
