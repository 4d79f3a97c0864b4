"""What every answer has to be, whatever was asked."""

from __future__ import annotations

import typing

import numpy as np

from ossicle.audio import AudioClip
from ossicle.errors import OssicleError
from ossicle.intake import decode
from ossicle.messages import (
    AudioDelta,
    AudioPart,
    Event,
    Finished,
    InputHeard,
    Reply,
    ReplyStarted,
    Request,
    ToolCallDelta,
    Usage,
    UsageReported,
)
from ossicle_testing.conformance.provider.reachable_objects import causes_of, place_of
from ossicle_testing.conformance.provider.requests import folded
from ossicle_testing.conformance.provider.torn_samples import is_torn

_WIDTHS: dict[str | None, int] = {"s16": 2, "s24": 3}
"""Bytes of samples that can be read at the wrong one."""

EVENTS = typing.get_args(Event)


def judge_events(events: list[Event], request: Request) -> Reply:
    """Hold a complete stream to the laws of streams and return its reply.

    Raises:
        AssertionError: A law is broken.
    """
    assert events, "nothing came"
    for event in events:
        assert isinstance(event, EVENTS), f"{type(event).__name__} is no event"
    assert isinstance(events[-1], Finished), "the last event is not Finished"
    assert sum(isinstance(event, Finished) for event in events) == 1, "Finished came twice"
    started = [index for index, one in enumerate(events) if isinstance(one, ReplyStarted)]
    assert not started or started[0] == 0, "ReplyStarted comes first if it comes"
    reply = folded(events, request)
    _judge_facts(events, reply, request)
    _judge_output(events, reply, request)
    for event in events:
        if isinstance(event, UsageReported):
            judge_usage(event.usage)
    return reply


def _judge_facts(events: list[Event], reply: Reply, request: Request) -> None:
    """What stands beside the answer."""
    is_calling = bool(reply.tool_calls)
    assert is_calling == (reply.finish_reason == "tool_calls"), (
        f"{len(reply.tool_calls)} tool calls, and the end says {reply.finish_reason!r}"
    )
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    named = {event.index for event in calls if event.id}
    assert named == {event.index for event in calls}, "a tool call has no id"
    clips = sum(isinstance(part, AudioPart) for part in request.messages[-1].parts)
    heard = sum(isinstance(event, InputHeard) for event in events)
    assert heard <= clips, f"{heard} clips were heard, {clips} were sent"
    for segment in reply.segments:
        start_s, end_s = segment.start_s, segment.end_s
        assert start_s is None or start_s >= 0, "a segment starts before the audio"
        assert start_s is None or end_s is None or start_s <= end_s, (
            "a segment ends before it starts"
        )
        assert segment.confidence is None or 0 <= segment.confidence <= 1, (
            "confidence beyond 0 to 1"
        )


def _judge_output(events: list[Event], reply: Reply, request: Request) -> None:
    if reply.tool_calls:
        return
    if "text" in request.output:
        assert reply.text.strip(), f"text was asked for and none came{_hint(request)}"
    else:
        assert reply.content is None, "written text came that was not asked for"
    if "audio" in request.output:
        assert reply.audio is not None, "audio was asked for and none came"
        _judge_audio(events, reply.audio, request)
    else:
        assert reply.audio is None, "audio came that was not asked for"
        assert reply.transcript is None, "a transcript came without audio"


def _hint(request: Request) -> str:
    hears = "audio" in request.inputs
    return " (who knows real words needs the fixture `voice` to say some)" if hears else ""


def _judge_audio(events: list[Event], clip: AudioClip, request: Request) -> None:
    pieces = [event for event in events if isinstance(event, AudioDelta)]
    wanted, given = request.output_format, clip.format
    assert wanted is not None
    assert (given.container, given.encoding) == (wanted.container, wanted.encoding), (
        f"asked for {wanted}, got {given}"
    )
    for piece in pieces:
        assert piece.format == pieces[0].format, "the format changed on the way"
        assert piece.format.container == wanted.container, f"audio is labelled {piece.format}"
    for name in ("sample_rate", "channels"):
        label, true = getattr(pieces[0].format, name), getattr(given, name)
        assert label in (None, true), f"audio with a {name} of {true} is labelled {label}"
        asked = getattr(wanted, name)
        assert asked is None or getattr(given, name) == asked, f"{name} is not as asked"
    width = given.frame_width
    if given.container == "raw" and width:
        total = sum(len(piece.data) for piece in pieces)
        assert total % width == 0, "the audio ends inside a frame"
    if not given.is_pcm:
        return
    samples = decode(clip).read().samples
    assert len(samples), "the audio is empty"
    assert np.abs(samples).max() > 0, "the audio is silent"
    assert np.isfinite(samples).all(), "the audio holds samples that are no numbers"
    if given.sample_format in _WIDTHS:
        is_whole = not is_torn(samples, sample_width=_WIDTHS[given.sample_format])
        assert is_whole, "the samples are torn: read at another byte they are smoother"


def judge_usage(usage: Usage) -> None:
    """Parts are no more than their whole; what is reported is finite.

    Raises:
        AssertionError: The sums are wrong.
    """
    inputs = (usage.input_text_tokens, usage.input_audio_tokens)
    outputs = (usage.output_text_tokens, usage.output_audio_tokens)
    for total, parts in ((usage.input_tokens, inputs), (usage.output_tokens, outputs)):
        told = [part for part in parts if part is not None]
        assert total is not None or not told, "parts are reported and not their total"
        if total is not None:
            assert sum(told) <= total, f"parts of {told} in a total of {total}"
    if usage.cached_tokens is not None and usage.input_tokens is not None:
        assert usage.cached_tokens <= usage.input_tokens, "more was cached than sent"
    for name in ("input_audio_s", "output_audio_s"):
        value = getattr(usage, name)
        assert value is None or np.isfinite(value), name


def same_answer(one: Reply, other: Reply) -> None:
    """Two deliveries of one answer say and play the same.

    Raises:
        AssertionError: They do not.
    """
    assert one.text == other.text, "the text differs"
    assert (one.audio is None) == (other.audio is None)
    if one.audio is None or other.audio is None:
        return
    first, second = (decode(reply.audio).read() for reply in (one, other) if reply.audio)
    assert abs(first.duration_s - second.duration_s) < 0.1, "the audio has another length"
    if (
        one.audio.format.is_pcm
        and other.audio.format.is_pcm
        and (first.samples.shape == second.samples.shape)
    ):
        assert np.abs(first.samples - second.samples).max() < 0.02, "the audio differs"


def judge_error(error: BaseException, *, secret: str) -> None:
    """An error is ossicle's own, says what happened, and holds no secret.

    Raises:
        AssertionError: It does not.
    """
    assert isinstance(error, OssicleError), f"{type(error).__name__} leaked"
    assert str(error).strip()
    assert error.fix, f"{type(error).__name__} does not say what to do: {error}"
    told = f"{error} {error!r} {error.args} {vars(error)}"
    assert secret not in told, "a secret stands in the error"
    for one in causes_of(error):
        assert secret not in f"{one} {one!r}", f"a secret stands in {type(one).__name__}"
        place = place_of(secret, one)
        assert place is None, f"a secret can be reached from the error, at {place}"
