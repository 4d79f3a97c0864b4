"""What the bytes of an answer truly are: raw samples as asked, or a file after all. Pure."""

from __future__ import annotations

import io
import re

from ossicle.audio import AudioFormat, sniff
from ossicle.audio.base64 import Base64Stream
from ossicle.errors import AudioLimitError, MalformedAudioError
from ossicle.messages import AudioDelta
from ossicle.rest.failures import Failures

_MAGICS = (b"ID3", b"fLaC", b"OggS")
_HEAD_BYTES = 64
_FRAMES_BYTES = 4096
"""Enough for several MPEG frames: their two sync bytes alone are also plausible samples."""

_TEXT_BYTES = 8
"""Letters from end to end make a text from here on: "Not Found" has nine."""

_PRINTABLE = frozenset(b"\t\n\r") | frozenset(range(0x20, 0x7F))
_WHITE_SPACE = b" \t\r\n"
_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")

_RAW = frozenset({"audio/l16", "audio/pcm", "audio/raw"})
_PARAMETER = re.compile(r"\s*([a-z_-]{1,32})\s*=\s*\"?([0-9a-z_.+-]{1,32})\"?\s*")
_MOST_RATE, _MOST_CHANNELS = 768_000, 64


class AudioReader:
    """Turns the bytes of an answer into audio events with their true format.

    Raw samples are handed on as they come. Where the bytes are an encoded file, whatever was
    asked for, they are kept until the end and given as a whole. Base64 is read liberally, since it
    was paid for: white space, missing padding and the URL alphabet are taken.

    Args:
        asked: The format that was asked for.
        failures: Builds the provider's errors.
        request_id: The vendor's id of the request.
        max_bytes: Longest audio that comes as base64.
        headless: What audio is that should be a file and has no header; `None`: an error.

    Attributes:
        n_bytes: How many came.

    Example:
        >>> pcm = AudioFormat.pcm(sample_rate=24_000)
        >>> reader = AudioReader(pcm, failures=Failures(provider="acme"))
        >>> reader.push(bytes(100)).format.container
        'raw'
    """

    def __init__(
        self,
        asked: AudioFormat,
        *,
        failures: Failures,
        request_id: str | None = None,
        max_bytes: int = 64 << 20,
        headless: AudioFormat | None = None,
    ) -> None:
        self._asked, self._failures, self._request_id = asked, failures, request_id
        self._raw = asked if asked.container == "raw" else headless
        self._base64 = _LiberalBase64(max_bytes=max_bytes)
        self._held = bytearray()
        self._is_file: bool | None = None if self._raw is not None else True
        self.n_bytes = 0

    @property
    def held(self) -> bytes:
        """What is kept back until the end."""
        return bytes(self._held)

    def push(self, data: bytes) -> AudioDelta | None:
        """Take bytes, cut anywhere; returns what is known to be raw samples.

        Raises:
            InvalidReplyError: They are text.
        """
        self.n_bytes += len(data)
        self._held += data
        if self._is_file is None and len(self._held) >= self._wanted():
            self._decide()
        return None if self._is_file in (None, True) else self._samples(self._take())

    def push_base64(self, text: str) -> AudioDelta | None:
        """Take a fragment of base64, cut anywhere, or padded by itself.

        Raises:
            InvalidReplyError: It is not base64, it is text, or there is too much of it.
        """
        try:
            data = self._base64.push(text)
        except (MalformedAudioError, AudioLimitError) as error:
            raise self._failures.invalid_reply(
                f"the audio in the reply cannot be read: {error.what}", request_id=self._request_id
            ) from error
        return self.push(data)

    def finish(self) -> AudioDelta | None:
        """What was kept back.

        Raises:
            InvalidReplyError: It is no audio, or its base64 ends inside a group.
        """
        try:
            last = self.push(self._base64.finish())
        except MalformedAudioError as error:
            raise self._failures.invalid_reply(
                f"the audio in the reply is cut: {error.what}", request_id=self._request_id
            ) from error
        if last is not None or not self._held:
            return last
        if self._is_file is None:
            self._decide()
        data = self._take()
        return self._file(data) if self._is_file else self._samples(data)

    def _wanted(self) -> int:
        """How many bytes it takes to tell raw samples from a file."""
        return _FRAMES_BYTES if _is_mpeg_sync(self._held) else _HEAD_BYTES

    def _decide(self) -> None:
        held = bytes(self._held)
        self._is_file = _is_encoded(held)
        if (
            not self._is_file
            and len(held) >= _TEXT_BYTES
            and _PRINTABLE.issuperset(held[:_HEAD_BYTES])
        ):
            # Anything can pass for samples, but no audio is spelled in letters.
            raise self._failures.invalid_reply(
                "text came where audio was asked for", request_id=self._request_id
            )

    def _take(self) -> bytes:
        data = bytes(self._held)
        self._held.clear()
        return data

    def _samples(self, data: bytes) -> AudioDelta | None:
        return AudioDelta(data=data, format=self._raw or self._asked) if data else None

    def _file(self, data: bytes) -> AudioDelta:
        try:
            form = sniff(io.BytesIO(data), len(data)).format
        except MalformedAudioError as error:
            raise self._failures.invalid_reply(
                f"the audio of {len(data)} bytes, which should be {self._asked.name}, is not audio",
                request_id=self._request_id,
            ) from error
        return AudioDelta(data=data, format=form)


