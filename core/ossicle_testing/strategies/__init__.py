"""Hypothesis strategies for audio and all that comes with it; needs the extra `testing`.

What is drawn prints as a short description and shrinks to the plainest one that still shows the
fault: one frame of silence in mono rather than a page of numbers.
"""

from ossicle_testing.strategies.clips import (
    Damage,
    WrittenClip,
    clips,
    damages,
    malformed_headers,
    written,
    written_clips,
)
from ossicle_testing.strategies.clocks import (
    SkewedClocks,
    clock_steps,
    clocks,
    skewed_clocks,
    skews,
)
from ossicle_testing.strategies.conversations import (
    Step,
    conversation_steps,
    conversations,
    spoken,
    spoken_clips,
)
from ossicle_testing.strategies.cuts import (
    chunkings,
    midsample_splittings,
    splittings,
    sse_splittings,
)
from ossicle_testing.strategies.events import event_splittings, event_streams
from ossicle_testing.strategies.faults import fault_schedules, faults
from ossicle_testing.strategies.formats import (
    Writer,
    audio_formats,
    installed_writers,
    pcm_formats,
)
from ossicle_testing.strategies.records import (
    arguments_for,
    capabilities,
    format_rules,
    json_schemas,
    prices,
    tools,
)
from ossicle_testing.strategies.signals import SIGNAL_KINDS, Signal, SignalKind, signals
from ossicle_testing.strategies.words import sentences

__all__ = [
    "SIGNAL_KINDS",
    "Damage",
    "Signal",
    "SignalKind",
    "SkewedClocks",
    "Step",
    "Writer",
    "WrittenClip",
    "arguments_for",
    "audio_formats",
    "capabilities",
    "chunkings",
    "clips",
    "clock_steps",
    "clocks",
    "conversation_steps",
    "conversations",
    "damages",
    "event_splittings",
    "event_streams",
    "fault_schedules",
    "faults",
    "format_rules",
    "installed_writers",
    "json_schemas",
    "malformed_headers",
    "midsample_splittings",
    "pcm_formats",
    "prices",
    "sentences",
    "signals",
    "skewed_clocks",
    "skews",
    "splittings",
    "spoken",
    "spoken_clips",
    "sse_splittings",
    "tools",
    "written",
    "written_clips",
]
