"""What prepares audio: streaming transforms of blocks, exact at any split."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle.preprocess.downmix import Downmix
    from ossicle.preprocess.gain import Loudness
    from ossicle.preprocess.high_pass import HighPassFilter
    from ossicle.preprocess.rate import ResampleTo
    from ossicle.preprocess.silence import TrimSilence
    from ossicle.preprocess.spooled_blocks import Spool
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "downmix": "Downmix",
            "gain": "Loudness",
            "high_pass": "HighPassFilter",
            "rate": "ResampleTo",
            "silence": "TrimSilence",
            "spooled_blocks": "Spool",
        },
    )

SPEECH = ("high_pass", "trim_silence", "loudness")
"""Preprocessors that make a recording of speech fit for a model, in order."""
__all__ = ["SPEECH", "Downmix", "HighPassFilter", "Loudness", "ResampleTo", "Spool", "TrimSilence"]
