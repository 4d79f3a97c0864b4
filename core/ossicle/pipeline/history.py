"""Earlier answers in the form that one provider understands now; a dead audio id never leaves."""

from __future__ import annotations

from ossicle.abc import Capabilities
from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import AudioPart, AudioReference, Message, Part, TextPart

SAFETY_S = 60.0
"""An audio id this near to its end counts as dead: clocks differ and requests take time."""


def for_provider(message: Message, capabilities: Capabilities, *, now_s: float) -> Message:
    """An assistant's message as this provider can be told it; others are returned as they are.

    An audio id that the provider itself issued and that still lives stands for the audio; else
    what was said goes as text.

    Args:
        message: With all that is known of the answer.
        capabilities: Of the model that is asked now.
        now_s: Unix seconds.

    Raises:
        UnsupportedFeatureError: The answer has neither a live id nor a transcript.
    """
    if message.role != "assistant":
        return message
    rest = [part for part in message.parts if not isinstance(part, AudioPart | AudioReference)]
    spoken = [part for part in message.parts if isinstance(part, AudioPart | AudioReference)]
    if not spoken:
        return message
    live = next((part for part in spoken if _is_live(part, capabilities, now_s)), None)
    if live is not None:
        return Message(role="assistant", parts=(live, *rest))
    if any(isinstance(part, TextPart) for part in rest):
        return Message(role="assistant", parts=tuple(rest))
    words = next((part.transcript for part in spoken if part.transcript), None)
    if words is None and not rest:
        raise UnsupportedFeatureError(
            f"an earlier spoken answer has no transcript, and {capabilities} knows no id of it",
            feature="history",
            fix="Leave the answer out of the history, or transcribe it first.",
        )
    told: list[Part] = [] if words is None else [TextPart(text=words)]
    return Message(role="assistant", parts=(*told, *rest))


def _is_live(part: Part, capabilities: Capabilities, now_s: float) -> bool:
    return (
        isinstance(part, AudioReference)
        and capabilities.audio_references
        and part.provider == capabilities.provider
        and (part.expires_at is None or part.expires_at - SAFETY_S > now_s)
    )
