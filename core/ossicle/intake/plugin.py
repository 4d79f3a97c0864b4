"""The core's own converter for plain samples, announced through the door that everyone uses."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import ConverterSpec, hookimpl
from ossicle.intake.pcm_converter import PCM_SPEC


@hookimpl
def ossicle_register_converters() -> Sequence[ConverterSpec]:
    """Announce the converter for raw samples and WAV."""
    return [PCM_SPEC]
