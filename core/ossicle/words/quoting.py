"""Taking what somebody said out of what somebody else says about it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"\w+")
_RUN = 3
"""As many words in the order of a source are a quotation; fewer are anybody's."""


def without_quotes(text: str, sources: Iterable[str], *, instead: str = "[what was said]") -> str:
    """The text with its quotations from the sources replaced.

    A quotation is a run of three words, or all words of a shorter source, in any case and with any
    punctuation between them. Vendors repeat prompts in their errors; logs must not.

    >>> without_quotes('Cannot say "my name is Ada": too long', ["Hello, my name is Ada!"])
    'Cannot say "[what was said]": too long'
    """
    found = list(_WORD.finditer(text))
    words = [match[0].casefold() for match in found]
    is_quoted = bytearray(len(words))
    runs = {run for source in sources for run in _runs(source)} if words else set()
    for size in range(1, _RUN + 1):
        for start in range(len(words) - size + 1):
            if tuple(words[start : start + size]) in runs:
                is_quoted[start : start + size] = b"\1" * size
    pieces, at, index = list[str](), 0, 0
    while index < len(found):
        if not is_quoted[index]:
            index += 1
            continue
        start = found[index].start()
        while index + 1 < len(found) and is_quoted[index + 1]:
            index += 1
        pieces += [text[at:start], instead]
        at = found[index].end()
        index += 1
    return "".join([*pieces, text[at:]])


def _runs(source: str) -> set[tuple[str, ...]]:
    words = [match[0].casefold() for match in _WORD.finditer(source)]
    if not words:
        return set()
    size = min(_RUN, len(words))
    return {tuple(words[start : start + size]) for start in range(len(words) - size + 1)}
