"""Taking turns aloud: listen until somebody has spoken, let the model answer, listen again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ossicle.audio import AudioClip
from ossicle.errors import AudioDeviceError
from ossicle.signal import UtteranceDetector, float_to_s16
from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from ossicle.signal import Samples, Utterance
    from ossicle_cli.chatting import Chat
    from ossicle_cli.session import Session

_SETTLE_S = 0.2
"""Not listened to after an answer: its last sound is still in the room, or on its way there."""


class SoundSource(Protocol):
    """What gives the sound of the room; see `Microphone`."""

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        ...

    @property
    def has_lost(self) -> bool:
        """Whether sound was lost since `start`."""
        ...

    def start(self) -> None:
        """Begin to listen."""

    def stop(self) -> None:
        """Stop listening."""

    def read(self) -> Samples:
        """What has come."""
        ...


class LineSource(Protocol):
    """What gives written lines; see `TypedLines`."""

    @property
    def is_over(self) -> bool:
        """Whether no more will come and the talk is over with it."""
        ...

    def next(self) -> str | None:
        """The next line, if there is one."""
        ...


class Talk:
    """A spoken conversation, one side at a time.

    The microphone is off while the model answers, so that it does not hear itself.

    Args:
        session: Of this run.
        chat: Takes what was said and shows the answers.
        microphone: Where speech comes from.
        lines: What somebody writes meanwhile.
        pause_s: Seconds of quiet after which somebody has finished.
        longest_s: Where what is said is cut at the latest.
    """

    def __init__(
        self,
        session: Session,
        chat: Chat,
        *,
        microphone: SoundSource,
        lines: LineSource,
        pause_s: float,
        longest_s: float = 60.0,
    ) -> None:
        self._session, self._chat = session, chat
        self._microphone, self._lines = microphone, lines
        self._detector = UtteranceDetector(
            sample_rate=microphone.sample_rate, pause_s=pause_s, longest_s=longest_s
        )
        self._lost: AudioDeviceError | None = None
        self._has_answered = False

    def run(self) -> int:
        """Talk until `/quit`, an interrupt, or the loss of the microphone.

        Returns:
            How often something failed.
        """
        n_failed = 0
        try:
            while self._lost is None and not self._chat.is_over:
                said = self._next()
                if said is None:
                    break
                went_well = self._chat.take(said) if isinstance(said, str) else self._say(said)
                n_failed += not went_well
                self._has_answered = True
        except KeyboardInterrupt:
            self._session.note("\ninterrupted")
        if self._lost is not None:
            self._chat.report(self._lost)
            n_failed += 1
        return n_failed

    def _say(self, said: Utterance) -> bool:
        data = float_to_s16(said.samples).astype("<i2").tobytes()
        clip = AudioClip.from_pcm(data, sample_rate=said.sample_rate)
        cut = ", cut here: it was too long for one turn" if said.is_cut else ""
        self._session.note(f"you spoke for {said.duration_s:.1f} s{cut}")
        if self._microphone.has_lost:
            self._session.note("some of it was lost: this machine was too busy to listen")
        return self._chat.say(clip)

    def _next(self) -> Utterance | str | None:
        """What is said or written next; `None` at the end."""
        if self._session.is_watched:
            self._session.note("listening")
        try:
            self._microphone.start()
            return self._listen()
        except AudioDeviceError as error:
            self._lost = error
            # What was said until then was said.
            return next(iter(self._detector.finish()), None)
        finally:
            self._microphone.stop()
            self._detector.reset()

    def _listen(self) -> Utterance | str | None:
        unheard = round(_SETTLE_S * self._microphone.sample_rate) if self._has_answered else 0
        while not self._lines.is_over:
            line = self._lines.next()
            if line is not None and line.strip():
                return line
            block = self._microphone.read()
            skipped = min(unheard, len(block))
            unheard -= skipped
            for said in self._detector.push(block[skipped:]):
                return said
        return None


def greeting(microphone: object, loudspeaker: object) -> str:
    """What a person is told before the first turn."""
    return (
        f"listening on {visible(str(microphone))}, speaking on {visible(str(loudspeaker))}. "
        "Speak, and pause to be answered; or write a line. Ctrl-C ends it."
    )
