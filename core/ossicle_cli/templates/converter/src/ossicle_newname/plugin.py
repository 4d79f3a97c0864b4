"""How the converter announces itself: light, for it is imported with all plugins."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import CodecRule, ConverterSpec, FormatConverter, hookimpl


def build() -> FormatConverter:
    """A converter; numpy (or a native library) is imported now and not earlier."""
    from .converter import NewnameConverter

    return NewnameConverter()


@hookimpl
def ossicle_register_converters() -> Sequence[ConverterSpec]:
    """Announce the converter."""
    return [
        ConverterSpec(
            name="newname",
            summary="Reads and writes 16-bit AU files",
            factory=build,
            # CPU milliseconds per minute of 24 kHz mono: the cheapest converter is taken.
            reads=(CodecRule(container="au", encodings=("pcm_s16be",), cost=4.0),),
            writes=(
                CodecRule(container="au", encodings=("pcm_s16be",), cost=4.0, is_incremental=True),
            ),
        )
    ]
