"""Reads and writes WAV variants, AIFF, AU, CAF, FLAC, MP3 and Ogg with libsndfile."""

from ossicle_soundfile.converter import SoundfileConverter

__all__ = ["SoundfileConverter"]
