"""The blobs of an answer as audio events: by their media type, and by what they hold. Pure."""

from __future__ import annotations

from ossicle.audio import AudioFormat
from ossicle.messages import AudioDelta
from ossicle.rest import AudioReader, raw_format_of
from ossicle_gemini.errors import FAILURES

PCM16 = AudioFormat.pcm(sample_rate=24_000)
"""What the speech models give: `audio/L16;codec=pcm;rate=24000`.

RFC 2586 has big-endian samples in audio/L16. Gemini's are little-endian: Google's own examples
write them into a WAV file as they come. Source: https://ai.google.dev/gemini-api/docs/
speech-generation, read 2026-11-23.
"""

_FILE = AudioFormat.named("wav")


class BlobReader:
    """Turns the blobs of an answer into audio events with their true format.

    Args:
        max_bytes: Longest audio.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._form: AudioFormat | None = None
        self._reader: AudioReader | None = None

    @property
    def n_bytes(self) -> int:
        """How many bytes came."""
        return 0 if self._reader is None else self._reader.n_bytes

    def push(self, text: str, media_type: str) -> AudioDelta | None:
        """Take one blob; returns what is known to be raw samples.

        Raises:
            InvalidReplyError: It is not base64 or no audio, there is too much of it, or its format
                is not that of what came before.
        """
        form = raw_format_of(media_type, default=PCM16, failures=FAILURES)
        if self._reader is None:
            self._form = form
            self._reader = AudioReader(form or _FILE, failures=FAILURES, max_bytes=self._max_bytes)
        if form != self._form:
            raise FAILURES.invalid_reply("the format of the audio changes within the reply")
        return self._reader.push_base64(text)

    def finish(self) -> AudioDelta | None:
        """What was kept back.

        Raises:
            InvalidReplyError: It is no audio.
        """
        return None if self._reader is None else self._reader.finish()
