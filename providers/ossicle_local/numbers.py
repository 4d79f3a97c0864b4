"""Numbers in English text, as figures or as words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_WORD = re.compile(r"(?:(?<!\d)-)?\d[\d,]*(?:\.\d+)?|[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNumber:
    """A number and where it stands in the text.

    Attributes:
        value: The number.
        start: Index of its first character.
        end: Index after its last character.
    """

    value: float
    start: int
    end: int


def find_numbers(text: str) -> Iterator[FoundNumber]:
    """All numbers of a text, in order: `7`, `-2.5`, `1,250`, `twenty one`, `a hundred and five`."""
    words = list(_WORD.finditer(text.lower()))
    at = 0
    while at < len(words):
        value, used = _number_at([word[0] for word in words[at : at + 12]])
        if value is None:
            at += 1
            continue
        yield FoundNumber(value=value, start=words[at].start(), end=words[at + used - 1].end())
        at += used


def _number_at(words: list[str]) -> tuple[float | None, int]:
    """The number at the start of a list of words and how many words it takes."""
    if not words[0].isalpha():
        return float(words[0].replace(",", "")), 1
    total, group, used = 0, 0, 0
    before: str | None = None
    for index, word in enumerate(words):
        starts = before is None or before in _SCALES
        if word in _SMALL and (starts or (before in _TENS and 1 <= _SMALL[word] < 10)):
            group += _SMALL[word]
        elif word in _TENS and starts:
            group += _TENS[word]
        elif word in _SCALES and 0 < group < _SCALES[word]:
            group *= _SCALES[word]
            if _SCALES[word] > 100:
                total, group = total + group, 0
        elif word == "a" and index == 0 and len(words) > 1 and words[1] in _SCALES:
            group = 1
        elif word == "and" and before in _SCALES:
            continue
        else:
            break
        before = word
        used = index + 1
    return (float(total + group), used) if used else (None, 0)


def spelled(value: float) -> str:
    """A number for an answer: whole where it is, else with at most four decimals."""
    return str(int(value)) if value == int(value) else f"{value:.4f}".rstrip("0")
