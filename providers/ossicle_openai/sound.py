"""What the bytes of an answer truly are: sniffed, whatever was asked for or claimed. Pure."""

from __future__ import annotations

import io

from ossicle.audio import AudioFormat, sniff
from ossicle.audio.base64 import Base64Stream
from ossicle.errors import AudioLimitError, MalformedAudioError
from ossicle.messages import AudioDelta
from ossicle_openai.options import FAILURES

PCM16 = AudioFormat.pcm(sample_rate=24_000)
"""OpenAI's raw samples carry no header. Source: "Text to speech" guide, read 2026-11-22."""

_WIRE_NAMES = {"raw": "pcm16", "wav": "wav", "mp3": "mp3", "flac": "flac", "ogg": "opus",
               "adts": "aac"}  # fmt: skip

_MAGICS = (b"ID3", b"fLaC", b"OggS")
_HEAD_BYTES = 64
_PRINTABLE = frozenset(b"\t\n\r") | frozenset(range(0x20, 0x7F))
_TEXT_BYTES = 8
"""Letters from end to end make a text from here on: "Not Found" has nine."""

_FRAMES_BYTES = 4096
"""Enough for several MPEG frames: their two sync bytes alone are also plausible samples."""


def wire_format(form: AudioFormat) -> str:
    """The name of a format in the chat dialect."""
    return _WIRE_NAMES.get(form.container, form.container)


def true_format(
    data: bytes, *, asked: AudioFormat, is_pcm_despite_label: bool = False
) -> AudioFormat:
    """The format of a whole answer's audio.

    Args:
        data: All bytes of it.
        asked: What was asked for; raw samples have no other name.
        is_pcm_despite_label: Whether headless audio is raw samples, whatever it should be.

    Raises:
        InvalidReplyError: An encoded format was asked for, and the bytes are none.
    """
    is_raw = asked.container == "raw"
    if is_raw and not _begins_encoded(data):
        _refuse_text(data)
        return asked
    try:
        return sniff(io.BytesIO(data), len(data)).format
    except MalformedAudioError as error:
        if is_raw:
            return asked
        if is_pcm_despite_label and not _begins_encoded(data):
            _refuse_text(data)
            return PCM16
        raise FAILURES.invalid_reply(
            f"the audio of {len(data)} bytes, which should be {asked.name}, is not audio"
        ) from error


class SoundStream:
    """Turns the base64 of a streamed answer into audio events with their true format.

    Raw samples are handed on as they come. Where the bytes turn out to be an encoded file, they
    are kept until the end and given as a whole.

    Args:
        asked: What was asked for.
        max_bytes: Longest answer.
    """

    def __init__(self, *, asked: AudioFormat, max_bytes: int) -> None:
        self._asked = asked if asked.container == "raw" else PCM16
        self._base64 = Base64Stream(max_bytes=max_bytes)
        self._held = bytearray()
        self._is_raw: bool | None = None
        self.n_bytes = 0

    def push_base64(self, text: str) -> AudioDelta | None:
        """Take a fragment, cut anywhere.

        Raises:
            InvalidReplyError: It is not base64, or there is too much of it.
        """
        try:
            data = self._base64.push(text)
        except (MalformedAudioError, AudioLimitError) as error:
            raise FAILURES.invalid_reply(
                f"the audio in the stream cannot be read: {error.what}"
            ) from error
        return self.push(data)

    def push(self, data: bytes) -> AudioDelta | None:
        """Take bytes, cut anywhere; returns what is known to be raw samples.

        Raises:
            InvalidReplyError: They are text.
        """
        self.n_bytes += len(data)
        if self._is_raw:
            return AudioDelta(data=data, format=self._asked) if data else None
        self._held += data
        if self._is_raw is None and len(self._held) >= self._wanted():
            self._decide()
        return self._released() if self._is_raw else None

    def finish(self) -> AudioDelta | None:
        """What was kept back.

        Raises:
            InvalidReplyError: The base64 ends inside a group.
        """
        try:
            self._base64.finish()
        except MalformedAudioError as error:
            raise FAILURES.invalid_reply(f"the audio in the stream is cut: {error.what}") from error
        if not self._held:
            return None
        if self._is_raw is None:
            self._decide()
        return self._released()

    def _decide(self) -> None:
        """Tell raw samples from a file by what came so far."""
        held = bytes(self._held)
        self._is_raw = not _is_encoded(held)
        if self._is_raw:
            _refuse_text(held)

    def _wanted(self) -> int:
        """How many bytes it takes to tell raw samples from a file."""
        return _FRAMES_BYTES if _is_mpeg_sync(self._held) else _HEAD_BYTES

    def _released(self) -> AudioDelta | None:
        data = bytes(self._held)
        self._held.clear()
        if not data:
            return None
        form = self._asked if self._is_raw else true_format(data, asked=self._asked)
        return AudioDelta(data=data, format=form)


def _refuse_text(data: bytes) -> None:
    """Anything can pass for samples, but no sound is spelled in letters from its first byte."""
    if len(data) >= _TEXT_BYTES and _PRINTABLE.issuperset(data[:_HEAD_BYTES]):
        raise FAILURES.invalid_reply("text came where audio was asked for")


def _is_encoded(data: bytes) -> bool:
    if not _begins_encoded(data):
        return False
    if not _is_mpeg_sync(data):
        return True
    try:
        return sniff(io.BytesIO(data), len(data)).format.container != "raw"
    except MalformedAudioError:
        return False


def _begins_encoded(data: bytes | bytearray) -> bool:
    return (
        (data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE")
        or bytes(data[:4]).startswith(_MAGICS)
        or _is_mpeg_sync(data)
    )


def _is_mpeg_sync(data: bytes | bytearray) -> bool:
    return len(data) >= 2 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0
