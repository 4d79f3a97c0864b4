"""Reads and writes WAV variants, AIFF, AU, CAF, FLAC, MP3 and Ogg with libsndfile."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle_soundfile.converter import SoundfileConverter
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, {"converter": "SoundfileConverter"})

__all__ = ["SoundfileConverter"]
