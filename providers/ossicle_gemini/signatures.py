"""Thought signatures of tool calls, kept between two requests of one conversation.

Models from Gemini 3 on sign what they thought when they asked for a tool, and refuse a history
whose newest calls come back without that signature. ossicle's history has no place for it, so it
is remembered here, by the call's id.

Source: https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-23.
"""

from __future__ import annotations

from collections import OrderedDict

WITHOUT = "skip_thought_signature_validator"
"""What the vendor takes where there is none: for calls of another model or another process."""

_MOST = 4096


class Signatures:
    """A bounded memory of signatures; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    def remember(self, *, model: str, call_id: str, signature: str) -> None:
        """Keep the signature of a call; only the model that gave it understands it."""
        self._known[model, call_id] = signature
        self._known.move_to_end((model, call_id))
        while len(self._known) > _MOST:
            self._known.popitem(last=False)

    def recall(self, *, model: str, call_id: str) -> str | None:
        """The signature of a call of this model, or `None`."""
        return self._known.get((model, call_id))
