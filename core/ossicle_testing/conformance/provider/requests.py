"""Requests that fit a record, as the framework would send them, and the replies to them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from ossicle.abc import AudioProvider, Capabilities, FormatRule
from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle.messages import (
    AudioPart,
    Event,
    Message,
    ModalityRow,
    Part,
    Reply,
    ReplyFold,
    Request,
    Task,
    TextPart,
)
from ossicle_testing.strategies.formats import installed_writers

TEXT = "Please say hello to everybody."
"""What is asked, in writing."""

Voice = Callable[[int, int], Pcm]
"""Somebody who speaks, by sample rate in Hz and channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row of the matrix, delivered one way.

    Attributes:
        record: Of the model.
        task: Of the row.
        row: Inputs and outputs.
        stream: Whether the answer comes in pieces.
    """

    record: Capabilities
    task: Task
    row: ModalityRow
    stream: bool

    @property
    def rules(self) -> tuple[FormatRule, ...]:
        """Formats of the answer's audio; empty where there is none."""
        output = self.record.audio_output
        if output is None or "audio" not in self.row.outputs:
            return ()
        return output.streamed if self.stream else output.whole

    def __str__(self) -> str:
        """In words, as the report claims it."""
        way = "streamed" if self.stream else "whole"
        return f"{self.record.model} {self.task}: {self.row}, {way}"


def deliveries(record: Capabilities) -> list[Delivery]:
    """Every way in which a model says that it answers."""
    found = []
    for task, rows in record.rows.items():
        for row in rows:
            for stream in (True, False) if record.streaming else (False,):
                delivery = Delivery(record=record, task=task, row=row, stream=stream)
                if "audio" not in row.outputs or delivery.rules:
                    found.append(delivery)
    return found


def input_formats(record: Capabilities) -> Iterator[AudioFormat]:
    """Every encoding that a model takes, at the ends of its rates, in each channel count."""
    if record.audio_input is None:
        return
    for rule in record.audio_input.formats:
        for encoding in rule.encodings or _written(rule.container):
            rates = rule.sample_rates or (16000, rule.max_sample_rate or 24000)
            counts = rule.channels or (1,)
            shapes = [(rate, counts[0]) for rate in dict.fromkeys((rates[0], rates[-1]))]
            shapes += [(rates[0], count) for count in counts[1:]]
            for rate, count in shapes:
                yield AudioFormat(
                    container=rule.container, encoding=encoding, sample_rate=rate, channels=count
                )


def _written(container: str) -> tuple[str, ...]:
    """Encodings in which something here writes a container; the usual one where nothing does."""
    found = [one.encoding for one in installed_writers() if one.rule.container == container]
    return tuple(dict.fromkeys(found)) or ("pcm_s16le",)


def make_clip(voice: Voice, form: AudioFormat) -> AudioClip | None:
    """Speech in a format; `None` where nothing here writes it."""
    assert form.sample_rate is not None
    assert form.channels is not None
    for writer in installed_writers():
        rule = writer.rule
        if (rule.container, writer.encoding) != (form.container, form.encoding):
            continue
        if rule.sample_rates is not None and form.sample_rate not in rule.sample_rates:
            continue
        pcm, sink = voice(form.sample_rate, form.channels), io.BytesIO()
        writer.converter.factory().encode(pcm.stream(), form, sink)
        if form.container != "raw":
            return AudioClip.from_bytes(sink.getvalue())
        return AudioClip.from_pcm(
            sink.getvalue(),
            sample_rate=form.sample_rate,
            channels=form.channels,
            sample_format=form.sample_format,
        )
    return None


def default_clip(voice: Voice, record: Capabilities) -> AudioClip:
    """Speech in the first format of a model that something here writes."""
    for form in input_formats(record):
        clip = make_clip(voice, form)
        if clip is not None:
            return clip
    raise AssertionError(f"nothing installed writes any format that {record} takes")


def output_format(rule: FormatRule) -> AudioFormat:
    """The format a rule stands for, as the framework would ask for it."""
    return rule.preferred(
        AudioFormat(
            container=rule.container,
            encoding=(rule.encodings or ("pcm_s16le",))[0],
            sample_rate=rule.sample_rates[0] if rule.sample_rates else None,
            channels=rule.channels[0] if rule.channels else None,
        )
    )


def output_formats(rule: FormatRule) -> Iterator[AudioFormat]:
    """Every format that a rule offers: each encoding, the ends of its rates, each channel count."""
    first = output_format(rule)
    offered = rule.sample_rates or (first.sample_rate,)
    rates = dict.fromkeys((offered[0], offered[-1]))
    for encoding in rule.encodings or (first.encoding,):
        for rate in rates:
            for count in rule.channels or (first.channels,):
                yield rule.preferred(
                    AudioFormat(
                        container=rule.container, encoding=encoding, sample_rate=rate,
                        channels=count,
                    )
                )  # fmt: skip


def make_request(
    delivery: Delivery,
    *,
    clip: AudioClip | None = None,
    text: str = TEXT,
    form: AudioFormat | None = None,
    more_clips: tuple[AudioClip, ...] = (),
    **more: Any,
) -> Request:
    """A request for a delivery.

    Args:
        delivery: What is asked for.
        clip: The audio of the newest message, where the row has some.
        text: The text of the newest message, where the row has some.
        form: Format of the answer's audio; `None` takes the first.
        more_clips: Further audio of the newest message.
        more: Further fields of `Request`; `history` stands before the newest message.
    """
    parts: list[Part] = []
    if "text" in delivery.row.inputs:
        parts.append(TextPart(text=text))
    if "audio" in delivery.row.inputs:
        assert clip is not None
        parts += [AudioPart(clip=one) for one in (clip, *more_clips)]
    rules = delivery.rules
    history: tuple[Message, ...] = more.pop("history", ())
    return Request(
        task=delivery.task,
        model=delivery.record.model,
        messages=(*history, Message(role="user", parts=tuple(parts))),
        output=delivery.row.outputs,
        output_format=(form or output_format(rules[0])) if rules else None,
        voice=delivery.record.default_voice if rules else None,
        stream=delivery.stream,
        **more,
    )


async def collect(provider: AudioProvider, request: Request) -> list[Event]:
    """All events of one call; the iterator is closed on every path, as the framework does."""
    async with aclosing(provider.respond(request)) as events:  # type: ignore[type-var]
        return [event async for event in events]


def folded(events: list[Event], request: Request, *, provider: str = "any") -> Reply:
    """The reply that events add up to."""
    fold = ReplyFold(provider=provider, model=request.model)
    for event in events:
        fold.add(event)
    return fold.reply()
