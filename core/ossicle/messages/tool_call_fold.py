"""Tool calls put together from a stream, as vendors number them and as they should.

By OpenAI's rules each call of an answer has an index of its own. Several servers that speak its
protocol number all parallel calls 0 and tell them apart by id alone, or not at all; what they sent
was paid for and means what it says, so it is taken apart here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from ossicle.errors import InvalidReplyError
from ossicle.messages.events import ToolCallDelta
from ossicle.messages.tools import ToolCall


@dataclass(slots=True)
class _Call:
    index: int
    id: str | None = None
    name: str | None = None
    arguments: list[str] = field(default_factory=list)

    def is_another(self, event: ToolCallDelta) -> bool:
        """Whether the event begins the next call at the same index."""
        if event.id is not None and self.id is not None:
            return event.id != self.id
        return event.name is not None and self.name is not None and event.name != self.name


class ToolCallFold:
    """Adds deltas up to whole calls; any splitting of deltas gives the same calls.

    Args:
        provider: Name of the provider, for errors.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._calls: list[_Call] = []

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._calls)

    def add(self, event: ToolCallDelta) -> None:
        """Take one more piece: of the call with its id, else of the last one at its index."""
        call = self._call_of(event)
        call.id = event.id or call.id
        call.name = event.name or call.name
        call.arguments.append(event.arguments)

    def _call_of(self, event: ToolCallDelta) -> _Call:
        at_index = [call for call in self._calls if call.index == event.index]
        for call in at_index:
            if event.id is not None and call.id == event.id:
                return call
        if at_index and not at_index[-1].is_another(event):
            return at_index[-1]
        self._calls.append(_Call(index=event.index))
        return self._calls[-1]

    def calls(self) -> tuple[ToolCall, ...]:
        """All of them, by index and then as they came.

        Raises:
            InvalidReplyError: One has no name.
        """
        found: list[ToolCall] = []
        for call in sorted(self._calls, key=lambda one: one.index):
            if call.name is None:
                raise InvalidReplyError(
                    f"tool call {call.index} has no name", provider=self._provider, billed=True
                )
            for nth, arguments in enumerate(_objects("".join(call.arguments))):
                name = call.id or f"call_{call.index}"
                taken = {one.id for one in found}
                while name in taken:
                    name = f"{name}_{nth + 1}"
                found.append(ToolCall(id=name, name=call.name, arguments=arguments))
        return tuple(found)


def _objects(text: str) -> list[str]:
    """The text, cut where one JSON object ends and the next begins; whole where it is no such."""
    decoder, parts, at = json.JSONDecoder(), [], 0
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            return [text]
        if not isinstance(value, dict):
            return [text]
        parts.append(text[at:end])
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return parts if len(parts) > 1 else [text or "{}"]
