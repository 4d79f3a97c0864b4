"""`ossicle chat --live` as a process, with a sound card made of files."""

from __future__ import annotations

import importlib.util
import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.cli.live.conftest import RATE, SoundCard, quiet, slam, speech

from ossicle import AudioClip, Client
from ossicle.conversation import Turn
from ossicle.messages import AudioPart, Message
from ossicle.storage import SqliteStore
from ossicle_testing.vendors.openai import FakeOpenAI

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(spawn: Callable[..., subprocess.Popen[bytes]]) -> Iterator[Start]:
    """Starts `ossicle chat --live`; what a failed test leaves running ends with it."""
    started = []

    def begin(
        *arguments: str, stdin: int = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[bytes]:
        started.append(spawn("chat", "--live", *arguments, stdin=stdin, **environment))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def kept_turns(folder: Path, conversation_id: str) -> tuple[Turn, ...]:
    with SqliteStore(folder) as store, Client("echo", store=store) as client:
        return client.conversations.open(conversation_id).turns


def clip_of(message: Message | None) -> AudioClip:
    assert message is not None
    [part] = [part for part in message.parts if isinstance(part, AudioPart)]
    assert part.clip is not None
    return part.clip


def sound(message: Message | None) -> bytes:
    """The samples of a message's one clip, as 16-bit integers."""
    return clip_of(message).read_bytes()


def lines(process: subprocess.Popen[bytes], count: int) -> list[str]:
    """The next lines of standard output, as they come."""
    assert process.stdout is not None
    return [process.stdout.readline().decode().strip() for _ in range(count)]


def quitted(process: subprocess.Popen[bytes]) -> str:
    """Write `/quit`, which is read once the answer was heard; standard error after a good end."""
    _, told = process.communicate(b"/quit\n", timeout=50)
    assert process.returncode == 0, told.decode()
    assert b"Traceback" not in told
    return told.decode()


@pytest.mark.slow
def test_what_is_said_is_heard_and_the_answer_played(
    sound_card: SoundCard, start: Start, tmp_path: Path
) -> None:
    first, second = speech(), speech()[: round(1.2 * RATE)]
    said = sound_card.will_hear(
        quiet(1.0), first, quiet(1.5), slam(), quiet(1.5), second, quiet(2.0)
    )
    process = start("--id", "a b", "--folder", "kept", **sound_card.environment)
    answers = lines(process, 2)
    told = quitted(process)

    # What was heard: the two sentences, sample by sample, and not the door between them.
    turns = kept_turns(tmp_path / "kept", "a b")
    assert [turn.state for turn in turns] == ["committed", "committed"]
    starts = (1.0, 1.0 + 2.0 + 1.5 + 0.5 + 1.5)
    for turn, start_s, length_s in zip(turns, starts, (2.0, 1.2), strict=True):
        heard = sound(turn.user)
        place = said.find(heard) / 2 / RATE
        assert start_s - 0.35 <= place <= start_s
        assert start_s + length_s - 0.1 <= place + len(heard) / 2 / RATE <= start_s + length_s + 0.4
    assert "not sent: " in told
    assert "no speech was found" in told

    # What was played: the echo's answers, as they were shown and as they are kept.
    played = b"".join(sound(turn.answer) for turn in turns)
    assert sound_card.played(len(played)) == played
    with Client("echo") as client:
        for turn, answer in zip(turns, answers, strict=True):
            assert client.transcribe(clip_of(turn.answer)).text == answer
            assert answer == f"I heard {clip_of(turn.user).duration_s:.1f} seconds of other audio."

    assert "go on with: ossicle chat --id 'a b' --folder kept --live" in told


@pytest.mark.slow
def test_it_goes_on_by_its_id_and_takes_written_lines(
    sound_card: SoundCard, start: Start, tmp_path: Path
) -> None:
    for line, answer in (("hello", "You said: hello"), ("repeat", "Before that you said: ")):
        process = start("--id", "x", "--folder", "kept", **sound_card.environment)
        assert process.stdin is not None
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
        [told] = lines(process, 1)
        assert told.startswith(answer)
        assert "hello" in told
        quitted(process)
    played = b"".join(sound(turn.answer) for turn in kept_turns(tmp_path / "kept", "x"))
    assert sound_card.played(len(played)) == played


@pytest.mark.slow
def test_files_of_the_answers_are_written_beside(
    sound_card: SoundCard, start: Start, tmp_path: Path
) -> None:
    sound_card.will_hear(quiet(1.0), speech(), quiet(1.0))
    process = start("--out-dir", "answers", "--format", "flac", **sound_card.environment)
    [answer] = lines(process, 1)
    quitted(process)
    with Client("echo") as client:
        assert client.transcribe(tmp_path / "answers" / "turn-001.flac").text == answer


@pytest.mark.slow
def test_a_loudspeaker_that_fails_loses_no_turn(
    sound_card: SoundCard, start: Start, tmp_path: Path
) -> None:
    card = SoundCard(sound_card.home, loudspeaker="/dev/full")
    card.will_hear(quiet(1.0), speech(), quiet(2.0), speech(), quiet(1.0))
    process = start("--id", "x", "--folder", "kept", **card.environment)
    lines(process, 2)
    told = quitted(process)
    assert told.count("the answer was not heard to its end, and is kept") == 2
    assert "the loudspeaker 'default' failed while it played" in told
    turns = kept_turns(tmp_path / "kept", "x")
    assert [turn.state for turn in turns] == ["committed", "committed"]
    assert all(sound(turn.answer) for turn in turns)


@pytest.mark.slow
def test_devices_are_taken_by_number_and_name_and_listed_when_unknown(
    sound_card: SoundCard, start: Start
) -> None:
    sound_card.will_hear(quiet(1.0), speech(), quiet(1.0))
    process = start("--microphone", "EAR", "--loudspeaker", "3", **sound_card.environment)
    assert lines(process, 1)[0].startswith("I heard")
    assert "listening on 2: ear (ALSA), speaking on 3: mouth (ALSA)" in quitted(process)
    process = start("--microphone", "nonsense", **sound_card.environment)
    _, told = process.communicate(timeout=50)
    assert process.returncode == 1
    assert "'nonsense' is not the name of any microphone" in told.decode()
    assert "2: ear (ALSA); 3: mouth (ALSA)" in told.decode()
    process = start("--loudspeaker", "mouth", **sound_card.environment)
    assert "speaking on 3: mouth (ALSA)" in quitted(process)


@pytest.mark.slow
@pytest.mark.skipif(Path("/dev/snd").exists(), reason="this machine has a sound card")
def test_a_machine_without_devices_is_told_so(
    has_portaudio: None, start: Start, tmp_path: Path
) -> None:
    process = start("--folder", "kept", HOME=str(tmp_path))
    _, told = process.communicate(timeout=50)
    assert process.returncode == 1
    assert "this machine has no microphone" in told.decode()
    assert not (tmp_path / "kept").exists()


@pytest.mark.slow
def test_an_interrupt_ends_it_well_and_keeps_what_was_said(
    sound_card: SoundCard, start: Start, tmp_path: Path
) -> None:
    process = start("--id", "x", "--folder", "kept", **sound_card.environment)
    assert process.stdin is not None
    process.stdin.write(b"hello\n")
    process.stdin.flush()
    lines(process, 1)
    assert sound_card.played(2 * RATE)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=50)
    assert process.returncode == 0, told.decode()
    assert b"Traceback" not in told
    assert b"go on with: ossicle chat --id x --folder kept --live" in told
    assert [turn.state for turn in kept_turns(tmp_path / "kept", "x")] == ["committed"]


