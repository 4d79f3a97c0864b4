"""The metadata gate: how many tags a native library would have to read, and how large they are.

Opening 20 000 Vorbis comments (235 KB) takes FFmpeg four seconds, growing with the square of their
number, and no timeout reaches it. A shallow walk counts first. Pictures are passed over by size.
"""

from __future__ import annotations

from ossicle.audio import AudioClip
from ossicle.audio.containers.id3 import skip_leading_tags
from ossicle.audio.containers.source import Source
from ossicle.errors import AudioLimitError
from ossicle.intake.limits import DEFAULT, IntakeLimits

_TAGGED = frozenset({"flac", "ogg", "mp4", "matroska", "asf", "caf"})
"""Containers whose tags are walked."""


class Tally:
    """Counts entries and bytes of the tags of one clip; the first too many raises."""

    def __init__(self, clip: AudioClip, limits: IntakeLimits) -> None:
        self._format = str(clip.format)
        self._limits = limits
        self._entries = self._bytes = 0

    def add(self, *, entries: int, n_bytes: int) -> None:
        """Count some more.

        Raises:
            AudioLimitError: It is too much now.
        """
        self._entries += entries
        self._bytes += n_bytes
        self._check("metadata_entries", self._entries, self._limits.metadata_entries, "tags")
        self._check("metadata_bytes", self._bytes, self._limits.metadata_bytes, "bytes of tags")

    def _check(self, name: str, found: int, allowed: int, unit: str) -> None:
        if found > allowed:
            raise AudioLimitError(
                f"the {self._format} carries {found} {unit}; {allowed} are allowed",
                limit=name,
                measured=found,
                allowed=allowed,
                format=self._format,
                fix="Save it without its tags.",
            )


def check_metadata(clip: AudioClip, limits: IntakeLimits = DEFAULT) -> None:
    """Refuse a clip whose tags would keep a native library busy.

    Raises:
        AudioLimitError: It carries too many tags, or too large ones.
        MalformedAudioError: Its tables claim more than the file has.
    """
    if clip.format.container not in _TAGGED:
        return
    from ossicle.intake.metadata_walks import WALKS

    with clip.open() as file:
        source = Source(file, clip.n_bytes)
        source.start = skip_leading_tags(source)
        WALKS[clip.format.container](source, Tally(clip, limits))
