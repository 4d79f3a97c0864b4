"""Announces the converter; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import ConverterSpec, FormatConverter, Requirement, hookimpl
from ossicle_av.rules import READS, WRITES


def build_converter() -> FormatConverter:
    """The converter with its default settings."""
    from ossicle_av.converter import AvConverter

    return AvConverter()


SPEC = ConverterSpec(
    name="av",
    summary="AAC, M4A, WebM, Opus, AMR, AC-3, WMA, ALAC and FLAC by FFmpeg (PyAV)",
    factory=build_converter,
    reads=READS,
    writes=WRITES,
    requires=(
        Requirement(
            package="av", extra="av", brings="AAC, M4A, WebM, AMR, AC-3, WMA, ALAC and fast Opus"
        ),
    ),
)


@hookimpl
def ossicle_register_converters() -> Sequence[ConverterSpec]:
    """Announce the converter."""
    return (SPEC,)
