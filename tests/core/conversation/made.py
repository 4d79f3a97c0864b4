"""Turns and models for tests."""

from __future__ import annotations

import datetime

from ossicle.abc import AudioInput, Capabilities, FormatRule
from ossicle.audio import AudioClip
from ossicle.conversation import Turn, TurnState
from ossicle.messages import CHAT_AUDIO_ROWS, AudioPart, AudioReference, Message, Part, TextPart

NOW_S = 1_800_000_000.0


def model(
    provider: str = "vendor",
    *,
    has_references: bool = True,
    hears: bool = True,
    tools: bool = True,
    max_clips: int | None = None,
    context_tokens: int | None = None,
) -> Capabilities:
    """A chat model at 10 tokens per second in and 20 out."""
    wav = FormatRule(container="wav")
    return Capabilities(
        provider=provider,
        model="m",
        rows={"respond": CHAT_AUDIO_ROWS},
        audio_input=AudioInput(formats=(wav,), max_clips=max_clips) if hears else None,
        tools=tools,
        audio_references=has_references,
        context_tokens=context_tokens,
        audio_tokens_per_s_in=10,
        audio_tokens_per_s_out=20,
        source="made up",
        as_of=datetime.date(2026, 11, 23),
    )


def clip(seconds: float = 1.0) -> AudioClip:
    """Silence."""
    return AudioClip.from_pcm(bytes(int(seconds * 8000) * 2), sample_rate=8000)


def turn(
    name: str = "t1",
    *,
    said: str | None = None,
    heard: str | None = None,
    seconds: float | None = None,
    answer: str | None = "fine",
    expires_at: float | None = None,
    reference: str | None = None,
    provider: str = "vendor",
    state: TurnState = "committed",
    spoken_s: float = 1.0,
) -> Turn:
    """One exchange; the answer is spoken when it has a length."""
    user: list[Part] = [TextPart(text=said)] if said is not None else []
    if seconds is not None:
        user.append(AudioPart(clip=clip(seconds), transcript=heard))
    parts: list[Part] = [AudioPart(clip=clip(spoken_s), transcript=answer)] if spoken_s else []
    if not spoken_s and answer is not None:
        parts.append(TextPart(text=answer))
    if reference is not None:
        parts.append(
            AudioReference(
                provider=provider,
                id=reference,
                expires_at=expires_at,
                transcript=answer,
                duration_s=spoken_s,
            )
        )
    return Turn(
        id=name,
        state=state,
        messages=(
            Message(role="user", parts=tuple(user or [TextPart(text="hello")])),
            Message(role="assistant", parts=tuple(parts)),
        ),
        provider=provider,
        model="m",
    )
