"""Announces the converter; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import ConverterSpec, FormatConverter, Requirement, hookimpl
from ossicle_soundfile.rules import READS, WRITES


def build_converter() -> FormatConverter:
    """The converter with its default settings."""
    from ossicle_soundfile.converter import SoundfileConverter

    return SoundfileConverter()


SPEC = ConverterSpec(
    name="soundfile",
    summary="WAV variants, AIFF, AU, CAF, FLAC, MP3, Ogg Vorbis and Opus by libsndfile",
    factory=build_converter,
    reads=READS,
    writes=WRITES,
    requires=(Requirement(package="soundfile", brings="FLAC, MP3, Ogg and the odd kinds of WAV"),),
)


@hookimpl
def ossicle_register_converters() -> Sequence[ConverterSpec]:
    """Announce the converter."""
    return (SPEC,)
