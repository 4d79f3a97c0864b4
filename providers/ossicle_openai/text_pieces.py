"""Long texts cut where a reader would breathe. Pure."""

from __future__ import annotations

import re
import unicodedata

_BREAKS = (
    re.compile(r"\n\s*\n\s*"),
    re.compile(r"(?<=[.!?…])[\"'»”’)\]]*\s+|(?<=[。！？])|\n\s*"),
    re.compile(r"(?<=[,;:—–])\s+|(?<=[、，；：])"),
    re.compile(r"\s+"),
)
"""Where to cut, best first: paragraphs, sentences, clauses, words."""


def split_text(text: str, *, max_chars: int, max_tokens: int | None = None) -> list[str]:
    """The text in pieces that fit; nothing but white space between pieces is lost.

    Args:
        text: To be spoken.
        max_chars: Code points in one piece.
        max_tokens: Tokens in one piece by `text_tokens`; `None`: no bound.

    Returns:
        At least one piece, none of them empty unless the text is.
    """
    rest, pieces = text.strip(), []
    while rest:
        end = _longest(rest, max_chars, max_tokens)
        if end < len(rest):
            end = _cut(rest, end)
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return pieces or [text]


def text_tokens(text: str) -> int:
    """A cautious count of tokens: rather too many than too few.

    Words in ASCII have about four characters a token; three are assumed. Scripts beyond the
    Basic Latin block count from two thirds of a token to three tokens a character.
    """
    return -(-sum(map(_thirds, text)) // 3)


def _thirds(char: str) -> int:
    if char < "\x80":
        return 1 if char.isalnum() or char == " " else 2
    if char < "\u0800":
        return 2
    return 3 if char < "\U00010000" else 9


def _longest(text: str, max_chars: int, max_tokens: int | None) -> int:
    """How many characters from the start fit."""
    end = min(len(text), max_chars)
    if max_tokens is None:
        return end
    left = max_tokens * 3
    for index, char in enumerate(text[:end]):
        left -= _thirds(char)
        if left < 0:
            return max(1, index)
    return end


def _cut(text: str, end: int) -> int:
    """The best place to cut at or before `end`, but not in the first half."""
    window = text[: end + 1]
    for pattern in _BREAKS:
        places = [match.end() for match in pattern.finditer(window, end // 2)]
        # White space beyond the end does not count, as it is left out.
        found = [at for at in places if end // 2 < at and len(text[:at].rstrip()) <= end]
        if found:
            return found[-1]
    # No break at all: at least do not take an accent or a joined sign from its letter.
    while end > 1 and (unicodedata.combining(text[end]) or "\u200d" in text[end - 1 : end + 1]):
        end -= 1
    return end
