"""Providers that take a shortcut which no single answer shows."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

from tests.conformance.zoo.animal import Animal
from tests.conformance.zoo.habits import house
from tests.conformance.zoo.parrot.provider import ParrotProvider

from ossicle.messages import AudioDelta, Event, Request, TextDelta

ANIMALS: list[Animal] = []
PIECES = "test_streams_come_in_pieces"

animal = house(ANIMALS)


@animal(PIECES, "respond: text → text[+]audio, streamed: .* collected, and cut afterwards")
class CollectsAndCuts(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        for event in [event async for event in super().respond(request)]:
            yield event


@animal(PIECES, "speak: text → audio, streamed: .* collected, and cut afterwards")
class CollectsWhatItSpeaks(CollectsAndCuts):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        kind = CollectsAndCuts if request.task == "speak" else ParrotProvider
        async for event in kind.respond(self, request):
            yield event


@animal(PIECES, "text → text[+]audio, streamed: .* collected, and cut afterwards")
class CollectsTheSoundAlone(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        held: list[Event] = []
        async for event in super().respond(request):
            if isinstance(event, AudioDelta):
                held.append(event)
                continue
            while held and not isinstance(event, TextDelta):
                yield held.pop(0)
            yield event


@animal(PIECES, "→ text, streamed: a long answer came in one piece")
class WritesInOnePiece(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        first: TextDelta | None = None
        async for event in super().respond(request):
            if isinstance(event, TextDelta):
                first = replace(first or event, text=f"{first.text if first else ''}{event.text}")
                continue
            if first is not None:
                yield first
                first = None
            yield event
