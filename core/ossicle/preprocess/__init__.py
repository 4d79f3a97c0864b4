"""What prepares audio: streaming transforms of blocks, exact at any split."""

from ossicle.preprocess.downmix import Downmix
from ossicle.preprocess.gain import Loudness
from ossicle.preprocess.high_pass import HighPassFilter
from ossicle.preprocess.rate import ResampleTo
from ossicle.preprocess.silence import TrimSilence
from ossicle.preprocess.spooled_blocks import Spool

SPEECH = ("high_pass", "trim_silence", "loudness")
"""Preprocessors that make a recording of speech fit for a model, in order."""

__all__ = ["SPEECH", "Downmix", "HighPassFilter", "Loudness", "ResampleTo", "Spool", "TrimSilence"]
