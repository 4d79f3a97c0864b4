"""The core's validators, announced through the door that everyone uses."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import ValidatorSpec, hookimpl
from ossicle.validators.bandwidth import BandwidthValidator
from ossicle.validators.clipping import ClippingValidator
from ossicle.validators.dc_offset import DcOffsetValidator
from ossicle.validators.dead_channel import DeadChannelValidator
from ossicle.validators.dropout import DropoutValidator
from ossicle.validators.duration import DurationValidator
from ossicle.validators.format import FormatValidator
from ossicle.validators.inaudible import InaudibleValidator
from ossicle.validators.level import LevelValidator
from ossicle.validators.noise import NoiseValidator
from ossicle.validators.silence import SilenceValidator
from ossicle.validators.size import SizeValidator


@hookimpl
def ossicle_register_validators() -> Sequence[ValidatorSpec]:
    """Announce what judges audio."""
    return [
        ValidatorSpec(
            name="duration", summary="Empty, too short or too long.", factory=DurationValidator
        ),
        ValidatorSpec(
            name="size", summary="More bytes than the model takes.", factory=SizeValidator
        ),
        ValidatorSpec(
            name="format", summary="Not taken, cut off or damaged.", factory=FormatValidator
        ),
        ValidatorSpec(
            name="silence", summary="Silence, or audio without speech.", factory=SilenceValidator
        ),
        ValidatorSpec(name="level", summary="Too quiet or too loud.", factory=LevelValidator),
        ValidatorSpec(
            name="clipping", summary="Driven beyond full scale.", factory=ClippingValidator
        ),
        ValidatorSpec(name="noise", summary="Speech lost in noise.", factory=NoiseValidator),
        ValidatorSpec(name="dropout", summary="Gaps cut into audio.", factory=DropoutValidator),
        ValidatorSpec(name="dc_offset", summary="Off centre.", factory=DcOffsetValidator),
        ValidatorSpec(
            name="dead_channel",
            summary="A channel that holds nothing.",
            factory=DeadChannelValidator,
        ),
        ValidatorSpec(
            name="bandwidth", summary="Telephone band in disguise.", factory=BandwidthValidator
        ),
        ValidatorSpec(
            name="inaudible",
            summary="Energy where nobody hears it.",
            factory=InaudibleValidator,
        ),
    ]
