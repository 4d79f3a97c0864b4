"""Announces the converter; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import CodecRule, ConverterSpec, FormatConverter, Requirement, hookimpl
from ossicle_lame.rates import SAMPLE_RATES


def build_converter() -> FormatConverter:
    """The converter with its default settings."""
    from ossicle_lame.converter import LameConverter

    return LameConverter()


SPEC = ConverterSpec(
    name="lame",
    summary="MP3 by LAME: 2.5 times as fast as libsndfile's, and while the audio comes in",
    factory=build_converter,
    writes=(
        # Measured: lameenc 1.9.0 at quality 5, 64 kbit/s, November 2026.
        CodecRule(
            container="mp3",
            encodings=("mp3",),
            cost=157.0,
            sample_rates=SAMPLE_RATES,
            max_channels=2,
            is_incremental=True,
        ),
    ),
    requires=(Requirement(package="lameenc", extra="mp3", brings="fast MP3 output"),),
)


@hookimpl
def ossicle_register_converters() -> Sequence[ConverterSpec]:
    """Announce the converter."""
    return (SPEC,)