def whole_audio(
    data: bytes | str,
    asked: AudioFormat,
    *,
    failures: Failures,
    max_bytes: int = 64 << 20,
    headless: AudioFormat | None = None,
) -> AudioDelta | None:
    """The event of audio that came in one piece; `None` where there are no bytes.

    Args:
        data: Bytes, or base64, which is read liberally.
        asked: The format that was asked for.
        failures: Builds the provider's errors.
        max_bytes: Longest audio that comes as base64.
        headless: What audio is that should be a file and has no header; `None`: an error.

    Raises:
        InvalidReplyError: It is no audio.

    Example:
        delta = whole_audio(body["audio"], AudioFormat.named("mp3"), failures=FAILURES)
    """
    reader = AudioReader(asked, failures=failures, max_bytes=max_bytes, headless=headless)
    first = reader.push_base64(data) if isinstance(data, str) else reader.push(data)
    rest = reader.finish()
    if first is None or rest is None:
        return first or rest
    return AudioDelta(data=first.data + rest.data, format=first.format)


def raw_format_of(
    media_type: str, *, default: AudioFormat, failures: Failures
) -> AudioFormat | None:
    """The format of raw samples that a media type names, such as `audio/pcm;rate=16000`.

    Args:
        media_type: With its parameters.
        default: What counts where a parameter is missing.
        failures: Builds the provider's errors.

    Returns:
        Little-endian samples; `None` when it names no raw samples.

    Raises:
        InvalidReplyError: It names a rate or channels that cannot be.

    Example:
        >>> pcm, failures = AudioFormat.pcm(sample_rate=24_000), Failures(provider="acme")
        >>> raw_format_of("audio/pcm;rate=16000", default=pcm, failures=failures).sample_rate
        16000
    """
    kind, _, rest = media_type.lower().partition(";")
    if kind.strip() not in _RAW:
        return None
    found = [_PARAMETER.fullmatch(part) for part in rest.split(";")]
    parameters = {match[1]: match[2] for match in found if match}
    rate = parameters.get("rate", str(default.sample_rate))
    channels = parameters.get("channels", str(default.channels))
    if not (rate.isdecimal() and channels.isdecimal()):
        raise failures.invalid_reply("the media type of the audio names no possible rate")
    if not (1 <= int(rate) <= _MOST_RATE and 1 <= int(channels) <= _MOST_CHANNELS):
        raise failures.invalid_reply(f"the audio is said to have {rate} Hz and {channels} channels")
    return AudioFormat.pcm(sample_rate=int(rate), channels=int(channels))


class _LiberalBase64:
    """Base64 as vendors write it; what users give is read strictly (`ossicle.audio.base64`)."""

    def __init__(self, *, max_bytes: int) -> None:
        self._stream = Base64Stream(max_bytes=max_bytes)
        self._n_chars = 0

    def push(self, text: str) -> bytes:
        plain = text.encode("ascii", "replace")
        if not self._n_chars and plain[:5].lower() == b"data:":
            plain = plain.partition(b",")[2]
        plain = plain.translate(_URL_ALPHABET, _WHITE_SPACE)
        self._n_chars += len(plain)
        return self._stream.push(plain)

    def finish(self) -> bytes:
        rest = self._n_chars % 4
        self._n_chars = 0
        data = self._stream.push(b"=" * (4 - rest)) if rest >= 2 else b""
        self._stream.finish()
        return data


def _is_encoded(data: bytes) -> bool:
    if _is_mpeg_sync(data):
        try:
            return sniff(io.BytesIO(data), len(data)).format.container != "raw"
        except MalformedAudioError:
            return False
    is_wave = data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE"
    return is_wave or data.startswith(_MAGICS)


def _is_mpeg_sync(data: bytes | bytearray) -> bool:
    return len(data) >= 2 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0
