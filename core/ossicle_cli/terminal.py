"""What is safe to show to a person: strings from outside with everything odd made visible."""

from __future__ import annotations

import unicodedata

SHOWN_CHARACTERS = 256
"""Most characters of one string from outside that are shown in a line."""

_INVISIBLE_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, format (bidirectional, zero width, tags), surrogates, private, unassigned, line breaks.
Source: Unicode Standard Annex 44, General_Category."""

_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks that look like nothing at all."""

_JOINERS = frozenset("\u200c\u200d")
"""Needed to write Persian, Hindi and some emoji."""

_ELLIPSIS = "…"


def visible(text: str, *, limit: int = SHOWN_CHARACTERS) -> str:
    r"""One line of at most `limit` characters in which nothing acts on the terminal or hides.

    Controls, escape sequences, bidirectional overrides, zero-width and unassigned characters
    come out as `\x1b` and the like.
    """
    shown: list[str] = []
    room = limit
    for character in text:
        piece = _escaped(character) if _is_odd(character) else character
        if len(piece) > room:
            break
        shown.append(piece)
        room -= len(piece)
    else:
        return "".join(shown)
    while shown and room < 1:
        room += len(shown.pop())
    return "".join(shown) + _ELLIPSIS


def visible_text(text: str) -> str:
    """A text of several lines, of any length, made safe; line breaks, tabs and joiners stay."""
    kept = _JOINERS | {"\n", "\t"}
    return "".join(
        _escaped(character) if _is_odd(character) and character not in kept else character
        for character in text
    )


def _is_odd(character: str) -> bool:
    if " " <= character <= "~":
        return False
    return unicodedata.category(character) in _INVISIBLE_KINDS or character in _BLANK_LETTERS


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
