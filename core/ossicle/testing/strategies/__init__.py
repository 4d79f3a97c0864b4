"""Hypothesis strategies for audio and all that comes with it; needs the extra `testing`.

What is drawn prints as a short description and shrinks to the plainest one that still shows the
fault: one frame of silence in mono rather than a page of numbers.
"""

from ossicle.testing.strategies.clips import (
    Damage,
    WrittenClip,
    clips,
    damages,
    malformed_headers,
    written,
    written_clips,
)
from ossicle.testing.strategies.clocks import (
    SkewedClocks,
    clock_steps,
    clocks,
    skewed_clocks,
    skews,
)
from ossicle.testing.strategies.cuts import (
    chunkings,
    midsample_splittings,
    splittings,
    sse_splittings,
)
from ossicle.testing.strategies.formats import (
    Writer,
    audio_formats,
    installed_writers,
    pcm_formats,
)
from ossicle.testing.strategies.records import (
    arguments_for,
    capabilities,
    format_rules,
    json_schemas,
    tools,
)
from ossicle.testing.strategies.signals import SIGNAL_KINDS, Signal, SignalKind, signals

__all__ = [
    "SIGNAL_KINDS",
    "Damage",
    "Signal",
    "SignalKind",
    "SkewedClocks",
    "Writer",
    "WrittenClip",
    "arguments_for",
    "audio_formats",
    "capabilities",
    "chunkings",
    "clips",
    "clock_steps",
    "clocks",
    "damages",
    "format_rules",
    "installed_writers",
    "json_schemas",
    "malformed_headers",
    "midsample_splittings",
    "pcm_formats",
    "signals",
    "skewed_clocks",
    "skews",
    "splittings",
    "sse_splittings",
    "tools",
    "written",
    "written_clips",
]
