"""Writes MP3 with LAME, without gaps."""

from ossicle_lame.converter import LameConverter

__all__ = ["LameConverter"]
