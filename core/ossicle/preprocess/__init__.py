"""What prepares audio: streaming transforms of blocks, exact at any split."""

from ossicle.preprocess.channels import Downmix
from ossicle.preprocess.gain import Loudness
from ossicle.preprocess.rate import ResampleTo
from ossicle.preprocess.rumble import HighPassFilter
from ossicle.preprocess.silence import TrimSilence
from ossicle.preprocess.spool import Spool

__all__ = ["Downmix", "HighPassFilter", "Loudness", "ResampleTo", "Spool", "TrimSilence"]
