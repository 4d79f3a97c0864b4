"""Sun and NeXT audio (`.au`, `.snd`).

Source: Sun Microsystems, audio file header `<audio/au.h>`; all fields are big-endian. DEC's variant
turns the bytes of everything around, of the name too.
"""

from __future__ import annotations

from dataclasses import replace

from ossicle.audio.containers.header import checked_format, is_fixed_width, pcm_facts
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_UNKNOWN = 0xFFFFFFFF
_ENCODINGS = {
    1: "mulaw", 2: "pcm_s8", 3: "pcm_s16be", 4: "pcm_s24be", 5: "pcm_s32be",
    6: "pcm_f32be", 7: "pcm_f64be", 27: "alaw",
}  # fmt: skip
_TURNED_ENCODINGS = {
    code: f"{name.removesuffix('be')}le" if name.endswith("be") else name
    for code, name in _ENCODINGS.items()
}
_TURNED = b"dns."


def matches(head: bytes) -> bool:
    """Whether these first 4 bytes open an AU file."""
    return head[:4] in (b".snd", _TURNED)


def read_facts(source: Source) -> AudioFacts:
    """What the header of an AU file says.

    Raises:
        MalformedAudioError: The header is cut off or impossible.
    """
    is_turned = source.at(source.start, 4) == _TURNED
    layout, encodings = ("<5I", _TURNED_ENCODINGS) if is_turned else (">5I", _ENCODINGS)
    offset, size, code, sample_rate, channels = source.fields(layout, source.start + 4)
    form = checked_format(
        "au", encodings.get(code, "unknown"), sample_rate=sample_rate, channels=channels
    )
    if not 24 <= offset <= max(source.n_bytes - source.start, 24):
        raise MalformedAudioError(
            f"the AU header says that the samples begin at byte {offset}",
            format="au",
            fix="Get the file again.",
        )
    data_offset = source.start + offset
    available = max(source.n_bytes - data_offset, 0)
    notes: tuple[str, ...] = ()
    if size == _UNKNOWN or (size == 0 and available > 0):
        size, notes = available, ("sizes_unknown",)
    elif size > available:
        size, notes = available, ("truncated",)
    elif size < available:
        notes = ("trailing_bytes",)
    unread = available - size
    if not is_fixed_width(form.encoding):
        return AudioFacts(
            format=form,
            n_bytes=source.n_bytes,
            data_offset=data_offset,
            data_bytes=size,
            notes=notes,
            unread_bytes=unread,
        )
    facts = pcm_facts(
        form,
        n_bytes=source.n_bytes,
        data_offset=data_offset,
        data_bytes=size,
        notes=notes,
    )
    return replace(facts, unread_bytes=unread)
