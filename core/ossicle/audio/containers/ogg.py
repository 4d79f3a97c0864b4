"""Ogg pages, and what their granule positions say about length.

Source: RFC 3533 (Ogg), RFC 7845 (Opus in Ogg), the Vorbis I specification section 4.2.2,
and "Ogg FLAC mapping 1.0" of Xiph.Org.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ossicle.audio.containers.ogg_stream import OggStream, read_stream
from ossicle.audio.containers.source import READ_LIMIT, Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_CAPTURE = b"OggS"
_BEGINS, _ENDS = 2, 4
_MAX_HEADER = 27 + 255
_MAX_PAGE = _MAX_HEADER + 255 * 255
_MAX_STREAMS = 16
_MAX_PAGES = 3000
_NO_GRANULE = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page header.

    Attributes:
        offset: Where it begins.
        flags: Continued, begins, ends.
        granule: Position at its end in frames, or `None` where no packet ends on it.
        serial: Which logical stream it belongs to.
        body: Where its packets begin.
        size: Bytes of its packets.
        packets: How many packets end on it.
    """

    offset: int
    flags: int
    granule: int | None
    serial: int
    body: int
    size: int
    packets: int

    @property
    def end(self) -> int:
        """Where the next page begins."""
        return self.body + self.size


def matches(head: bytes) -> bool:
    """Whether these first 5 bytes open an Ogg file."""
    return head[:4] == _CAPTURE and head[4:5] == b"\x00"


def read_page(source: Source, offset: int) -> Page | None:
    """The page header at `offset`, or `None` if there is none."""
    data = source.at(offset, _MAX_HEADER)
    if len(data) < 27 or data[:5] != b"OggS\x00":
        return None
    lacing = data[27 : 27 + data[26]]
    if len(lacing) < data[26]:
        return None
    granule = int.from_bytes(data[6:14], "little")
    return Page(
        offset=offset,
        flags=data[5],
        granule=None if granule == _NO_GRANULE else granule,
        serial=int.from_bytes(data[14:18], "little"),
        body=offset + 27 + len(lacing),
        size=sum(lacing),
        packets=sum(1 for value in lacing if value < 255),
    )


def read_facts(source: Source) -> AudioFacts:
    """What the first pages and the last one say; the streams of a chain are added up.

    Raises:
        MalformedAudioError: There is no audio stream, or its description is impossible.
    """
    first, stream = _open(source, source.start)
    if stream is None:
        raise MalformedAudioError(
            "the Ogg file holds no audio stream that is known",
            format="ogg",
            fix="Give Opus, Vorbis or FLAC in Ogg.",
        )
    last, is_cut = _last_page(source)
    notes: list[str] = ["truncated"] if is_cut or last is None else []
    frames: int | None = None
    exact = True
    if last is not None and last.serial == first.serial:
        frames, exact = _link_frames(source, first, stream, last)
    elif last is not None:
        chain = _chain(source)
        frames = chain.frames
        if chain.links > 1:
            notes.append("chained")
            stream = replace(stream, format=stream.format.at(channels=chain.channels))
    exact = exact and not is_cut
    if is_cut and not frames:
        frames = None
    # A byte of lacing stands for one packet: at most 120 ms of Opus, 8192 frames of Vorbis,
    # or 65535 of FLAC.
    if frames is not None and frames > source.n_bytes * stream.longest_packet:
        frames = None
    return AudioFacts(
        format=stream.format,
        n_bytes=source.n_bytes,
        frames=frames if exact else None,
        duration_s=None if frames is None else frames / stream.clock,
        is_estimate=not exact and frames is not None,
        data_offset=source.start,
        bit_depth=stream.bit_depth,
        notes=tuple(notes),
    )


def _open(source: Source, offset: int) -> tuple[Page, OggStream | None]:
    """The first page of the first audio stream among those that begin at `offset`."""
    page = read_page(source, offset)
    if page is None or not page.flags & _BEGINS:
        raise MalformedAudioError(
            "the Ogg file does not begin with the begin of a stream",
            format="ogg",
            fix="Get the file again from its start.",
        )
    first = page
    for _ in range(_MAX_STREAMS):
        if page is None or not page.flags & _BEGINS:
            break
        stream = read_stream(source.at(page.body, min(page.size, 256)))
        if stream is not None:
            return page, stream
        page = read_page(source, page.end)
    return first, None


def _last_page(source: Source) -> tuple[Page | None, bool]:
    """The last whole page on which a packet ends, and whether a cut one follows."""
    end = source.n_bytes
    low = max(source.start, end - 2 * _MAX_PAGE)
    is_cut = False
    # Most files end in a small page; a page that was cut may hide the last whole one far back.
    for begin in (max(low, end - 8192), max(low, end - READ_LIMIT), low):
        tail = source.at(begin, end - begin)
        at = tail.rfind(_CAPTURE)
        while at >= 0:
            page = read_page(source, begin + at)
            if page is None:
                is_cut = is_cut or begin + at > end - _MAX_HEADER
            elif page.end > end:
                is_cut = True
            elif page.granule is not None and page.granule < 1 << 62:
                return page, is_cut
            at = tail.rfind(_CAPTURE, 0, at)
    return None, is_cut


def _link_frames(
    source: Source, first: Page, stream: OggStream, last: Page
) -> tuple[int | None, bool]:
    """Frames of one logical stream and whether that is exact.

    A stream that was cut out of a longer one begins at a position above 0. Where, only decoding
    tells exactly; the packets of its first audio page give a bound.
    """
    if last.granule is None:
        return None, True
    start = 0
    page: Page | None = first
    for _ in range(64):
        page = read_page(source, page.end) if page is not None else None
        if page is None or page.offset >= last.offset:
            break
        if page.serial == first.serial and page.granule not in (0, None):
            start = max(0, (page.granule or 0) - page.packets * stream.longest_packet)
            break
    return max(last.granule - start - stream.pre_skip, 0), start == 0


@dataclass(slots=True)
class _Chain:
    """Frames of all links, as far as one clock holds; and the most channels of any."""

    frames: int | None
    channels: int
    links: int = 1


def _chain(source: Source) -> _Chain:
    first, stream = _open(source, source.start)
    assert stream is not None
    chain = _Chain(frames=None, channels=stream.format.channels or 1)
    clock = stream.clock
    total = 0
    newest: int | None = None
    page: Page | None = first
    for _ in range(_MAX_PAGES):
        if page is None:
            chain.frames = total + max((newest or 0) - stream.pre_skip, 0)
            break
        if page.flags & _BEGINS and newest is not None and page.serial != first.serial:
            total += max(newest - stream.pre_skip, 0)
            first, following = _open(source, page.offset)
            chain.links += 1
            if following is None or following.clock != clock:
                break
            stream, newest, page = following, None, first
            chain.channels = max(chain.channels, stream.format.channels or 1)
        elif page.serial == first.serial and page.granule is not None and page.granule < 1 << 62:
            newest = page.granule if not page.flags & _BEGINS else newest
        page = read_page(source, page.end)
    return chain
