"""Plays a script's delays and faults on a well-behaved stream of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from ossicle.audio import AudioFormat
from ossicle.errors import ProviderError
from ossicle.messages import AudioDelta, Event, Finished

from .script import EchoScript

Sleep = Callable[[float], Awaitable[None]]

_FALSE_RATE = 16000


async def perform(
    events: AsyncGenerator[Event, None],
    script: EchoScript,
    *,
    sleep: Sleep,
    failure: ProviderError | None,
) -> AsyncGenerator[Event, None]:
    """The events as the script wants them to come.

    Args:
        events: Of a complete answer; closed on every path.
        script: What to do to them.
        sleep: Waits for so many seconds.
        failure: Raised in place of event `script.fail_at`; `None`: this call does not fail.
    """
    async with aclosing(events), aclosing(_changed(events, script)) as changed:
        index = 0
        async for event in changed:
            wait_s = script.pause_s if index else script.delay_s
            if wait_s:
                await sleep(wait_s)
            if failure is not None and index == script.fail_at:
                raise failure
            if index == script.cut_at:
                return
            yield event
            index += 1
        if failure is not None and index <= script.fail_at:
            raise failure


async def _changed(
    events: AsyncGenerator[Event, None], script: EchoScript
) -> AsyncGenerator[Event, None]:
    async for event in events:
        match event:
            case AudioDelta():
                if script.mislabel_audio:
                    event = replace(event, format=_false(event.format))
                if not script.omit_audio:
                    yield event
            case Finished() if script.repeat_finished:
                yield event
                yield event
            case _:
                yield event


def _false(form: AudioFormat) -> AudioFormat:
    """Another format than this one, in a way that matters."""
    if form.container == "raw":
        return form.at(sample_rate=_FALSE_RATE)
    return AudioFormat.named("mp3")
