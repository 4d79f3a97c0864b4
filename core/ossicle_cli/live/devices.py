"""The microphones and loudspeakers of this machine, through PortAudio (extra `live`)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from ossicle.errors import AudioDeviceError, DependencyMissingError
from ossicle.messages import Value

Kind = Literal["microphone", "loudspeaker"]

_DIRECTIONS: dict[Kind, Literal["input", "output"]] = {
    "microphone": "input",
    "loudspeaker": "output",
}

_PORTAUDIO_FIX = (
    "Install it: `apt-get install libportaudio2` on Debian and Ubuntu, `dnf install portaudio` on "
    "Fedora, `brew install portaudio` on macOS."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A microphone or a loudspeaker.

    Attributes:
        index: PortAudio's number of it, as `--microphone` and `--loudspeaker` take it.
        name: As the system calls it.
        host: The system's interface through which it is reached.
        kind: What it is used as.
        sample_rate: In Hz; what it does by default.
    """

    index: int
    name: str
    host: str
    kind: Kind
    sample_rate: int

    def __str__(self) -> str:
        """Its number and its name."""
        return f"{self.index}: {self.name} ({self.host})"


class DeviceState(Value):
    """What `ossicle doctor` tells of a microphone or a loudspeaker.

    Attributes:
        name: `microphone` or `loudspeaker`.
        is_ready: Whether one was found that takes the usual format.
        found: All that were found.
        used: The one that is used when nobody names one; `None` without.
        reason: Why it is not ready.
        fix: What to do about it.
    """

    name: str
    is_ready: bool
    found: tuple[str, ...] = ()
    used: str | None = None
    reason: str | None = None
    fix: str | None = None


def sound_library() -> ModuleType:
    """The package `sounddevice`, imported when first asked for.

    Raises:
        DependencyMissingError: It, or the library PortAudio below it, is not installed.
    """
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise DependencyMissingError(
            "talking aloud needs the package 'sounddevice', which is not installed",
            package="sounddevice",
            extra="live",
        ) from error
    except OSError as error:
        raise DependencyMissingError(
            "talking aloud needs the library PortAudio, which this system does not have",
            package="sounddevice",
            extra="live",
            fix=_PORTAUDIO_FIX,
        ) from error


def devices(kind: Kind) -> list[Device]:
    """All of a kind, in PortAudio's order.

    Raises:
        DependencyMissingError: As `sound_library`.
    """
    library = sound_library()
    hosts = [str(host["name"]) for host in library.query_hostapis()]
    return [
        Device(
            index=number,
            name=str(entry["name"]),
            host=hosts[entry["hostapi"]],
            kind=kind,
            sample_rate=round(entry["default_samplerate"]),
        )
        for number, entry in enumerate(library.query_devices())
        if entry[f"max_{_DIRECTIONS[kind]}_channels"] > 0
    ]


def find_device(named: str | None, kind: Kind) -> Device:
    """The device to use.

    Args:
        named: Its number, its name or a part of that, in any case; `None`: the system's default.
        kind: What it is needed for.

    Raises:
        AudioDeviceError: There is none, or not exactly one of this name.
        DependencyMissingError: As `sound_library`.
    """
    there = devices(kind)
    names = [str(device) for device in there]
    if not there:
        raise AudioDeviceError(
            f"this machine has no {kind}",
            fix=f"Connect one, or see in the system's settings why its {kind} is hidden.",
        )
    preferred = _default(kind, there)
    if named is None:
        return preferred
    found = _called(named, there, preferred.host)
    if len(found) != 1:
        what = "is not the name of any" if not found else "is the name of more than one"
        raise AudioDeviceError(
            f"{named!r} {what} {kind}",
            device=named,
            available=names,
            fix=f"Give --{kind} the number of one of these: {'; '.join(names)}.",
        )
    return found[0]


def _default(kind: Kind, there: list[Device]) -> Device:
    place = 0 if kind == "microphone" else 1
    number = sound_library().default.device[place]
    # Without a default of the system's, the first one is as good as any.
    return next((device for device in there if device.index == number), there[0])


def _called(named: str, there: list[Device], host: str) -> list[Device]:
    """Those of this name: by number, by the whole name, by a part of it."""
    wanted = named.strip().casefold()
    if wanted.isdecimal():
        return [device for device in there if device.index == int(wanted)]
    whole = [device for device in there if device.name.casefold() == wanted]
    found = whole or [device for device in there if wanted in device.name.casefold()]
    # Windows shows each device once for every interface that it has.
    return [device for device in found if device.host == host] or found


def takes(device: Device, *, sample_rate: int, channels: int) -> bool:
    """Whether a device takes or gives 16-bit samples in this form."""
    library = sound_library()
    check = getattr(library, f"check_{_DIRECTIONS[device.kind]}_settings")
    try:
        check(device=device.index, channels=channels, dtype="int16", samplerate=sample_rate)
    except library.PortAudioError:
        return False
    return True


@contextmanager
def failing_as(device: Device, what: str) -> Iterator[None]:
    """Turns PortAudio's errors into ours.

    Args:
        device: The device in use.
        what: What went wrong, in words that follow its name.

    Raises:
        AudioDeviceError: PortAudio raised an error within the block.
    """
    try:
        yield
    except sound_library().PortAudioError as error:
        raise device_error(device, f"{what} ({_reason(error)})") from error


def device_error(device: Device, what: str) -> AudioDeviceError:
    """The error of a device that cannot be used or stopped working."""
    return AudioDeviceError(
        f"the {device.kind} {device.name!r} {what}",
        device=device.name,
        fix=f"Connect it again, close what else uses it, or choose another one: --{device.kind}.",
    )


def _reason(error: Exception) -> str:
    return str(error.args[0]) if error.args else type(error).__name__


def examine_devices() -> tuple[DeviceState, ...]:
    """Whether there is a microphone and a loudspeaker; none is opened."""
    return (_examined("microphone"), _examined("loudspeaker"))


def _examined(kind: Kind) -> DeviceState:
    try:
        used = find_device(None, kind)
    except (AudioDeviceError, DependencyMissingError) as error:
        return DeviceState(name=kind, is_ready=False, reason=error.what, fix=error.fix)
    found = tuple(str(device) for device in devices(kind))
    if takes(used, sample_rate=used.sample_rate, channels=1):
        return DeviceState(name=kind, is_ready=True, found=found, used=str(used))
    refused = device_error(used, "does not work with 16-bit sound, or something else is using it")
    return DeviceState(name=kind, is_ready=False, found=found, reason=refused.what, fix=refused.fix)
