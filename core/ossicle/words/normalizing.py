"""Writing what was said in one way, so that transcripts can be compared.

Recognisers and transcribers agree on words and differ in how they write them: "twenty-one" or
"21", "harbour" or "harbor", "Mr." or "mister". `normal_words` undoes such differences and no
others: it never makes two different words equal that sound different, but for numbers, of which
only the digits are kept ("nineteen ninety" and "1990" are both `1 9 9 0`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType

_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_ORDINAL_MARK = "th"
"""Stands after the digits of an ordinal, whichever way it was written."""

_SPELLINGS: Mapping[str, str] = MappingProxyType({
    "mr": "mister", "mrs": "missus", "dr": "doctor", "prof": "professor", "vs": "versus",
    "ok": "okay", "o'clock": "oclock", "ok'd": "okayed", "alright": "all right",
    "cannot": "can not", "percent": "per cent", "grey": "gray", "theatre": "theater",
    "centre": "center", "metre": "meter", "metres": "meters", "litre": "liter",
    "litres": "liters", "programme": "program", "cheque": "check", "tyre": "tire",
    "honour": "honor", "colour": "color", "colours": "colors", "favour": "favor",
    "favourite": "favorite", "flavour": "flavor", "harbour": "harbor", "harbours": "harbors",
    "labour": "labor", "neighbour": "neighbor", "neighbours": "neighbors", "rumour": "rumor",
    "behaviour": "behavior", "honourable": "honorable", "travelled": "traveled",
    "travelling": "traveling", "jewellery": "jewelry", "defence": "defense",
    "licence": "license", "whisky": "whiskey", "aeroplane": "airplane",
})  # fmt: skip
"""One spelling of words that sound the same."""

_SIGNS = {
    "%": " per cent ", "&": " and ", "+": " plus ", "=": " equals ", "@": " at ", "°": " degrees ",
}  # fmt: skip
_CURRENCY = {"$": "dollars", "£": "pounds", "€": "euros"}


def normal_words(text: str) -> list[str]:
    """The words of a text in one spelling, numbers digit by digit."""
    return list(_with_digits(_written_words(text)))


def _written_words(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    for sign, words in _SIGNS.items():
        text = text.replace(sign, words)
    text = re.sub(r"([$£€])\s*(\d[\d,]*(?:\.\d+)?)", _amount, text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"(?<=\d)\.(?=\d)", " point ", text)
    text = re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", rf"\1 {_ORDINAL_MARK} ", text)
    # "3rd" and "a.m." lose their dots, "state-of-the-art" its hyphens, "it's" keeps its apostrophe.
    text = re.sub(r"\b([a-z])\.(?=[a-z]\b)", r"\1", text)
    found: list[str] = re.findall(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*", text)
    return [part for word in found for part in _SPELLINGS.get(word, word).split()]


def _amount(match: re.Match[str]) -> str:
    return f" {match[2]} {_CURRENCY[match[1]]} "


def _with_digits(words: list[str]) -> Iterator[str]:
    """Replace every number by its digits, one word each."""
    at = 0
    while at < len(words):
        value, used, is_ordinal = _number_at(words, at)
        if value is not None:
            yield from value
            if is_ordinal:
                yield _ORDINAL_MARK
            at += used
        elif words[at] in ("oh", "o") and _is_between_digits(words, at):
            yield "0"
            at += 1
        else:
            yield words[at]
            at += 1


def _number_at(words: list[str], at: int) -> tuple[str | None, int, bool]:
    """Digits of the number that starts here, how many words it takes, whether it is an ordinal."""
    if words[at].isdecimal():
        return words[at], 1, False
    total = group = used = 0
    before: str | None = None
    is_ordinal = False
    for index in range(at, len(words)):
        word = words[index]
        follows = words[index + 1] if index + 1 < len(words) else ""
        starts = before is None or before in _SCALES
        small = _UNITS.get(word, _ORDINALS.get(word))
        if small is not None and (starts or (before in _TENS and 1 <= small < 10)):
            group += small
            is_ordinal = word in _ORDINALS
        elif word in _TENS and starts:
            group += _TENS[word]
        elif word.removesuffix("th") in _SCALES and 0 < group < _SCALES[word.removesuffix("th")]:
            scale = _SCALES[word.removesuffix("th")]
            is_ordinal = word.endswith("th")
            group *= scale
            if scale > 100:
                total, group = total + group, 0
        elif word == "a" and before is None and follows in _SCALES:
            group = 1
        elif word == "and" and before in _SCALES and _is_small(follows):
            continue
        else:
            break
        used, before = index + 1 - at, word
        if is_ordinal:
            break
    return (str(total + group), used, is_ordinal) if used else (None, 0, False)


def _is_small(word: str) -> bool:
    return word in _UNITS or word in _TENS or word in _ORDINALS


def _is_between_digits(words: list[str], at: int) -> bool:
    """Whether "oh" stands in a row of spoken digits and therefore means zero."""
    neighbours = words[max(0, at - 1) : at] + words[at + 1 : at + 2]
    return any(word.isdecimal() or word in _UNITS for word in neighbours)
