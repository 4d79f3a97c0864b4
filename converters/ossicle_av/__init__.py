"""Reads AAC, M4A, WebM, Opus, AMR, AC-3, WMA and more, and writes Opus and AAC, with FFmpeg."""

from ossicle_av.converter import AvConverter

__all__ = ["AvConverter"]
