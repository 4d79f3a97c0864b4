"""Announces the converter; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ossicle.abc import ConverterSpec, FormatConverter, Requirement, hookimpl
from ossicle_pydub.rules import FFMPEG_READS, FFMPEG_WRITES, READS, WRITES


def build_converter(*, trust_ffmpeg: bool = False) -> FormatConverter:
    """The converter.

    Args:
        trust_ffmpeg: Whether an `ffmpeg` program may be run on the inputs.
    """
    from ossicle_pydub.converter import PydubConverter

    return PydubConverter(trust_ffmpeg=trust_ffmpeg)


def pydub_spec(*, trust_ffmpeg: bool = False) -> ConverterSpec:
    """The announcement of the converter; what the plugin registers does not trust.

    Args:
        trust_ffmpeg: Whether an `ffmpeg` program may be run on the inputs, which makes it read and
            write more. Only for inputs that the application made itself.
    """
    return ConverterSpec(
        name="pydub",
        summary="WAV and raw PCM through pydub's AudioSegment, in memory",
        factory=partial(build_converter, trust_ffmpeg=trust_ffmpeg),
        reads=READS + (FFMPEG_READS if trust_ffmpeg else ()),
        writes=WRITES + (FFMPEG_WRITES if trust_ffmpeg else ()),
        requires=(
            Requirement(package="pydub", extra="pydub", brings="audio from and to AudioSegment"),
        ),
    )


@hookimpl
def ossicle_register_converters() -> Sequence[ConverterSpec]:
    """Announce the converter."""
    return (pydub_spec(),)
