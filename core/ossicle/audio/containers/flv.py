"""Flash Video: its one audio stream.

Source: Adobe, "Flash Video File Format Specification 10.1", annex E.
"""

from __future__ import annotations

from ossicle.audio.containers.header import checked_format
from ossicle.audio.containers.mp4_entry import SampleEntry, audio_specific
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_AUDIO = 8
_MAX_TAGS = 1024
_RATES = (5512, 11_025, 22_050, 44_100)
_ENCODINGS = {
    0: "pcm", 1: "swf_adpcm", 2: "mp3", 3: "pcm", 4: "nellymoser", 5: "nellymoser",
    6: "nellymoser", 7: "alaw", 8: "mulaw", 10: "aac", 11: "speex", 14: "mp3",
}  # fmt: skip
_FIXED = {4: (16_000, 1), 5: (8000, 1), 7: (8000, None), 8: (8000, None), 11: (16_000, 1),
          14: (8000, None)}  # fmt: skip


def matches(head: bytes) -> bool:
    """Whether these first 9 bytes open a Flash video."""
    return head[:4] == b"FLV\x01" and head[5:9] == b"\x00\x00\x00\x09"


def read_facts(source: Source) -> AudioFacts:
    """What the first audio tag says; the length by the time stamp of the last tag.

    Raises:
        MalformedAudioError: There is no audio tag, or it is impossible.
    """
    offset = source.start + 13
    for _ in range(_MAX_TAGS):
        head = source.at(offset, 32)
        size = int.from_bytes(head[1:4], "big")
        if len(head) < 12:
            break
        if head[0] & 31 == _AUDIO and size > 1:
            return _facts(source, offset, head)
        offset += 11 + size + 4
    raise MalformedAudioError(
        "the Flash video has no audio", format="flv", fix="Give a file with audio."
    )


def _facts(source: Source, offset: int, head: bytes) -> AudioFacts:
    flags = head[11]
    code = flags >> 4
    encoding = _ENCODINGS.get(code, "unknown")
    rate, channels = _RATES[flags >> 2 & 3], 1 + (flags & 1)
    if encoding == "pcm":
        encoding = "pcm_s16le" if flags & 2 else "pcm_u8"
    elif encoding == "aac":
        entry = audio_specific(
            head[13:21], SampleEntry(encoding="aac", sample_rate=rate, channels=channels)
        )
        rate, channels = entry.sample_rate, entry.channels
    elif code in _FIXED:
        rate, fixed_channels = _FIXED[code]
        channels = fixed_channels or channels
    start_ms, end_ms = _stamp(head), _last_stamp(source)
    return AudioFacts(
        format=checked_format("flv", encoding, sample_rate=rate, channels=channels),
        n_bytes=source.n_bytes,
        duration_s=None if end_ms is None or end_ms <= start_ms else (end_ms - start_ms) / 1000,
        is_estimate=True,
        data_offset=offset,
        start_s=start_ms / 1000,
    )


def _stamp(head: bytes) -> int:
    return int.from_bytes(head[4:7], "big") | head[7] << 24


def _last_stamp(source: Source) -> int | None:
    """Milliseconds of the last tag, which is found by the size that stands behind it."""
    size = int.from_bytes(source.at(source.n_bytes - 4, 4), "big")
    head = source.at(source.n_bytes - 4 - size, 11)
    return _stamp(head) if len(head) == 11 and head[0] & 31 in (8, 9, 18) else None
