"""From any format to any other: who reads, who writes, and what lies between."""

from ossicle.conversion.chain import find_preprocessors
from ossicle.conversion.conversion import (
    Conversion,
    Written,
    convert,
    convert_clip,
    convert_into,
    keep_source,
)

__all__ = [
    "Conversion",
    "Written",
    "convert",
    "convert_clip",
    "convert_into",
    "find_preprocessors",
    "keep_source",
]
