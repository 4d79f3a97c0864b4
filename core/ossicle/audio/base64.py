"""Base64 as RFC 4648 section 4 has it: one text for each value, checked before it costs memory.

The standard library skips what is not in its alphabet by default, and even its strict mode takes
`YR==` for `YQ==`: one audio would have many texts, and so many cache keys.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable

from ossicle.errors import AudioLimitError, MalformedAudioError

_PREFIX_LIMIT = 256
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FIX = "Send standard base64 (RFC 4648 section 4): padded, without white space."


def encode_base64(data: bytes) -> str:
    """Standard base64 of the bytes: padded, in one line."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode_base64(text: str | bytes, *, max_bytes: int) -> bytes:
    """The bytes that canonical base64 stands for.

    Args:
        text: Padded, no white space; a `data:…;base64,` prefix is cut off and not believed.
        max_bytes: Refused beyond this many decoded bytes, before anything is decoded.

    Raises:
        AudioLimitError: It would decode to more than `max_bytes`.
        MalformedAudioError: It is not canonical base64.
    """
    text = _without_prefix(text)
    _check_size(len(text) // 4 * 3 - 2, max_bytes)
    return _decode(_ascii(text), _fast_decoder())


class Base64Stream:
    """Decodes base64 that comes in pieces, cut anywhere; each piece may also be padded by itself.

    Any split of the same text gives the same bytes.

    Args:
        max_bytes: Refused beyond this many decoded bytes in all.

    Example:
        >>> stream = Base64Stream()
        >>> stream.push("aGVs") + stream.push("bG8=")
        b'hello'
        >>> stream.finish()
    """

    __slots__ = ("_carry", "_decoder", "_max_bytes", "_n_bytes")

    def __init__(self, *, max_bytes: int = 64 << 20) -> None:
        self._carry = b""
        self._decoder = _fast_decoder()
        self._max_bytes = max_bytes
        self._n_bytes = 0

    def push(self, text: str | bytes) -> bytes:
        """The bytes that are complete with this piece; up to three characters are kept back.

        Raises:
            AudioLimitError: More than `max_bytes` in all.
            MalformedAudioError: It is not canonical base64.
        """
        _check_size(self._n_bytes + len(text) // 4 * 3 - 2, self._max_bytes)
        joined = self._carry + _ascii(text)
        whole = len(joined) // 4 * 4
        self._carry = joined[whole:]
        data = self._groups(joined[:whole])
        self._n_bytes += len(data)
        _check_size(self._n_bytes, self._max_bytes)
        return data

    def finish(self) -> None:
        """Check that nothing is left over.

        Raises:
            MalformedAudioError: The last group is incomplete.
        """
        left, self._carry = len(self._carry), b""
        if left:
            raise MalformedAudioError(
                f"the base64 ends inside a group, after {left} of 4 characters",
                fix="The stream was cut; ask for the answer again.",
            )

    def _groups(self, text: bytes) -> bytes:
        """Decode padded texts that stand one behind the other."""
        pieces: list[bytes] = []
        start = 0
        while (at := text.find(b"=", start)) >= 0:
            end = at // 4 * 4 + 4
            pieces.append(_decode(text[start:end], self._decoder))
            start = end
        pieces.append(_decode(text[start:], self._decoder))
        return b"".join(pieces)


def _without_prefix(text: str | bytes) -> str | bytes:
    """Cut `data:…;base64,` by hand; a media type in it is a claim like any other."""
    head = text[:_PREFIX_LIMIT]
    start = head.lower() if isinstance(head, bytes) else head.lower().encode("ascii", "replace")
    if not start.startswith(b"data:"):
        return text
    comma = start.find(b",")
    if comma < 0 or not start[:comma].endswith(b";base64"):
        raise MalformedAudioError("the data URL is not a base64 one", fix=_FIX)
    return text[comma + 1 :]


def _ascii(text: str | bytes) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as error:
        raise MalformedAudioError(
            f"the base64 has a character outside its alphabet at {error.start}", fix=_FIX
        ) from None


def _check_size(n_bytes: int, max_bytes: int) -> None:
    if n_bytes > max_bytes:
        raise AudioLimitError(
            f"the base64 holds more than {max_bytes} bytes of audio",
            limit="encoded_bytes",
            measured=n_bytes,
            allowed=max_bytes,
            fix="Send shorter audio, or a compressed format.",
        )


def _fast_decoder() -> Callable[[bytes], bytes]:
    """The decoder of pybase64 (extra `fast`) where it is installed; both are strict."""
    try:
        import pybase64
    except ImportError:
        return lambda text: binascii.a2b_base64(text, strict_mode=True)
    decode: Callable[..., bytes] = pybase64.b64decode
    return lambda text: decode(text, validate=True)


def _decode(text: bytes, decoder: Callable[[bytes], bytes]) -> bytes:
    if len(text) % 4:
        raise MalformedAudioError(f"the base64 has {len(text)} characters", fix=_FIX)
    padding = 2 if text.endswith(b"==") else int(text.endswith(b"="))
    if padding and not _is_canonical(text[-1 - padding], unused_bits=2 * padding):
        raise MalformedAudioError("the base64 is not in its canonical form", fix=_FIX)
    try:
        return decoder(text)
    except ValueError:
        # From None: the decoder's message could quote the text.
        raise MalformedAudioError("the text is not base64", fix=_FIX) from None


def _is_canonical(last: int, *, unused_bits: int) -> bool:
    """Whether the bits that the last character has too many are 0."""
    value = _ALPHABET.find(last)
    return value >= 0 and value & ((1 << unused_bits) - 1) == 0
