"""Server-sent events, read from bytes that may be cut anywhere. Pure.

Source: WHATWG HTML, section 9.2 "Server-sent events", parsing an event stream.
"""

from __future__ import annotations

from collections.abc import Iterator

from ossicle.rest.exception_hygiene import stripped
from ossicle.rest.failures import Failures

DONE = "[DONE]"
"""The data of the event by which OpenAI, and gateways after it, end a stream."""


class EventParser:
    r"""Turns bytes into the data of events.

    Lines end in LF, CRLF or CR; comments and the fields `event`, `id` and `retry` are passed over;
    several `data` lines of one event are joined by a line break. An event that the end of the
    stream cuts off is dropped, as the standard demands.

    Args:
        max_event_bytes: Longest event that is kept in memory.
        failures: Builds the provider's errors.

    Example:
        >>> parser = EventParser(max_event_bytes=100, failures=Failures(provider="acme"))
        >>> list(parser.feed(b"data: one\n\ndata: tw"))
        ['one']
    """

    def __init__(self, *, max_event_bytes: int, failures: Failures) -> None:
        self._max, self._failures = max_event_bytes, failures
        self._pieces: list[bytes] = []
        self._held = 0
        self._data: list[bytes] = []
        self._after_cr = False
        self._at_start = True

    def end(self) -> str | None:
        """The end mark, if only the empty line after it is missing at the end of the body."""
        if self._pieces:
            self._line(b"".join(self._pieces))
            self._pieces.clear()
        return DONE if self._data == [DONE.encode()] else None

    @property
    def has_partial(self) -> bool:
        """Whether an event has begun and not ended."""
        return bool(self._pieces or self._data)

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The data of every event that ends in this chunk.

        Raises:
            InvalidReplyError: An event is too long or is not UTF-8.
        """
        if self._after_cr and chunk:
            self._after_cr = False
            if chunk[:1] == b"\n":
                chunk = chunk[1:]
        if b"\r" in chunk:
            # A CR at the very end may be half of a CRLF.
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._hold(chunk[start:end])
            event = self._line(b"".join(self._pieces))
            self._pieces.clear()
            if event is not None:
                yield event
            start = end + 1
        if start < len(chunk):
            self._hold(chunk[start:])

    def _hold(self, piece: bytes) -> None:
        self._held += len(piece)
        if self._held > self._max:
            raise self._failures.invalid_reply(
                f"an event of the stream is longer than {self._max} bytes",
                fix="Raise the endpoint's option max_event_bytes if the server may do that.",
            )
        self._pieces.append(piece)

    def _line(self, line: bytes) -> str | None:
        """Take one line; returns the event that an empty line ends."""
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            event, self._data, self._held = self._data, [], 0
            return self._text(b"\n".join(event)) if event else None
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        else:
            self._held -= len(line)
        return None

    def _text(self, data: bytes) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._failures.invalid_reply(
                f"an event of {len(data)} bytes is not UTF-8"
            ) from stripped(error)
