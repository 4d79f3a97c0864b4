"""One turn of a conversation: what was said, what came back, and what became of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ossicle.audio import AudioClip
from ossicle.conversation.prompts import LOST_AUDIO
from ossicle.messages import AudioPart, AudioReference, Message, Receipt, TextPart, Usage, Value

TurnState = Literal["pending", "committed", "failed", "ambiguous", "cancelled"]
"""`pending`: under way. `committed`: answered to its end; only these are history. `failed`: surely
not answered, which a tool of the application's own that raises sees to as well. `ambiguous`: it may
have been executed and billed. `cancelled`: the caller left."""


class Turn(Value):
    """What the user said and everything up to the model's answer to it.

    Attributes:
        id: Ours.
        state: Exactly one.
        messages: The user's message first; then answers that call tools and the tools' results;
            the model's last word at the end of a committed turn. Audio is kept as it came in and
            as it was delivered.
        provider: Who answered, or was asked last; `None` before anyone was.
        model: Which model.
        receipts: Of every call that the turn took, failed ones included.
        notes: What the caller should know: rebuilt history, repaired or spoken fallback answers.
        error: `OssicleError.code` of what ended the turn, the class name of an application's own
            exception, or `None`. Of a committed turn: it was answered and is history, and could not
            be written down.
    """

    id: str
    state: TurnState = "pending"
    messages: tuple[Message, ...] = Field(min_length=1)
    provider: str | None = None
    model: str | None = None
    receipts: tuple[Receipt, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None

    @property
    def user(self) -> Message:
        """What the user said."""
        return self.messages[0]

    @property
    def answer(self) -> Message | None:
        """The model's last word; `None` before there is one."""
        last = self.messages[-1]
        return last if last.role == "assistant" else None

    @property
    def clips(self) -> tuple[AudioClip, ...]:
        """All audio of the turn, in order."""
        return tuple(
            part.clip
            for message in self.messages
            for part in message.parts
            if isinstance(part, AudioPart)
        )

    @property
    def usage(self) -> Usage:
        """What all calls of the turn used, as far as the vendors told."""
        told = (receipt.usage for receipt in self.receipts if receipt.usage is not None)
        return sum(told, Usage())

    def recovered(self) -> Turn:
        """The same turn as it is known after its process has ended: none is under way any more."""
        return self.model_copy(update={"state": "ambiguous"}) if self.state == "pending" else self

    def with_transcripts(self, words: tuple[str | None, ...]) -> Turn:
        """The same turn with what the user's clips say, where that was not known.

        Args:
            words: For each clip of the user's message, in order; empty: it holds none.
        """
        waiting = iter(words)
        parts = tuple(
            _knowing(part, next(waiting, None)) if isinstance(part, AudioPart) else part
            for part in self.user.parts
        )
        user = self.user.model_copy(update={"parts": parts})
        return self.model_copy(update={"messages": (user, *self.messages[1:])})

    def without_sound(self) -> Turn:
        """The same turn in words: in the place of each clip what it says, where that is known."""
        messages = tuple(
            message.model_copy(
                update={
                    "parts": tuple(
                        TextPart(text=part.transcript or LOST_AUDIO)
                        if isinstance(part, AudioPart)
                        else part
                        for part in message.parts
                    )
                }
            )
            for message in self.messages
        )
        return self.model_copy(update={"messages": messages})

    def with_heard(self, heard: str | None) -> Turn:
        """The same turn with what the provider says that the user said, one line a clip."""
        n_clips = sum(isinstance(part, AudioPart) for part in self.user.parts)
        if heard is None or not n_clips:
            return self
        lines = [heard] if n_clips == 1 else heard.split("\n")
        return self.with_transcripts(tuple(lines)) if len(lines) == n_clips else self

    def without_references(self, provider: str) -> Turn:
        """The same turn without the audio ids of one provider."""
        messages = tuple(
            message.model_copy(
                update={
                    "parts": tuple(
                        part
                        for part in message.parts
                        if not (isinstance(part, AudioReference) and part.provider == provider)
                    )
                }
            )
            for message in self.messages
        )
        return self.model_copy(update={"messages": messages})


def _knowing(part: AudioPart, words: str | None) -> AudioPart:
    return part if part.transcript is not None else part.model_copy(update={"transcript": words})
