"""From any format to any other: who reads, who writes, and what lies between."""

from ossicle.conversion.conversion import Conversion, convert, convert_clip

__all__ = ["Conversion", "convert", "convert_clip"]
