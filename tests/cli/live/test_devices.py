"""What is missing on a machine is said with its fix, and nothing is loaded before it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Run, document
from tests.cli.live.conftest import SoundCard

from ossicle.errors import AudioDeviceError, DependencyMissingError
from ossicle_cli.live.devices import examine_devices, find_device

Spawn = Callable[..., subprocess.Popen[bytes]]

WINDOWS = """
class PortAudioError(Exception):
    pass

class default:
    device = [DEFAULT, -1]

def query_hostapis():
    return ({"name": "MME"}, {"name": "WASAPI"})

def query_devices():
    names = [("Microphone (USB)", 0, 1, 0), ("Headset", 0, 1, 0), ("Speakers", 0, 0, 2),
             ("Microphone (USB)", 1, 1, 0), ("Headset Mono", 1, 1, 0)]
    return [{"name": name, "hostapi": host, "max_input_channels": ins, "max_output_channels": outs,
             "default_samplerate": 44100.0} for name, host, ins, outs in names]

def check_input_settings(device, channels, dtype, samplerate):
    if device == 1:
        raise PortAudioError("Device unavailable", -9985)

check_output_settings = check_input_settings
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts a module in the place of `sounddevice`."""

    def put(source: str) -> None:
        folder = tmp_path / "library"
        folder.mkdir(exist_ok=True)
        (folder / "sounddevice.py").write_text(source)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "sounddevice", raising=False)

    yield put
    sys.modules.pop("sounddevice", None)


def test_without_the_extra_its_installation_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DependencyMissingError, match=r'pip install "ossicle\[live\]"'):
        find_device(None, "microphone")
    for state in examine_devices():
        assert not state.is_ready
        assert state.fix == 'Install it with: pip install "ossicle[live]"'


def test_without_portaudio_its_installation_is_named(library: Callable[[str], None]) -> None:
    library("raise OSError('PortAudio library not found')")
    with pytest.raises(DependencyMissingError, match="apt-get install libportaudio2") as caught:
        find_device(None, "loudspeaker")
    assert "PortAudio" in caught.value.what
    assert [state.name for state in examine_devices()] == ["microphone", "loudspeaker"]
    assert all("libportaudio2" in (state.fix or "") for state in examine_devices())


@pytest.mark.parametrize(
    ("named", "index"),
    [(None, 3), ("4", 4), ("microphone (usb)", 3), ("Headset", 1), ("mono", 4), ("USB", 3)],
)
def test_a_name_finds_the_one_it_means(
    library: Callable[[str], None], named: str | None, index: int
) -> None:
    library(WINDOWS.replace("DEFAULT", "3"))
    assert find_device(named, "microphone").index == index


@pytest.mark.parametrize("named", ["none", "17", "2", "e", ""])
def test_a_name_of_none_or_several_lists_all_there_are(
    library: Callable[[str], None], named: str
) -> None:
    library(WINDOWS.replace("DEFAULT", "0"))
    with pytest.raises(AudioDeviceError) as caught:
        find_device(named, "microphone")
    assert len(caught.value.available) == 4
    assert caught.value.device == named
    assert "3: Microphone (USB) (WASAPI)" in str(caught.value)
    assert "Speakers" not in str(caught.value)


def test_a_device_that_does_not_work_and_none_at_all(library: Callable[[str], None]) -> None:
    library(WINDOWS.replace("DEFAULT", "1"))
    microphone, loudspeaker = examine_devices()
    assert not microphone.is_ready
    assert "something else is using it" in (microphone.reason or "")
    assert microphone.fix
    assert loudspeaker.is_ready
    assert loudspeaker.used == "2: Speakers (MME)"
    library(WINDOWS.replace("DEFAULT", "-1") + "\ndef query_devices(): return []\n")
    assert [state.reason for state in examine_devices()] == [
        "this machine has no microphone",
        "this machine has no loudspeaker",
    ]


def test_devices_without_live_are_wrong_usage(run: Run) -> None:
    assert run("chat", "--microphone", "1", given="").exit_code == 2
    assert run("chat", "--loudspeaker", "1", given="").exit_code == 2


@pytest.mark.slow
def test_the_doctor_tells_of_devices(
    run: Run, library: Callable[[str], None], sound_card: SoundCard, spawn: Spawn
) -> None:
    library("raise OSError('PortAudio library not found')")
    told = run("doctor")
    assert told.exit_code == 0
    assert "microphone" in told.stdout
    assert "libportaudio2" in told.stdout
    states = document(run("doctor", "--json"))["devices"]
    assert [state["is_ready"] for state in states] == [False, False]
    process = spawn("doctor", "--json", **sound_card.environment)
    out, _ = process.communicate(timeout=50)
    states = json.loads(out)["devices"]
    assert [state["is_ready"] for state in states] == [True, True]
    assert "2: ear (ALSA)" in states[0]["found"]


def test_nothing_is_loaded_for_a_written_chat(run: Run, library: Callable[[str], None]) -> None:
    library("raise AssertionError('loaded')")
    assert run("chat", "--folder", "kept", given="hello\n").exit_code == 0
    assert "sounddevice" not in sys.modules
