"""What people and models say, short and readable, with the odd letter."""

from __future__ import annotations

from hypothesis import strategies as st

_SAID = ("hello", "what time is it", "Grüß Gott", "three, two, one.", "お元気ですか", "<b>bold</b>")


def sentences(*, min_size: int = 1, max_size: int = 40) -> st.SearchStrategy[str]:
    """Things said, at most `max_size` characters; the simplest is `hello`.

    Words, numbers, other scripts, markup, and now and then any characters at all.

    Args:
        min_size: 0 to have the empty text among them.
        max_size: Characters, at least 5.
    """
    said = st.sampled_from([text for text in _SAID if len(text) <= max_size])
    return said | st.text(st.characters(codec="utf-8"), min_size=min_size, max_size=max_size)
