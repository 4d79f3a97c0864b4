"""How many of ossicle's files a reader of one warm call has to know: as few as now, or fewer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

import ossicle
from ossicle import AudioClip, Client, Conversation

ROOT = Path(ossicle.__file__).parent

ARITHMETIC = {"audio", "signal", "validators", "preprocess", "intake"}
"""Rooms in which audio is read, measured and written; the call is what comes before."""


class Entered:
    """Files of ossicle in which a function was entered, in any thread that began since."""

    def __init__(self) -> None:
        self.files: set[str] = set()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self.files.add(frame.f_code.co_filename)

    def during(self, call: Callable[[], object]) -> set[str]:
        """Files that a call enters, those of the loop and of worker threads too."""
        self.files = set()
        sys.setprofile(self)
        try:
            call()
        finally:
            sys.setprofile(None)
        paths = (Path(name) for name in self.files)
        found = (path.relative_to(ROOT) for path in paths if path.is_relative_to(ROOT))
        return {path.as_posix() for path in found}


@pytest.fixture
def entered() -> Iterator[Entered]:
    before = sys.getprofile(), threading.getprofile()
    watching = Entered()
    threading.setprofile(watching)  # the client's threads begin after this
    yield watching
    sys.setprofile(before[0])
    threading.setprofile(before[1])


@pytest.fixture
def client(entered: Entered) -> Iterator[Client]:
    with Client("echo") as client:
        yield client


@pytest.fixture
def speech(client: Client) -> AudioClip:
    clip = client.speak("good morning", output_format="wav").audio
    assert clip is not None
    return clip


def check_at_most(bound: int, files: set[str]) -> None:
    listed = "\n".join(sorted(files))
    assert len(files) <= bound, f"{len(files)} files are entered, {bound} were allowed:\n{listed}"


def before_arithmetic(files: set[str]) -> set[str]:
    return {name for name in files if name.partition("/")[0] not in ARITHMETIC}


def test_a_spoken_call_enters_few_files(
    client: Client, entered: Entered, speech: AudioClip
) -> None:
    wav = speech.read_bytes()

    def call() -> None:
        client.respond(audio=wav, output_format="mp3")

    call()
    files = entered.during(call)
    assert "pipeline/reply_stream.py" in files  # which the loop's thread enters
    check_at_most(SPOKEN, before_arithmetic(files))


def test_a_call_in_words_enters_few_files(client: Client, entered: Entered) -> None:
    def call() -> None:
        client.respond("good morning")

    call()
    check_at_most(IN_WORDS, entered.during(call))


def test_a_turn_enters_few_files_more_than_a_call(client: Client, entered: Entered) -> None:
    talk: Conversation = client.conversation()

    def call() -> None:
        client.respond("good morning")

    def turn() -> None:
        talk.send("good morning")

    call()
    turn()
    check_at_most(TURN_ADDS, entered.during(turn) - entered.during(call))


SPOKEN, IN_WORDS, TURN_ADDS = 30, 40, 12
"""What a new reader can be asked to open. Where one grows, merge what is one concept."""
