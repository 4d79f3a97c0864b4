"""What a fake vendor's chat models think with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

ChatModel = Callable[[Sequence[tuple[str, str]]], str]
"""Answers a conversation, given as (role, text) pairs with audio as its words."""


def repeating_model(turns: Sequence[tuple[str, str]]) -> str:
    """Repeats what was said last, so that a test sees that it was heard."""
    role, text = turns[-1]
    return f"The tool said: {text}" if role == "tool" else f"You said: {text}"
