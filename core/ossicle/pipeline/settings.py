"""What an application may set about the way of its audio; picklable, free of global state."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ossicle.intake import IntakeLimits
from ossicle.messages import Value

Quality = Literal["refuse", "warn", "off"]
"""What validators' errors do: end the call before paying, stand on the receipt, or nothing (and
audio that passes through is then not even decoded)."""


class PipelineSettings(Value):
    """How audio is prepared, judged and delivered.

    Attributes:
        preprocess: Names of preprocessors to run, in order. Empty: nothing is changed but what the
            model needs, and a clip that the model takes as it is passes through untouched.
        quality: What validators' errors do.
        disabled_validators: Names of validators not to ask.
        limits: For all audio from outside, replies included.
        bit_rate: Of lossy output in bit/s, or `None` for each format's default.
    """

    preprocess: tuple[str, ...] = ()
    quality: Quality = "refuse"
    disabled_validators: frozenset[str] = frozenset()
    limits: IntakeLimits = Field(default_factory=IntakeLimits)
    bit_rate: int | None = Field(default=None, ge=6000, le=512_000)
