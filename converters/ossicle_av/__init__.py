"""Reads AAC, M4A, WebM, Opus, AMR, AC-3, WMA and more, and writes Opus and AAC, with FFmpeg."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle_av.converter import AvConverter
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, {"converter": "AvConverter"})

__all__ = ["AvConverter"]
