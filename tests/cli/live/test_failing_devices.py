"""Devices that give nothing, take nothing, fail, or know one rate; PortAudio is told what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from ossicle.audio import AudioFormat
from ossicle.errors import AudioDeviceError
from ossicle.messages import AudioDelta
from ossicle_cli.live import loudspeaker as loudspeakers
from ossicle_cli.live import microphone as microphones
from ossicle_cli.live.devices import Device
from ossicle_cli.live.loudspeaker import Loudspeaker
from ossicle_cli.live.microphone import Microphone

EAR = Device(index=0, name="ear", host="test", kind="microphone", sample_rate=48_000)
MOUTH = Device(index=1, name="mouth", host="test", kind="loudspeaker", sample_rate=24_000)


class PortAudioError(Exception):
    pass


class Stream:
    """A stream whose device does as it is told.

    Attributes:
        room: Frames that may be read or written, one number for each time that somebody asks.
    """

    def __init__(self, library: Library, **settings: object) -> None:
        if library.fails_at == "open":
            raise PortAudioError("Device unavailable", -9985)
        self.library, self.settings = library, settings
        self.room = iter(library.room)
        self.calls: list[str] = []
        library.streams.append(self)

    def start(self) -> None:
        if self.library.fails_at == "start":
            raise PortAudioError("Device unavailable", -9985)
        self.calls.append("start")

    def stop(self, ignore_errors: bool = True) -> None:
        self.calls.append("stop")

    def abort(self, ignore_errors: bool = True) -> None:
        self.calls.append("abort")

    def close(self, ignore_errors: bool = True) -> None:
        self.calls.append("close")

    @property
    def read_available(self) -> int:
        if self.library.fails_at == "read":
            raise PortAudioError("Unanticipated host error", -9999)
        return next(self.room, 0)

    write_available = read_available

    def read(self, frames: int) -> tuple[bytes, bool]:
        return np.full(frames, 16_384, "<i2").tobytes(), self.library.overflows

    def write(self, data: bytes) -> None:
        self.library.written += data


class Library(ModuleType):
    """Stands for the package `sounddevice`."""

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.PortAudioError = PortAudioError
        self.room: list[int] = []
        self.rates = {24_000, 48_000}
        self.fails_at, self.overflows, self.written = "", False, b""
        self.streams: list[Stream] = []

    def RawInputStream(self, **settings: object) -> Stream:
        return Stream(self, **settings)

    RawOutputStream = RawInputStream

    def check_input_settings(self, *, samplerate: int, **_others: object) -> None:
        if samplerate not in self.rates:
            raise PortAudioError("Invalid sample rate", -9997)

    check_output_settings = check_input_settings


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    made = Library()
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    monkeypatch.setattr(microphones, "_STALLED_S", 0.05)
    monkeypatch.setattr(loudspeakers, "_STALLED_S", 0.05)
    yield made
    assert all(stream.calls[-1] == "close" for stream in made.streams)


def test_it_reads_what_is_there_and_never_waits_in_the_driver(library: Library) -> None:
    library.room = [0, 5, 100_000, 0]
    with Microphone(EAR) as microphone:
        assert microphone.sample_rate == 24_000
        microphone.start()
        blocks = [microphone.read() for _ in range(4)]
        microphone.stop()
    assert [block.shape for block in blocks] == [(0, 1), (5, 1), (2400, 1), (0, 1)]
    assert (blocks[1] == 0.5).all()
    assert library.streams[0].calls == ["start", "abort", "close"]


def test_a_device_that_knows_one_rate_is_read_at_that(library: Library) -> None:
    library.rates = {48_000}
    with Microphone(EAR) as microphone:
        assert microphone.sample_rate == 48_000
    assert library.streams[0].settings["samplerate"] == 48_000


def test_lost_sound_is_known_until_it_starts_again(library: Library) -> None:
    library.room, library.overflows = [10, 10], True
    with Microphone(EAR) as microphone:
        microphone.start()
        assert not microphone.has_lost
        microphone.read()
        assert microphone.has_lost
        microphone.start()
        assert not microphone.has_lost


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("open", r"cannot be opened \(Device unavailable\)"),
        ("start", "does not start"),
        ("read", "is gone"),
        ("", "has given nothing for 0.05 s"),
    ],
)
def test_a_microphone_that_fails_says_where(library: Library, place: str, words: str) -> None:
    library.fails_at = place

    def listen() -> None:
        with Microphone(EAR) as microphone:
            microphone.start()
            while True:
                microphone.read()

    with pytest.raises(AudioDeviceError, match=f"the microphone 'ear' {words}") as caught:
        listen()
    assert caught.value.device == "ear"
    assert "--microphone" in (caught.value.fix or "")


def delta(data: bytes) -> AudioDelta:
    return AudioDelta(data=data, format=AudioFormat.pcm(sample_rate=24_000, channels=1))


def test_a_loudspeaker_gets_as_much_as_it_has_room_for(library: Library) -> None:
    library.room = [3, 0, 1, 10, 10]
    mouth = Loudspeaker(MOUTH)
    mouth.play(delta(b"abcdefg"))
    mouth.play(delta(b"hijkl"))
    assert mouth.finish() is None
    assert library.written == b"abcdefghijkl"
    assert library.streams[0].calls == ["start", "stop", "close"]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("open", "cannot be opened"),
        ("start", "failed while it played"),
        ("read", "failed while it played"),
        ("", "has taken nothing for 0.05 s"),
    ],
)
def test_a_loudspeaker_that_fails_is_told_once_and_tried_again(
    library: Library, place: str, words: str
) -> None:
    library.fails_at = place
    mouth = Loudspeaker(MOUTH)
    mouth.play(delta(b"abcd"))
    problem = mouth.finish()
    assert problem is not None
    assert words in str(problem)
    library.fails_at, library.room = "", [100]
    mouth.play(delta(b"efgh"))
    assert mouth.finish() is None
    assert library.written == b"efgh"


def test_a_loudspeaker_falls_silent_at_once(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loudspeakers, "_STALLED_S", 60.0)
    mouth = Loudspeaker(MOUTH)
    mouth.play(delta(bytes(1 << 20)))  # no room for any of it
    mouth.stop()
    mouth.stop()
    assert library.written == b""
    assert all("stop" not in stream.calls for stream in library.streams)  # it would play on
    assert mouth.finish() is None
