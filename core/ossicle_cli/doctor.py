"""What is here and what is not: versions, extras, providers, protection."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
import sqlite3
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ossicle import __version__
from ossicle.errors import OssicleError
from ossicle.messages import Value
from ossicle_cli.live.devices import DeviceState, examine_devices

if TYPE_CHECKING:
    from ossicle.plugins import PluginHost


class ExtraState(Value):
    """An extra of ossicle on this machine.

    Attributes:
        name: As in `pip install "ossicle[name]"`.
        is_installed: Whether all its packages are here.
        missing: Packages that are not.
        adds: What it brings.
        install: The command that installs it.
        remark: What to know before, such as a licence.
    """

    name: str
    is_installed: bool
    missing: tuple[str, ...] = ()
    adds: str
    install: str
    remark: str | None = None


class ProviderState(Value):
    """A provider on this machine.

    Attributes:
        name: What users write.
        summary: One line.
        is_ready: Whether its packages are here.
        reason: Why it is not ready.
        is_local: Whether nothing leaves the machine.
        key: Whether its key is in the environment; the key itself is never shown.
    """

    name: str
    summary: str
    is_ready: bool
    reason: str | None = None
    is_local: bool
    key: str


class Guard(Value):
    """A layer of protection from audio that nobody vouches for.

    Attributes:
        name: Short.
        is_active: Whether it works in this version, on this machine.
        what: What it does.
    """

    name: str
    is_active: bool
    what: str


class Health(Value):
    """What `ossicle doctor` tells.

    Attributes:
        versions: Of programs and bundled libraries, by name.
        extras: All extras, installed or not.
        providers: All that are announced.
        devices: What `ossicle chat --live` hears and speaks with.
        guards: Layers of protection.
        default_provider: Whom commands ask when nobody says.
    """

    versions: dict[str, str]
    extras: tuple[ExtraState, ...]
    providers: tuple[ProviderState, ...]
    devices: tuple[DeviceState, ...]
    guards: tuple[Guard, ...]
    default_provider: str


_EXTRAS: tuple[tuple[str, tuple[str, ...], str, str | None], ...] = (
    ("local", ("hibari", "moonshine_voice", "earshot", "onnxruntime"),
     "hears and speaks English on this machine, with no key and no network", None),
    ("tiny", ("pocketsphinx", "py_nanotts"), "the same as `local`: smaller, older, rougher", None),
    ("openai", ("openai",), "OpenAI's models, and servers that speak its protocol", None),
    ("gemini", ("httpx2",), "Google's Gemini models", None),
    ("elevenlabs", ("httpx2",), "ElevenLabs' voices and its transcription", None),
    ("deepgram", ("httpx2",), "Deepgram's transcription and its voices", None),
    ("av", ("av",), "AAC, M4A, WebM, AMR, AC-3, WMA, ALAC; faster Opus",
     "its wheel holds GPL code (x264, x265)"),
    ("mp3", ("lameenc",), "faster MP3 encoding", None),
    ("pydub", ("pydub",), "conversion through pydub.AudioSegment", None),
    ("fast", ("pybase64",), "faster base64 for large clips", None),
    ("live", ("sounddevice",), "`ossicle chat --live`: talk aloud with microphone and loudspeaker",
     "on Linux with the system's PortAudio (apt-get install libportaudio2)"),
    ("otel", ("opentelemetry",), "spans and metrics for OpenTelemetry", None),
    ("postgres", ("psycopg",), "conversations kept in PostgreSQL, for several machines", None),
    ("fsspec", ("fsspec",), "large blobs of a store on S3 and wherever fsspec reaches", None),
)  # fmt: skip
"""Name, import packages, what it adds, and what to know before installing it."""

_KEYS = {"openai": "OPENAI_API_KEY", "gemini": "GEMINI_API_KEY", "elevenlabs": "ELEVENLABS_API_KEY",
         "deepgram": "DEEPGRAM_API_KEY"}  # fmt: skip
"""Environment variables of providers that need a key."""

_GUARDS = (
    ("sniffing", True, "bytes decide what a file is; names and labels are never believed"),
    ("header gate", True, "claims are checked against the bytes before anything is decoded"),
    ("decoding limits", True, "size, duration, rate and channels are counted while decoding"),
    ("closed lists", True, "only known containers and codecs; nothing a file names is opened"),
)

_NATIVE: tuple[tuple[str, str, str], ...] = (
    ("libsndfile", "soundfile", "__libsndfile_version__"),
    ("libsoxr", "soxr", "__libsoxr_version__"),
    ("FFmpeg", "av", "ffmpeg_version_info"),
    ("onnxruntime", "onnxruntime", ""),
)
"""Library, the package that bundles it, and the attribute that tells its version."""

_DISTRIBUTIONS = ("numpy", "soundfile", "soxr", "pydantic", "pluggy", "anyio", "openai", "av",
                  "lameenc", "pydub", "sounddevice", "hibari-tts", "moonshine-voice")  # fmt: skip


def examine(host: PluginHost, *, default_provider: str, environment: Mapping[str, str]) -> Health:
    """Look at everything; nothing is sent and no model is loaded.

    Args:
        host: The plugins.
        default_provider: Whom commands ask when nobody says.
        environment: Where keys may be; only their presence is told.
    """
    return Health(
        versions=_versions(),
        extras=tuple(_extra(*row) for row in _EXTRAS),
        providers=_providers(host, environment),
        devices=examine_devices(),
        guards=tuple(Guard(name=name, is_active=on, what=what) for name, on, what in _guards()),
        default_provider=default_provider,
    )


def _versions() -> dict[str, str]:
    found = {
        "ossicle": __version__,
        "Python": f"{platform.python_version()} ({sys.implementation.name})",
        "system": f"{platform.system()} {platform.machine()}",
        "SQLite": sqlite3.sqlite_version,
    }
    for name in _DISTRIBUTIONS:
        version = _distribution_version(name)
        if version is not None:
            found[name] = version
    for library, package, attribute in _NATIVE:
        version = _native_version(package, attribute)
        if version is not None:
            found[f"{library} (in {package})"] = version
    return found


def _distribution_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _native_version(package: str, attribute: str) -> str | None:
    """The version of a bundled library; the package is imported, since only it can tell."""
    if importlib.util.find_spec(package) is None:
        return None
    if not attribute:
        return _distribution_version(package)
    try:
        value = getattr(importlib.import_module(package), attribute, None)
    except (ImportError, OSError) as error:
        return f"does not load: {type(error).__name__}"
    return None if value is None else str(value() if callable(value) else value)


def _extra(name: str, packages: tuple[str, ...], adds: str, remark: str | None) -> ExtraState:
    missing = tuple(one for one in packages if importlib.util.find_spec(one) is None)
    return ExtraState(
        name=name,
        is_installed=not missing,
        missing=missing,
        adds=adds if remark is None else f"{adds}; {remark}",
        install=f'pip install "ossicle[{name}]"',
        remark=remark,
    )


def _providers(host: PluginHost, environment: Mapping[str, str]) -> tuple[ProviderState, ...]:
    found = []
    for spec in host.providers():
        reason = None
        try:
            host.provider(spec.name)
        except OssicleError as error:
            reason = str(error)
        variable = _KEYS.get(spec.name)
        key = "none needed"
        if variable is not None:
            key = f"{variable} is {'set' if environment.get(variable) else 'not set'}"
        elif not spec.is_local:
            key = "see its documentation"
        found.append(
            ProviderState(
                name=spec.name,
                summary=spec.summary,
                is_ready=reason is None,
                reason=reason,
                is_local=spec.is_local,
                key=key,
            )
        )
    return tuple(found)


def _guards() -> tuple[tuple[str, bool, str], ...]:
    has_worker = importlib.util.find_spec("ossicle.intake.worker") is not None
    what = "compressed audio is decoded in a process of its own that can reach nothing"
    without = "compressed audio is decoded in this process; the other layers stand"
    return (*_GUARDS, ("locked worker", has_worker, what if has_worker else without))
