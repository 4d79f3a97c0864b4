"""How a text is cut into packets that check and correct themselves, and put together again.

A packet is one header block of `HEADER_BYTES` and one body, each a Reed-Solomon codeword::

    header   version 1 | length of the body's data 1 | CRC-16 2          | parity 8
    body     CRC-32 of the whole text 4 | index 2 | count 2 | payload ≤ 64 | CRC-16 2 | parity

The parity of the body fills it up to a multiple of `BLOCK_BYTES`, which is what the modem sends
between two pauses. All integers are big-endian. A text is given back only when every packet
passed its own check, all came in order, and the whole matches the CRC-32: a wrong text passes
with a probability below 2^-48 for each damaged packet.

Source: CRC-16/XMODEM (`binascii.crc_hqx`) and CRC-32 (ISO/HDLC, `zlib.crc32`).
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

from ossicle.errors import TextTooLongError

from . import reed_solomon

BLOCK_BYTES = 12
"""Bytes that the modem sends between two pauses."""

HEADER_BYTES = BLOCK_BYTES
PAYLOAD_BYTES = 64
"""Most bytes of text in one packet."""

MAX_PACKETS = 0xFFFF
_VERSION = 1
_HEADER_DATA = 4
_PREFIX = struct.Struct(">IHH")
_CHECK_BYTES = 2
_LEAST_PARITY = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One piece of a text.

    Attributes:
        check: CRC-32 of the whole text, which also tells one message's packets from another's.
        index: Its place, from 0.
        count: How many packets the text has, at least 1.
        payload: At most `PAYLOAD_BYTES` bytes of the UTF-8 text.
    """

    check: int
    index: int
    count: int
    payload: bytes

    def to_bytes(self) -> bytes:
        """Header and body, whitened, as they go to the modem."""
        data = _PREFIX.pack(self.check, self.index, self.count) + self.payload
        data += _check(data)
        head = bytes([_VERSION, len(data)])
        header = reed_solomon.encode(head + _check(head), HEADER_BYTES - _HEADER_DATA)
        body = reed_solomon.encode(data, body_bytes(len(data)) - len(data))
        return _whitened(header) + _whitened(body)

    @classmethod
    def from_body(cls, received: bytes, data_bytes: int) -> Packet | None:
        """The packet in a received body; `None` when it is damaged beyond repair.

        Args:
            received: The body, `body_bytes(data_bytes)` long.
            data_bytes: What the header announced.
        """
        data = reed_solomon.decode(_whitened(received), len(received) - data_bytes)
        if data is None or _check(data[:-_CHECK_BYTES]) != data[-_CHECK_BYTES:]:
            return None
        check, index, count = _PREFIX.unpack_from(data)
        return cls(
            check=check, index=index, count=count, payload=data[_PREFIX.size : -_CHECK_BYTES]
        )


def read_header(received: bytes) -> int | None:
    """How many bytes of data the body has; `None` when this is no header or a damaged one."""
    head = reed_solomon.decode(_whitened(received), HEADER_BYTES - _HEADER_DATA)
    if head is None or _check(head[:2]) != head[2:] or head[0] != _VERSION:
        return None
    least, most = _PREFIX.size + _CHECK_BYTES, _PREFIX.size + PAYLOAD_BYTES + _CHECK_BYTES
    return head[1] if least <= head[1] <= most else None


def body_bytes(data_bytes: int) -> int:
    """Length of the body that protects so many bytes: at least two bytes of parity for five."""
    parity = max(_LEAST_PARITY, -(-2 * data_bytes // 5))
    return -(-(data_bytes + parity) // BLOCK_BYTES) * BLOCK_BYTES


def text_to_packets(text: str) -> Iterator[Packet]:
    """The packets of a text, in order; the empty text is one packet without payload.

    Raises:
        TextTooLongError: The text has more than about four million bytes.
    """
    # Half of a surrogate pair is a legal Python string; it travels as three bytes of its own.
    data = text.encode("utf-8", "surrogatepass")
    count = max(1, -(-len(data) // PAYLOAD_BYTES))
    if count > MAX_PACKETS:
        raise TextTooLongError(
            f"a text of {len(data)} bytes is more than tones carry",
            fix=f"Speak at most {MAX_PACKETS * PAYLOAD_BYTES} bytes at once.",
        )
    return (
        Packet(
            check=crc32(data),
            index=index,
            count=count,
            payload=data[index * PAYLOAD_BYTES : (index + 1) * PAYLOAD_BYTES],
        )
        for index in range(count)
    )


def packets_to_messages(packets: Iterable[Packet | None]) -> tuple[list[str], int]:
    """The whole texts in a row of packets, and how many packets belong to no whole text.

    Args:
        packets: In the order of time; `None` stands for a packet that was heard but damaged.
    """
    messages: list[str] = []
    n_heard = n_used = 0
    parts: list[Packet] = []
    for packet in packets:
        n_heard += 1
        if packet is None or not _continues(parts, packet):
            parts = []
        if packet is not None and _continues(parts, packet):
            parts.append(packet)
        if parts and len(parts) == parts[0].count:
            text = _text(parts)
            if text is not None:
                messages.append(text)
                n_used += len(parts)
            parts = []
    return messages, n_heard - n_used


def _text(parts: list[Packet]) -> str | None:
    """The text of all packets of a message if it is the one that was sent."""
    data = b"".join(part.payload for part in parts)
    if crc32(data) != parts[0].check:
        return None
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None


def _continues(parts: list[Packet], packet: Packet) -> bool:
    """Whether the packet is the one that must follow."""
    if not parts:
        return packet.index == 0
    first = parts[0]
    return (packet.check, packet.count, packet.index) == (first.check, first.count, len(parts))


def _check(data: bytes) -> bytes:
    return crc_hqx(data, 0).to_bytes(_CHECK_BYTES, "big")


def _whitened(data: bytes) -> bytes:
    """The bytes mixed with a fixed sequence, so that monotonous text makes no monotonous sound."""
    sequence = reed_solomon.exponents()
    return bytes(byte ^ sequence[index] for index, byte in enumerate(data))
