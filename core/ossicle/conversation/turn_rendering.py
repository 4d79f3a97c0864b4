"""One turn in the form in which one model can be told it."""

from __future__ import annotations

from collections.abc import Iterator

from ossicle.abc import Capabilities
from ossicle.conversation.history_policy import ChangeKind, HistoryChange, HistoryPolicy
from ossicle.conversation.prompts import LOST_AUDIO, OWN_AUDIO, told_answer, told_tool
from ossicle.conversation.turn import Turn
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from ossicle.pipeline.prepared_call import Liveness
from ossicle.policy import audio_tokens, estimate_tokens

_Spoken = AudioPart | AudioReference

_PER_MESSAGE = 4
_PER_S_IN, _PER_S_OUT = 10.0, 20.0
"""Tokens where the model's record names none: OpenAI's, the only ones published."""


class RenderedTurn:
    """How a turn is told; audio gives way when told to.

    Args:
        turn: What was said.
        capabilities: Of the model.
        liveness: Judges audio ids.
        policy: How lost voices are told.
        speaks: Whether the model shall speak.
        is_current: Whether it is under way: then what the user says goes as it is.
    """

    def __init__(
        self,
        turn: Turn,
        capabilities: Capabilities,
        liveness: Liveness,
        *,
        policy: HistoryPolicy,
        speaks: bool,
        is_current: bool = False,
    ) -> None:
        self.turn = turn
        self._capabilities = capabilities
        self._liveness = liveness
        self._is_told = capabilities.audio_references and speaks and policy.lost_voice == "told"
        self._transcribed: str | None = None
        self._lost: str | None = None
        self._voiceless: str | None = None
        self._changes: list[HistoryChange] = []
        self.n_references = 0
        self._messages: tuple[Message, ...] | None = None
        self._tokens = self._n_clips = 0
        if capabilities.audio_input is None and not is_current:
            self._lost = f"{capabilities} takes no audio"

    @property
    def lacks_words(self) -> bool:
        """Whether nobody has told yet what the user's audio says."""
        return any(
            isinstance(part, AudioPart) and part.transcript is None for part in self.turn.user.parts
        )

    @property
    def n_clips(self) -> int:
        """How many clips are sent."""
        self.messages()
        return self._n_clips

    @property
    def tokens(self) -> int:
        """What the turn counts in this form."""
        self.messages()
        return self._tokens

    @property
    def full_tokens(self) -> int:
        """What it would count with all its audio."""
        total = 0
        for message in self.turn.messages:
            spoken = [part for part in message.parts if isinstance(part, AudioPart)]
            rest = [part for part in message.parts if not isinstance(part, AudioReference)]
            is_answer = message.role == "assistant"
            total += self._count(message.model_copy(update={"parts": tuple(rest)}))
            if is_answer and spoken:
                extra = self._seconds(spoken, self._rate_out) - self._seconds(spoken, self._rate_in)
                total += extra
        return total

    def transcribe(self, reason: str) -> bool:
        """Let user audio give way to its words; `False` where they are not known."""
        spoken = [part for part in self.turn.user.parts if isinstance(part, AudioPart)]
        if not spoken or not all(part.transcript for part in spoken):
            return False
        if self._transcribed is None:
            self._transcribed = reason
            self._forget()
        return True

    def let_voice_go(self, reason: str) -> None:
        """Let spoken answers give way to their words, where those are known."""
        if self._voiceless is None:
            self._voiceless = reason
            self._forget()

    def lose_audio(self, reason: str) -> None:
        """Leave out audio whose words nobody knows."""
        if self._lost is None:
            self._lost = reason
            self._forget()

    def changes(self) -> tuple[HistoryChange, ...]:
        """What is told otherwise than it was."""
        self.messages()
        return tuple(self._changes)

    def messages(self) -> tuple[Message, ...]:
        """The turn as messages."""
        if self._messages is None:
            self._changes, self.n_references = [], 0
            self._messages = (self._user(), *self._answers())
            # Asked for again and again while room is made, and dear to count.
            self._tokens = sum(self._count(message) for message in self._messages)
            self._n_clips = sum(
                isinstance(part, AudioPart) for message in self._messages for part in message.parts
            )
        return self._messages

    def _forget(self) -> None:
        self._messages = None

    def _user(self) -> Message:
        parts = tuple(self._user_part(part) for part in self.turn.user.parts)
        return self.turn.user.model_copy(update={"parts": parts})

    def _user_part(self, part: Part) -> Part:
        why = self._transcribed or self._lost
        if not isinstance(part, AudioPart) or why is None:
            return part
        if part.transcript:
            self._note("transcribed", why)
            return TextPart(text=part.transcript)
        self._note("audio_lost", why)
        return TextPart(text=LOST_AUDIO)

    def _answers(self) -> Iterator[Message]:
        names: dict[str, str] = {}
        for message in map(self._without_open_calls, self.turn.messages[1:]):
            if not message.parts:
                continue
            calls = [part.call for part in message.parts if isinstance(part, ToolCallPart)]
            names |= {call.id: call.name for call in calls}
            if self._capabilities.tools or not (calls or message.role == "tool"):
                yield self._answer(message) if message.role == "assistant" else message
                continue
            if message.role == "tool":
                self._note("tools_told", f"{self._capabilities} calls no tools")
                yield _user(self._results(message, names))
            elif len(calls) < len(message.parts):
                rest = tuple(part for part in message.parts if not isinstance(part, ToolCallPart))
                yield self._answer(message.model_copy(update={"parts": rest}))

    def _without_open_calls(self, message: Message) -> Message:
        """A call that nobody answered would make a vendor refuse the history."""
        answered = {
            part.call_id
            for other in self.turn.messages
            for part in other.parts
            if isinstance(part, ToolResultPart)
        }
        parts = tuple(
            part
            for part in message.parts
            if not (isinstance(part, ToolCallPart) and part.call.id not in answered)
        )
        return message.model_copy(update={"parts": parts})

    def _results(self, message: Message, names: dict[str, str]) -> str:
        results = [part for part in message.parts if isinstance(part, ToolResultPart)]
        return "\n".join(told_tool(names.get(one.call_id, "?"), one.content) for one in results)

    def _answer(self, message: Message) -> Message:
        """An answer: by id, else in words, else as sound."""
        spoken = [part for part in message.parts if isinstance(part, AudioPart | AudioReference)]
        rest = tuple(
            part for part in message.parts if not isinstance(part, AudioPart | AudioReference)
        )
        if not spoken:
            return message
        has_words = message.text or any(part.transcript for part in spoken)
        gives_way = self._voiceless is not None and has_words
        for part in spoken:
            if self._liveness.is_live(part) and not gives_way:
                self.n_references += 1
                return Message(role="assistant", parts=(part, *rest))
        if gives_way and self._capabilities.audio_references:
            self._note("voice_lost", str(self._voiceless))
        elif self._capabilities.audio_references:
            self._note("voice_lost", "no audio id of it lives for long enough")
        else:
            self._note("voice_lost", f"{self._capabilities} takes earlier answers as text")
        return self._in_words(spoken, rest)

    def _in_words(self, spoken: list[_Spoken], rest: tuple[Part, ...]) -> Message:
        texts = [part.text for part in rest if isinstance(part, TextPart)]
        words = "\n".join(texts) or next((p.transcript for p in spoken if p.transcript), None)
        calls = tuple(part for part in rest if isinstance(part, ToolCallPart))
        if words is None and not calls:
            return self._as_sound(spoken)
        if words is not None and self._is_told and not calls:
            return _user(told_answer(words))
        text = () if words is None else (TextPart(text=words),)
        return Message(role="assistant", parts=(*text, *calls))

    def _as_sound(self, spoken: list[_Spoken]) -> Message:
        clip = next((part for part in spoken if isinstance(part, AudioPart)), None)
        if clip is None or self._lost is not None:
            self._note("audio_lost", self._lost or "neither its words nor its sound are known")
            return _user(told_answer(LOST_AUDIO))
        return Message(role="user", parts=(TextPart(text=OWN_AUDIO), clip))

    def _note(self, kind: ChangeKind, reason: str) -> None:
        self._changes.append(HistoryChange(turn_id=self.turn.id, kind=kind, reason=reason))

    @property
    def _rate_in(self) -> float:
        return self._capabilities.audio_tokens_per_s_in or _PER_S_IN

    @property
    def _rate_out(self) -> float:
        return self._capabilities.audio_tokens_per_s_out or _PER_S_OUT

    def _count(self, message: Message) -> int:
        total = _PER_MESSAGE
        for part in message.parts:
            match part:
                case AudioPart():
                    total += self._seconds([part], self._rate_in)
                case AudioReference():
                    rate = max(self._rate_in, self._rate_out)
                    total += audio_tokens(part.duration_s or 0.0, rate)
                case TextPart():
                    total += estimate_tokens(part.text)
                case ToolCallPart():
                    total += estimate_tokens(f"{part.call.name}:{part.call.arguments}")
                case ToolResultPart():
                    total += estimate_tokens(part.content)
        return total

    def _seconds(self, parts: list[AudioPart], rate: float) -> int:
        return sum(audio_tokens(part.clip.duration_s or 0.0, rate) for part in parts)


def _user(text: str) -> Message:
    return Message(role="user", parts=(TextPart(text=text),))
