"""The only door for bytes from outside: `load` makes a clip of them, `decode` gives its samples."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from ossicle.abc import ConverterSpec
from ossicle.audio import AudioClip
from ossicle.audio.sample_source import is_array, rate_and_samples
from ossicle.errors import ConfigurationError, UnsupportedFormatError
from ossicle.intake.converter_search import find_readers
from ossicle.intake.decode_guard import Counter, DecodedStream, Refusal
from ossicle.intake.header_limits import check_facts, limit_error
from ossicle.intake.limits import DEFAULT, IntakeLimits
from ossicle.intake.metadata import check_metadata
from ossicle.intake.pcm_converter import PCM_SPEC
from ossicle.intake.tags import without_tags

# A letter and a colon is a Windows drive; anything longer is a scheme of some library.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|subfile,")


def load(
    source: str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | AudioClip
    | BinaryIO
    | tuple[int, Any]
    | Mapping[str, Any],
    *,
    limits: IntakeLimits = DEFAULT,
    track: int | None = None,
) -> AudioClip:
    """A clip of a path, bytes, a readable binary file, or rate and samples, within the limits.

    A string is a path and nothing else: no address is fetched and no protocol opened. Base64 text
    and `data:` URLs go through `AudioClip.from_base64`. `track` names one of several audio tracks.

    Raises:
        AudioLimitError: It is beyond the limits.
        ConfigurationError: The source is no audio source, or a string that is no path.
        FileAccessError: The path cannot be read.
        MalformedAudioError: The content is not audio that ossicle knows.
    """
    clip = _clip_of(source, limits, track)
    check_facts(clip.facts, limits)
    return clip


def decode(
    clip: AudioClip,
    *,
    limits: IntakeLimits = DEFAULT,
    converters: Iterable[ConverterSpec] | None = None,
) -> DecodedStream:
    """The samples of a clip, counted and cut off at the limits while they are decoded.

    The cheapest converter that reads the format is asked first, the next one where it turns out
    not to know this variant.

    Args:
        clip: Its facts decide; tags around it are not shown to the converter.
        limits: Of everything; those of time count the decoder's own time only.
        converters: To choose from, besides the core's own for plain samples; `None` takes those
            of ossicle itself that are installed.

    Returns:
        A stream that names its converter and those that refused, and raises `AudioLimitError`,
        `MalformedAudioError` or `PluginContractError` where a block breaks a limit or the
        interface.

    Raises:
        AudioLimitError: The header already says that it is beyond the limits.
        MalformedAudioError: It does not decode.
        UnsupportedFormatError: Nothing installed reads this format; names the extra that would.
    """
    check_facts(clip.facts, limits)
    specs = list(_known() if converters is None else converters)
    if all(spec.name != PCM_SPEC.name for spec in specs):
        specs.append(PCM_SPEC)
    readers = find_readers(clip.format, specs)
    check_metadata(clip, limits)
    untagged = without_tags(clip)
    refusals: list[Refusal] = []
    for spec in readers[:-1]:
        try:
            return _start(untagged, spec, limits, refusals)
        except UnsupportedFormatError as error:
            refusals.append(Refusal(converter=spec.name, reason=error.what))
    return _start(untagged, readers[-1], limits, refusals)


def _start(
    clip: AudioClip, spec: ConverterSpec, limits: IntakeLimits, refusals: list[Refusal]
) -> DecodedStream:
    counter = Counter(name=spec.name, limits=limits)
    return counter.open(lambda: spec.factory().decode(clip), refusals=refusals)


def _known() -> Iterable[ConverterSpec]:
    from ossicle.plugins import default_host

    return default_host().converters()


def _clip_of(source: object, limits: IntakeLimits, track: int | None) -> AudioClip:
    if isinstance(source, AudioClip):
        return source if track is None else source.with_track(track)
    if isinstance(source, bytes | bytearray | memoryview):
        n_bytes = memoryview(source).nbytes
        if n_bytes > limits.encoded_bytes:  # before it is copied
            raise limit_error("encoded_bytes", n_bytes, limits.encoded_bytes, "bytes")
        return AudioClip.from_bytes(source, track=track)
    if isinstance(source, str | os.PathLike):
        return AudioClip.from_path(_path(source), track=track)
    if (pair := rate_and_samples(source)) is not None:
        return AudioClip.from_samples(pair[1], sample_rate=pair[0])
    if is_array(source):
        raise ConfigurationError(
            "an array does not say its sample rate",
            fix="Give AudioClip.from_samples(array, sample_rate=...), or (sample_rate, array).",
        )
    if hasattr(source, "read"):
        return AudioClip.from_file(source, max_bytes=limits.encoded_bytes, track=track)  # type: ignore[arg-type]
    raise ConfigurationError(
        f"a {type(source).__name__} is no audio source",
        fix="Give a path, bytes, an AudioClip, or a file that is open in binary mode.",
    )


def _path(source: str | os.PathLike[str]) -> str:
    """The path as text; a string that some library would take for an address is refused."""
    path = os.fspath(source)
    if not isinstance(path, str):
        raise ConfigurationError("the path is not text", fix="Give a str or a pathlib.Path.")
    if "\0" in path:
        raise ConfigurationError("the path has a NUL in it", fix="Check where it comes from.")
    if isinstance(source, str) and (match := _SCHEME.match(path)):
        scheme = match.group()[:-1].lower()
        fix = "Download it first. For a file of this name give a pathlib.Path."
        if scheme == "data":
            fix = "Build the clip with AudioClip.from_base64."
        raise ConfigurationError(f"a string is a path; this one begins with {scheme!r}", fix=fix)
    return path
