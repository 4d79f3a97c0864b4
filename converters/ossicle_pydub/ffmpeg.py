"""What pydub does by running an `ffmpeg` program: only ever on inputs that are trusted."""

from __future__ import annotations

import io
import shutil
from typing import Any

from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import (
    DependencyMissingError,
    MalformedAudioError,
    UnsupportedFormatError,
)
from ossicle_pydub.rules import FFMPEG_CODECS, FFMPEG_FORMATS
from ossicle_pydub.segments import segment_class


def decode_with_ffmpeg(clip: AudioClip) -> Any:
    """An `AudioSegment` of a clip that ffmpeg read; the clip's name is not given away.

    Raises:
        MalformedAudioError: ffmpeg does not read it.
        UnsupportedFormatError: No demuxer is named for its container.
        DependencyMissingError: There is no ffmpeg or ffprobe program.
    """
    demuxer = FFMPEG_FORMATS.get(clip.format.container)
    if demuxer is None:
        raise UnsupportedFormatError(
            f"no demuxer of ffmpeg is named for {clip.format.container}",
            format=str(clip.format),
            fix="Read it with the av converter.",
        )
    # Missing programs make pydub warn before they make it fail.
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        raise _program_missing()
    segments = segment_class()
    from pydub.exceptions import CouldntDecodeError

    try:
        return segments.from_file(io.BytesIO(clip.read_bytes()), format=demuxer)
    except OSError as error:
        raise _program_missing() from error
    except (CouldntDecodeError, LookupError, ValueError, ZeroDivisionError) as error:
        raise MalformedAudioError(
            f"ffmpeg does not read this {clip.format.container}/{clip.format.encoding}",
            format=str(clip.format),
            fix="Check that the file is whole, or export it again.",
        ) from error


def encode_with_ffmpeg(segment: Any, target: AudioFormat) -> bytes:
    """A segment in a format that ffmpeg wrote.

    Raises:
        UnsupportedFormatError: ffmpeg does not write it.
        DependencyMissingError: There is no ffmpeg program.
    """
    from pydub.exceptions import CouldntEncodeError

    muxer, encoder = FFMPEG_CODECS[target.container, target.encoding]
    if shutil.which("ffmpeg") is None:
        raise _program_missing()
    bit_rate = None if target.bit_rate is None else str(target.bit_rate)
    sink = io.BytesIO()
    try:
        segment.export(sink, format=muxer, codec=encoder, bitrate=bit_rate)
    except OSError as error:
        raise _program_missing() from error
    except CouldntEncodeError as error:
        raise UnsupportedFormatError(
            f"ffmpeg does not write {target}",
            format=str(target),
            fix="Write it with the av converter.",
        ) from error
    return sink.getvalue()


def _program_missing() -> DependencyMissingError:
    return DependencyMissingError(
        "there are no ffmpeg and ffprobe programs on the path",
        package="ffmpeg",
        fix='Install ffmpeg, or do without it: pip install "ossicle[av]"',
    )
