"""Taking turns, with a microphone and a loudspeaker in memory and the echo as the other side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.cli.live.conftest import RATE, quiet, slam, speech

from ossicle import Client, Conversation
from ossicle.errors import AudioDeviceError
from ossicle.messages import AudioDelta
from ossicle_cli.chatting import Chat
from ossicle_cli.live.loudspeaker import Loudspeaker
from ossicle_cli.live.talking import Talk
from ossicle_cli.session import Session

Samples = NDArray[np.float32]
Step = Samples | Callable[[], Samples]

GONE = AudioDeviceError("the microphone 'test' is gone", device="test", fix="Connect it again.")


class Ear:
    """A microphone that gives what it was told to, block by block, and notes what it is asked."""

    sample_rate = RATE
    has_lost = False

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.is_on = False
        self.starts = 0

    def start(self) -> None:
        self.is_on, self.starts = True, self.starts + 1

    def stop(self) -> None:
        self.is_on = False

    def read(self) -> Samples:
        assert self.is_on
        if not self._steps:
            raise KeyboardInterrupt
        step = self._steps[0]
        if callable(step):
            self._steps.pop(0)
            return step()
        block, rest = step[:1000], step[1000:]
        self._steps[:1] = [rest] if len(rest) else []
        return block


class Mouth:
    """A loudspeaker that keeps what it plays."""

    def __init__(self, ear: Ear, *, problem: AudioDeviceError | None = None) -> None:
        self._ear, self._problem = ear, problem
        self.played, self.stops = b"", 0

    def play(self, delta: AudioDelta) -> None:
        assert not self._ear.is_on  # it would hear itself
        self.played += delta.data

    def finish(self) -> AudioDeviceError | None:
        return self._problem

    def stop(self) -> None:
        self.stops += 1


class Lines:
    def __init__(self, *lines: str | None) -> None:
        self._lines = list(lines)
        self.is_over = False

    def next(self) -> str | None:
        return self._lines.pop(0) if self._lines else None


@pytest.fixture
def talk() -> Iterator[Conversation]:
    with Client("echo") as client:
        yield client.conversation()


def hold(
    talk: Conversation, ear: Ear, *, mouth: Mouth | None = None, lines: Lines | None = None,
    longest_s: float = 60.0,
) -> tuple[int, Mouth]:  # fmt: skip
    """How often something failed, and the loudspeaker."""
    mouth = mouth or Mouth(ear)
    session = Session()
    chat = Chat(
        session, talk, voice=None, out_dir=None, format="wav",
        loudspeaker=cast(Loudspeaker, mouth),
    )  # fmt: skip
    spoken = Talk(
        session, chat, microphone=ear, lines=lines or Lines(), pause_s=0.8, longest_s=longest_s
    )
    return spoken.run(), mouth


def raising(error: BaseException) -> Callable[[], Samples]:
    def step() -> Samples:
        raise error

    return step


def answers(talk: Conversation) -> bytes:
    found = b""
    for turn in talk.turns:
        assert turn.answer is not None
        for part in turn.answer.parts:
            found += cast(Any, part).clip.read_bytes() if hasattr(part, "clip") else b""
    return found


def test_turns_alternate_and_the_microphone_is_off_meanwhile(talk: Conversation) -> None:
    ear = Ear(quiet(1.0), speech(), quiet(2.0), speech(), quiet(2.0))
    n_failed, mouth = hold(talk, ear)
    assert n_failed == 0
    assert [turn.state for turn in talk.turns] == ["committed", "committed"]
    assert mouth.played == answers(talk)
    assert not ear.is_on
    assert ear.starts == 3


def test_where_nothing_is_said_nothing_is_sent(
    talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    n_failed, mouth = hold(talk, Ear(quiet(1.0), slam(), quiet(3.0), raising(GONE)))
    assert n_failed == 1  # the microphone
    assert talk.turns == ()
    assert mouth.played == b""
    told = capsys.readouterr().err
    assert "not sent: " in told
    assert "audio_device: the microphone 'test' is gone. Connect it again." in told


def test_what_was_said_before_the_microphone_vanished_is_a_turn(
    talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    ear = Ear(quiet(1.0), speech(), raising(GONE))
    n_failed, mouth = hold(talk, ear)
    assert n_failed == 1
    assert ear.starts == 1
    [turn] = talk.turns
    assert turn.state == "committed"
    assert mouth.played == answers(talk)
    out, err = capsys.readouterr()
    assert out.startswith("I heard 2.")
    assert err.index("you spoke for 2.") < err.index("is gone")


def test_a_microphone_that_never_starts_is_an_error_and_no_turn(talk: Conversation) -> None:
    class Deaf(Ear):
        def start(self) -> None:
            raise GONE

    assert hold(talk, Deaf())[0] == 1
    assert talk.turns == ()


def test_an_interrupt_while_the_answer_plays_keeps_it_and_is_silent(talk: Conversation) -> None:
    class Interrupted(Mouth):
        def finish(self) -> AudioDeviceError | None:
            raise KeyboardInterrupt

    ear = Ear(quiet(1.0), speech(), quiet(1.0))
    mouth = Interrupted(ear)
    assert hold(talk, ear, mouth=mouth)[0] == 0
    assert mouth.stops == 1
    assert [turn.state for turn in talk.turns] == ["committed"]


def test_an_interrupt_within_the_answer_cancels_its_turn(talk: Conversation) -> None:
    class Interrupted(Mouth):
        def play(self, delta: AudioDelta) -> None:
            raise KeyboardInterrupt

    ear = Ear(quiet(1.0), speech(), quiet(1.0))
    mouth = Interrupted(ear)
    assert hold(talk, ear, mouth=mouth)[0] == 0
    assert mouth.stops == 1
    # A short answer may have been read ahead to its end.
    assert [turn.state for turn in talk.turns] in (["cancelled"], ["committed"])


def test_a_loudspeaker_that_fails_is_told_and_fails_nothing(
    talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    ear = Ear(quiet(1.0), speech(), quiet(1.0))
    assert hold(talk, ear, mouth=Mouth(ear, problem=GONE))[0] == 0
    assert "the answer was not heard to its end, and is kept" in capsys.readouterr().err
    assert [turn.state for turn in talk.turns] == ["committed"]


def test_lines_are_turns_and_commands(
    talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    ear = Ear(quiet(1.0))
    lines = Lines("hello", " ", "nonsense", "/undo", "@none.wav", "/quit", "never")
    n_failed, mouth = hold(talk, ear, lines=lines)
    assert n_failed == 1
    assert "file_access" in capsys.readouterr().err
    assert [turn.state for turn in talk.turns] == ["committed"]
    assert mouth.played.startswith(answers(talk))


def test_an_empty_line_does_not_interrupt_who_speaks(
    talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(*[None] * 48, " ")  # two seconds later
    hold(talk, Ear(quiet(1.0), speech(), quiet(1.0)), lines=lines)
    assert "you spoke for 2." in capsys.readouterr().err


def test_the_end_of_a_terminals_input_ends_it(talk: Conversation) -> None:
    lines = Lines()
    lines.is_over = True
    ear = Ear(quiet(1.0), speech(), quiet(1.0))
    assert hold(talk, ear, lines=lines)[0] == 0
    assert talk.turns == ()
    assert not ear.is_on


def test_speech_without_end_is_cut_and_that_is_told(
    talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(talk, Ear(quiet(1.0), speech(), speech(), speech()), longest_s=3.0)
    told = capsys.readouterr().err
    assert "you spoke for 3.0 s, cut here: it was too long for one turn" in told


def test_the_end_of_an_answer_in_the_room_is_not_heard(
    talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    # The utterance ends within its pause; what comes then is the first that is read afterwards.
    rest = speech()[: round(0.15 * RATE)]
    ear = Ear(quiet(1.0), speech(), quiet(0.85), rest, quiet(2.0))
    hold(talk, ear)
    assert len(talk.turns) == 1
    assert capsys.readouterr().err.count("you spoke") == 1
    assert ear.starts == 2


def test_what_was_lost_is_told(talk: Conversation, capsys: pytest.CaptureFixture[str]) -> None:
    ear = Ear(quiet(1.0), speech(), quiet(1.0))
    ear.has_lost = True
    hold(talk, ear)
    assert "some of it was lost" in capsys.readouterr().err
