"""When the pieces of a streamed answer come: while there is more to come, or all at its end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import anyio

from ossicle.abc import AudioProvider
from ossicle.audio import AudioFormat
from ossicle.errors import OssicleError
from ossicle.messages import AudioDelta, Event, Finished, Request, TextDelta, TranscriptDelta
from ossicle_testing.conformance.provider.cancellation import Interrupted
from ossicle_testing.conformance.provider.replies import ReplyChecks
from ossicle_testing.conformance.provider.requests import (
    TEXT,
    Delivery,
    collect,
    make_request,
    output_format,
)
from ossicle_testing.conformance.provider.upstream_relay import Relay
from ossicle_testing.conformance.suite import check

Content = TextDelta | TranscriptDelta | AudioDelta

_LEAST_BYTES = 12
"""Of a vendor's answer, between two places at which it falls silent; no piece of one is shorter."""

_STEP_S, _QUIET_S, _PATIENCE_S = 0.01, 0.08, 0.4
_ONE_FILE = "an encoded file comes in one piece"
_ONE_PIECE = "its answer came in one piece"
_NO_VENDOR = "it came in pieces, and whether the first came before the last was made cannot be seen"


class StreamingOrderChecks(ReplyChecks, is_part=True):
    """Checks of what it means to stream; proves the claims of streamed rows."""

    @check("streams: the first of a long answer is there before its vendor sends the last")
    def test_streams_come_in_pieces(self) -> None:
        """Row by row, before a vendor that falls silent in the middle.

        Audio has to come in pieces, and so has at least one long answer of each model; a short one,
        such as a transcription, may be a single piece. Who answers on this machine has no vendor
        that could fall silent: a row is proved where it works on between the pieces.
        """
        todo = [one for one in self.deliveries_or_skip(streaming=True) if one.stream]
        most: Counter[str] = Counter()
        for delivery in todo:
            self.draft.claim(str(delivery))
            request = self._long_request(delivery)
            pieces, doubt = self._arrive(delivery, request)
            most[delivery.record.model] = max(pieces, most[delivery.record.model])
            if doubt is None:
                self.draft.prove(str(delivery))
            else:
                self.draft.doubt(str(delivery), doubt)
        for delivery in todo:
            model = delivery.record.model
            can_be_long = "text" in delivery.row.inputs and not _is_file(delivery)
            assert not can_be_long or most[model] > 1, (
                f"every streamed answer of {model} came in one piece"
            )

    def _arrive(self, delivery: Delivery, request: Request) -> tuple[int, str | None]:
        """The number of pieces, and what speaks against the claim."""
        url = self.settings_.base_url
        if self.spec_.is_local or url is None or not url.startswith("http://"):
            pieces, waits = self.run(lambda provider: _pieces_and_waits(provider, request))
            doubt = None if waits else _NO_VENDOR
        else:
            pieces, is_early = self._arrive_from(url, request)
            assert is_early or pieces < 2, (
                f"{delivery}: {pieces} pieces came, none of them before the vendor had sent its "
                "end: the answer is collected, and cut afterwards"
            )
            assert is_early or _form(delivery) is None, (
                f"{delivery}: all of its audio came in one piece"
            )
            doubt = None if is_early else _ONE_PIECE
        if pieces < 2:
            doubt = _ONE_FILE if _is_file(delivery) else _ONE_PIECE
        return pieces, doubt

    def _arrive_from(self, url: str, request: Request) -> tuple[int, bool]:
        """The number of pieces, and whether some of them came before the vendor's end."""
        relay = Relay()
        with relay.url(url) as own:
            settings = replace(self.settings_, base_url=own)
            whole = self.run(lambda provider: collect(provider, request), settings=settings)
        pieces = len(_content(whole, request))
        if pieces < 2:
            return pieces, False
        least, most = 0, relay.passed
        while most - least > _LEAST_BYTES:
            stalled = Relay(manner="stall", after=(least + most) // 2)
            with stalled.url(url) as own:
                settings = replace(self.settings_, base_url=own)
                came = self.run(
                    lambda provider: _until_silent(provider, request, stalled),  # noqa: B023 - run here
                    settings=settings,
                )
            size, is_over = _size(came, request), any(isinstance(one, Finished) for one in came)
            if self.is_deterministic:
                is_over = is_over or size >= _size(whole, request)
            if size and not is_over:
                return pieces, True
            least, most = (least, stalled.after) if is_over else (stalled.after, most)
        return pieces, False

    def _long_request(self, delivery: Delivery) -> Request:
        return make_request(
            delivery, clip=self.clip(delivery), text=" ".join([TEXT] * 6), form=_form(delivery)
        )


def _form(delivery: Delivery) -> AudioFormat | None:
    """Raw samples where they are offered: files cannot come in pieces."""
    raw = [rule for rule in delivery.rules if rule.container == "raw"]
    return output_format(raw[0]) if raw else None


def _is_file(delivery: Delivery) -> bool:
    return delivery.row.outputs == {"audio"} and _form(delivery) is None


def _content(events: Sequence[Event], request: Request) -> list[Content]:
    """The audio, or the words of an answer without any, or with a file."""
    form = request.output_format
    if form is not None and form.container == "raw":
        return [event for event in events if isinstance(event, AudioDelta) and event.data]
    if request.output == {"audio"}:
        return [event for event in events if isinstance(event, AudioDelta)]
    return [
        event for event in events if isinstance(event, TextDelta | TranscriptDelta) and event.text
    ]


def _size(events: Sequence[Event], request: Request) -> int:
    content = _content(events, request)
    return sum(len(one.data if isinstance(one, AudioDelta) else one.text) for one in content)


async def _pieces_and_waits(provider: AudioProvider, request: Request) -> tuple[int, int]:
    """The number of pieces, and how often the provider waited between the first and the last."""
    waits: list[int] = []

    async def consume() -> None:
        async with aclosing(provider.respond(request)) as events:  # type: ignore[type-var]
            async for event in events:
                waits.extend(watched.suspensions for _ in _content([event], request))

    watched = Interrupted(consume())
    await watched
    return len(waits), waits[-1] - waits[0] if waits else 0


async def _until_silent(provider: AudioProvider, request: Request, relay: Relay) -> list[Event]:
    """What comes of an answer whose vendor falls silent."""
    found: list[Event] = []
    last_s = math.inf

    async def watch() -> None:
        nonlocal last_s
        while True:
            await anyio.sleep(_STEP_S)
            now_s = anyio.current_time()
            if relay.passed < relay.after:
                continue
            last_s = min(last_s, now_s)
            if now_s - last_s > (_QUIET_S if _size(found, request) else _PATIENCE_S):
                group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        try:
            async with aclosing(provider.respond(request)) as events:  # type: ignore[type-var]
                async for event in events:
                    found.append(event)
                    last_s = anyio.current_time()
        except OssicleError:
            pass  # its own patience may be shorter
        group.cancel_scope.cancel()
    return found
