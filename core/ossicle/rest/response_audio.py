"""What the bytes of an answer truly are: raw samples as asked, or a file after all. Pure."""

from __future__ import annotations

import io

from ossicle.audio import AudioFormat, sniff
from ossicle.errors import MalformedAudioError
from ossicle.messages import AudioDelta
from ossicle.rest.failures import Failures

_MAGICS = (b"ID3", b"fLaC", b"OggS")
_HEAD_BYTES = 64
_FEW_BYTES = 16
"""Fewer than this can be letters by chance."""

_PRINTABLE = frozenset(b"\t\n\r") | frozenset(range(0x20, 0x7F))


class SoundReader:
    """Turns the bytes of an answer into audio events with their true format.

    Raw samples are handed on as they come. Where the bytes are an encoded file, whatever was
    asked for, they are kept until the end and given as a whole.

    Args:
        asked: The format that was asked for.
        failures: Builds the provider's errors.
        request_id: The vendor's id of the request.

    Attributes:
        n_bytes: How many came.
    """

    def __init__(
        self, asked: AudioFormat, *, failures: Failures, request_id: str | None = None
    ) -> None:
        self._asked, self._failures, self._request_id = asked, failures, request_id
        self._held = bytearray()
        self._is_file = self._is_decided = asked.container != "raw"
        self.n_bytes = 0

    def push(self, data: bytes) -> AudioDelta | None:
        """Take a piece; returns what is known to be raw samples.

        Raises:
            InvalidReplyError: It is no audio.
        """
        self.n_bytes += len(data)
        if self._is_decided and not self._is_file:
            return AudioDelta(data=data, format=self._asked) if data else None
        self._held += data
        if not self._is_decided and self.n_bytes >= _HEAD_BYTES:
            self._decide()
        return None if self._is_file or not self._is_decided else self._held_samples()

    def finish(self) -> AudioDelta | None:
        """What was kept back.

        Raises:
            InvalidReplyError: It is no audio.
        """
        if not self._is_decided:
            self._decide()
        if not self._held or not self._is_file:
            return self._held_samples()
        data = bytes(self._held)
        self._held.clear()
        try:
            form = sniff(io.BytesIO(data), len(data)).format
        except MalformedAudioError as error:
            raise self._failures.invalid_reply(
                f"the audio of {len(data)} bytes is not audio", request_id=self._request_id
            ) from error
        return AudioDelta(data=data, format=form)

    def _held_samples(self) -> AudioDelta | None:
        data = bytes(self._held)
        self._held.clear()
        return AudioDelta(data=data, format=self._asked) if data else None

    def _decide(self) -> None:
        """Samples or a file; the first bytes tell."""
        head = bytes(self._held[:_HEAD_BYTES])
        if len(head) >= _FEW_BYTES and _PRINTABLE.issuperset(head):
            # Anything can pass for samples, but no sound is spelled in letters.
            raise self._failures.invalid_reply(
                "text came where audio was asked for", request_id=self._request_id
            )
        is_wave = head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE"
        self._is_file = is_wave or head.startswith(_MAGICS)
        self._is_decided = True
