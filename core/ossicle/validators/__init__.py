"""What judges audio before anything is sent or paid."""

from ossicle.validators.bandwidth import BandwidthValidator
from ossicle.validators.clipping import ClippingValidator
from ossicle.validators.dc_offset import DcOffsetValidator
from ossicle.validators.dead_channel import DeadChannelValidator
from ossicle.validators.dropout import DropoutValidator
from ossicle.validators.duration import DurationValidator
from ossicle.validators.format import FormatValidator
from ossicle.validators.inaudible import InaudibleValidator
from ossicle.validators.judgement import judge
from ossicle.validators.level import LevelValidator
from ossicle.validators.noise import NoiseValidator
from ossicle.validators.silence import SilenceValidator
from ossicle.validators.size import SizeValidator

__all__ = [
    "BandwidthValidator",
    "ClippingValidator",
    "DcOffsetValidator",
    "DeadChannelValidator",
    "DropoutValidator",
    "DurationValidator",
    "FormatValidator",
    "InaudibleValidator",
    "LevelValidator",
    "NoiseValidator",
    "SilenceValidator",
    "SizeValidator",
    "judge",
]
