"""Histories that a provider may be given, and what happens to a conversation over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

from ossicle.audio import AudioClip
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    Part,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
)
from ossicle_testing.short_repr import ShortRepr
from ossicle_testing.strategies.clocks import START_S
from ossicle_testing.strategies.records import arguments_for, json_schemas
from ossicle_testing.strategies.signals import Signal, signals
from ossicle_testing.strategies.words import sentences

AnswerForm = Literal["text", "audio", "reference"]
"""How an earlier answer is repeated."""

StepKind = Literal["say", "wait", "branch", "undo", "reopen", "switch"]
"""What can be done with a conversation; see `Step`."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Step(ShortRepr):
    """One thing that is done with a conversation.

    Attributes:
        kind: `say` something; `wait` while the clock runs; `branch` from turn number `number`
            (modulo how many there are); `undo` the last turn; `reopen` it by its id, as another
            process would; `switch` to provider number `number` (modulo how many there are).
        text: What is said.
        wait_s: Seconds that pass.
        number: Of a turn or a provider.
    """

    kind: StepKind
    text: str = ""
    wait_s: float = 0.0
    number: int = 0


def spoken(signal: Signal) -> AudioClip:
    """The signal as a raw clip of 16-bit samples."""
    data = (signal.pcm.samples * 32767).round().astype("<i2").tobytes()
    return AudioClip.from_pcm(data, sample_rate=signal.sample_rate, channels=signal.channels)


def spoken_clips(*, max_frames: int = 400) -> st.SearchStrategy[AudioClip]:
    """Raw clips of speech-like audio; the simplest is one frame at 8 kHz."""
    return signals(
        kinds=("speech", "tone"), min_frames=1, max_frames=max_frames, max_channels=1
    ).map(spoken)


@st.composite
def conversations(
    draw: st.DrawFn,
    *,
    provider: str = "echo",
    max_turns: int = 4,
    answers: Sequence[AnswerForm] = ("text", "audio", "reference"),
    speaks: bool = True,
    has_tools: bool = True,
) -> tuple[Message, ...]:
    """Histories that end with the user, or with the results of tools; the simplest is `hello`.

    Every tool call has its result right behind it, its arguments are an object in JSON, ids are
    unique, and only answers hold references.

    Args:
        draw: Given by Hypothesis.
        provider: Who issued the references.
        max_turns: At most so many answers stand in the history.
        answers: Forms of earlier answers, simplest first.
        speaks: Whether the user also speaks.
        has_tools: Whether tools were called.
    """
    messages: list[Message] = []
    for turn in range(draw(st.integers(0, max_turns))):
        messages.append(draw(_questions(speaks=speaks)))
        if has_tools and draw(st.booleans()):
            messages += draw(_tool_rounds(turn))
        messages.append(draw(_answers(turn, provider=provider, forms=answers)))
    messages.append(draw(_questions(speaks=speaks)))
    if has_tools and draw(st.booleans()):
        messages += draw(_tool_rounds(len(messages)))
    return tuple(messages)


@st.composite
def conversation_steps(draw: st.DrawFn, *, max_steps: int = 8) -> tuple[Step, ...]:
    """What is done with a conversation, one after the other; it begins with something said.

    Args:
        draw: Given by Hypothesis.
        max_steps: At most so many.
    """
    say = st.builds(Step, kind=st.just("say"), text=sentences())
    wait = st.builds(
        Step, kind=st.just("wait"), wait_s=st.sampled_from((1.0, 3599.0, 3600.0, 86_400.0))
    )
    numbered = st.builds(Step, kind=st.sampled_from(("branch", "switch")), number=st.integers(0, 7))
    plain = st.builds(Step, kind=st.sampled_from(("undo", "reopen")))
    rest = draw(st.lists(say | wait | numbered | plain, max_size=max_steps - 1))
    return (draw(say), *rest)


@st.composite
def _questions(draw: st.DrawFn, *, speaks: bool) -> Message:
    form = draw(st.sampled_from(("text", "audio", "both") if speaks else ("text",)))
    parts: list[Part] = []
    if form != "audio":
        parts.append(TextPart(text=draw(sentences())))
    if form != "text":
        parts.append(AudioPart(clip=draw(spoken_clips()), transcript=draw(st.none() | sentences())))
    return Message(role="user", parts=tuple(parts))


@st.composite
def _answers(draw: st.DrawFn, turn: int, *, provider: str, forms: Sequence[AnswerForm]) -> Message:
    words = draw(sentences())
    part: Part
    match draw(st.sampled_from(forms)):
        case "text":
            part = TextPart(text=words)
        case "audio":
            part = AudioPart(clip=draw(spoken_clips()), transcript=words)
        case _:
            lifetime_s = draw(st.none() | st.sampled_from((3600.0, 1.0, 0.0, -1.0)))
            part = AudioReference(
                provider=provider,
                id=f"audio_{turn}",
                expires_at=None if lifetime_s is None else START_S + lifetime_s,
                transcript=words,
                duration_s=draw(st.none() | st.just(2.0)),
            )
    return Message(role="assistant", parts=(part,))


@st.composite
def _tool_rounds(draw: st.DrawFn, turn: int) -> list[Message]:
    arguments = st.just("{}") | json_schemas().flatmap(arguments_for)
    calls = [
        ToolCall(
            id=f"call_{turn}_{number}",
            name=draw(st.sampled_from(("clock", "search"))),
            arguments=draw(arguments),
        )
        for number in range(draw(st.integers(1, 2)))
    ]
    results = [
        ToolResultPart(call_id=call.id, content=draw(sentences()), is_error=draw(st.booleans()))
        for call in calls
    ]
    asked = tuple(ToolCallPart(call=call) for call in calls)
    return [Message(role="assistant", parts=asked), Message(role="tool", parts=tuple(results))]