@pytest.mark.slow
def test_a_person_at_a_terminal_ends_it_with_the_end_of_input(
    sound_card: SoundCard, start: Start, tmp_path: Path
) -> None:
    sound_card.will_hear(quiet(1.0), speech(), quiet(1.0))
    mine, theirs = pty.openpty()
    process = start("--id", "x", "--folder", "kept", stdin=theirs, **sound_card.environment)
    os.close(theirs)
    with os.fdopen(mine, "wb", buffering=0) as terminal:
        assert lines(process, 1)[0].startswith("I heard 2.")
        terminal.write(b"hello\n\x04")  # Ctrl-D
        assert lines(process, 1) == ["You said: hello"]
        assert process.wait(timeout=50) == 0
    assert [turn.state for turn in kept_turns(tmp_path / "kept", "x")] == ["committed"] * 2


@pytest.mark.models
@pytest.mark.skipif(importlib.util.find_spec("hibari") is None, reason="needs the extra local")
def test_the_embedded_models_understand_and_answer_aloud(
    sound_card: SoundCard, start: Start, tmp_path: Path
) -> None:
    with Client("local") as client:
        spoken = client.speak("What is two plus two?").audio
    assert spoken is not None
    pcm = spoken.to_pcm()
    assert pcm.sample_rate == RATE
    sound_card.will_hear(quiet(1.0), pcm.samples, quiet(1.5))
    process = start(
        "--provider", "local", "--id", "x", "--folder", "kept",
        **sound_card.environment,
    )  # fmt: skip
    [answer] = lines(process, 1)
    told = quitted(process)
    assert "two plus two" in told.lower() or "2 plus 2" in told.lower() or "2+2" in told
    [turn] = kept_turns(tmp_path / "kept", "x")
    played = sound_card.played(len(sound(turn.answer)))
    assert played == sound(turn.answer)
    with Client("local") as client:
        clip = AudioClip.from_pcm(played, sample_rate=RATE)
        words = set(client.transcribe(clip).text.lower().split())
    shown = set(answer.lower().replace(".", "").split())
    assert len(words & shown) >= len(shown) / 2
    assert np.abs(np.frombuffer(played, "<i2")).max() > 1000


@pytest.mark.slow
def test_a_vendor_bills_what_was_said_and_no_noise(
    sound_card: SoundCard, start: Start, tmp_path: Path
) -> None:
    pytest.importorskip("openai")
    sound_card.will_hear(
        quiet(1.0), slam(), quiet(1.5), speech(), quiet(1.5), slam(), quiet(1.5), speech(), quiet(2)
    )
    with FakeOpenAI() as vendor:
        process = start(
            "--provider", "openai:gpt-audio-1.5", "--id", "x", "--folder", "kept",
            OPENAI_BASE_URL=vendor.base_url, OPENAI_API_KEY="sk-test-0123456789abcdef",
            **sound_card.environment,
        )  # fmt: skip
        lines(process, 2)
        told = quitted(process)
        paid = [entry for entry in vendor.ledger.entries if entry.executed]
    assert len(paid) == 2
    assert told.count("not sent: ") == 2
    turns = kept_turns(tmp_path / "kept", "x")
    assert [turn.state for turn in turns] == ["committed", "committed"]
    played = b"".join(sound(turn.answer) for turn in turns)
    assert sound_card.played(len(played)) == played
