"""Earlier answers in the form that one provider understands now; a dead audio id never leaves."""

from __future__ import annotations

from ossicle.abc import Capabilities
from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import AudioPart, AudioReference, Message, Part, TextPart

MAX_SKEW_S = 600.0
"""How far the clocks of two machines that ask for the time now and then may be apart."""

SAFETY_S = 60.0
"""Seconds for which an audio id must live beyond the end of the call that names it."""


class Liveness:
    """Judges the audio ids of a history for one call.

    Args:
        capabilities: Of the model that is asked.
        now_s: Unix seconds by this machine's clock.
        skew_s: Seconds by which the vendor's clock is ahead; `None`: not known, and the worst of
            ±600 s is assumed.
        left_s: Seconds that are left to the call, pauses and repeats included: the id goes out
            again with each of them.
    """

    def __init__(
        self, capabilities: Capabilities, *, now_s: float, skew_s: float | None, left_s: float
    ) -> None:
        self._capabilities = capabilities
        ahead_s = MAX_SKEW_S if skew_s is None else skew_s
        self._dead_before_s = now_s + ahead_s + max(left_s, 0.0) + SAFETY_S

    def is_live(self, part: Part) -> bool:
        """Whether a part is an audio id of this provider that surely outlives the call.

        An id without a known expiry is not used: nobody can tell whether it lives.
        """
        return (
            isinstance(part, AudioReference)
            and self._capabilities.audio_references
            and part.provider == self._capabilities.provider
            and part.expires_at is not None
            and part.expires_at > self._dead_before_s
        )


def for_provider(message: Message, capabilities: Capabilities, *, liveness: Liveness) -> Message:
    """An assistant's message as this provider can be told it; others are returned as they are.

    An audio id that the provider itself issued and that outlives the call stands for the audio;
    else what was said goes as text.

    Args:
        message: With all that is known of the answer.
        capabilities: Of the model that is asked now.
        liveness: Judges audio ids.

    Raises:
        UnsupportedFeatureError: The answer has neither a live id nor a transcript.
    """
    if message.role != "assistant":
        return message
    rest = [part for part in message.parts if not isinstance(part, AudioPart | AudioReference)]
    spoken = [part for part in message.parts if isinstance(part, AudioPart | AudioReference)]
    if not spoken:
        return message
    live = next((part for part in spoken if liveness.is_live(part)), None)
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
