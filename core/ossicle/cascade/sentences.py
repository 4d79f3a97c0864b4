"""Cutting growing text into sentences, so that the first is spoken while the next is thought."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_SENTENCE_CHARS = 400
"""A sentence longer than this is cut at a clause or a space: memory and delay stay bounded."""

_CLOSERS = r"[\"'”’»)\]]*"
_WIDE_CLOSERS = r"[”’」』）》】]*"

# Where a sentence may end. A stop of an alphabetic script needs white space after it, one of
# Chinese or Japanese does not; a line break may end a heading or an item of a list.
_CANDIDATE = re.compile(
    rf"(?P<wide>[。！？｡]+{_WIDE_CLOSERS})(?P<wide_gap>\s*)"
    rf"|(?P<stop>[.!?…؟۔।॥]+)(?P<closers>{_CLOSERS})(?P<gap>\s*)"
    r"|(?P<line>\n\s*)"
)

_CLAUSE = re.compile(r"[,;:—、，；]\s*")
_LIST_MARKS = frozenset("-*•#")
_BEFORE_NAME = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "rev", "hon", "mt", "gen", "col", "sgt", "capt", "lt",
    "cmdr", "adm", "gov", "sen", "rep", "fr", "messrs", "mme", "mlle",
})  # fmt: skip
_INSIDE = frozenset({"vs", "cf", "approx", "viz", "al", "ca", "incl", "resp"})
_BEFORE_NUMBER = frozenset({"no", "nos", "fig", "figs", "vol", "ch", "pp", "p", "sec", "eq", "art"})
_MAY_END = frozenset({"a.m", "p.m"})


def split_sentences(text: str, *, max_chars: int = MAX_SENTENCE_CHARS) -> list[str]:
    """Cut text into sentences; joined, the pieces are the text.

    White space after a sentence belongs to it. Splitting a text at once or as it grows gives the
    same pieces.

    Args:
        text: Any.
        max_chars: As `SentenceSplitter` takes it.
    """
    splitter = SentenceSplitter(max_chars=max_chars)
    return [*splitter.feed(text), *splitter.finish()]


class SentenceSplitter:
    """Cuts text that arrives in pieces into sentences, each as soon as its end is certain.

    A full stop ends a sentence unless it belongs to an abbreviation (`Dr. Smith`, `e.g. this`), an
    initial (`J. K. Rowling`), a decimal (`3.14`), a number of a list (`1. First`), or a lower-case
    word follows. What comes next has to be seen first, so a sentence is held back until the first
    character of the next one.

    Args:
        max_chars: Upper bound of a piece, white space after it not counted; at least 1.
    """

    def __init__(self, *, max_chars: int = MAX_SENTENCE_CHARS) -> None:
        self._max_chars = max_chars
        self._held = ""

    def feed(self, text: str) -> Iterator[str]:
        """Take more text and yield the sentences that are complete."""
        self._held += text
        yield from self._complete()

    def finish(self) -> Iterator[str]:
        """Yield what is still held back; the splitter is empty afterwards."""
        rest, self._held = self._held, ""
        while len(rest.rstrip()) > self._max_chars:
            end = _forced_end(rest, self._max_chars)
            yield rest[:end]
            rest = rest[end:]
        if rest:
            yield rest

    def _complete(self) -> Iterator[str]:
        while (end := _first_end(self._held, self._max_chars)) is not None:
            sentence, self._held = self._held[:end], self._held[end:]
            yield sentence


def _first_end(text: str, max_chars: int) -> int | None:
    """Index at which the first sentence surely ends, or `None` while that cannot be told."""
    for match in _CANDIDATE.finditer(text):
        if match.start() > max_chars:
            break
        if match.end() == len(text):
            return None  # what follows is not known yet
        if len(text[: match.end()].rstrip()) > max_chars:
            break
        if _is_end(match, text):
            return match.end()
    return _forced_end(text, max_chars) if len(text) > max_chars else None


def _is_end(match: re.Match[str], text: str) -> bool:
    following = text[match.end()]
    before = text[: match.start()]
    if match["wide"] is not None:
        return True
    if match["line"] is not None:
        starts_item = following in _LIST_MARKS or following.isdigit()
        return bool(before.strip()) and (match["line"].count("\n") > 1 or starts_item)
    gap = match["gap"]
    if not gap or not before.strip():
        return False
    if gap.count("\n") > 1:
        return True
    stop = match["stop"]
    if following.islower():
        # "Stop! now what" is two sentences, '"Stop!" he said' and "well... no" are one.
        return stop[-1] in "!?؟" and not match["closers"]
    return stop != "." or not _is_abbreviation(before, following)


def _is_abbreviation(before: str, following: str) -> bool:
    """Whether a single full stop after `before` only shortens its last word."""
    word = before.split()[-1].lstrip("(\"'“‘[«")
    folded = word.lower()
    if folded in _BEFORE_NAME or folded in _INSIDE:
        return True
    if folded in _BEFORE_NUMBER:
        return following.isdigit()
    if word.isdigit():
        return before.strip() == word  # "1. First" at the start of a piece
    if len(word) == 1:
        return word.isupper() and word != "I"
    return folded not in _MAY_END and re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", word) is not None


def _forced_end(text: str, max_chars: int) -> int:
    """Where to cut what is too long: after a clause, else after a word, else anywhere."""
    head = text[:max_chars]
    clauses = [match.end() for match in _CLAUSE.finditer(head)]
    if clauses:
        return clauses[-1]
    spaces = [match.end() for match in re.finditer(r"\s", head)]
    return spaces[-1] if spaces else max_chars
