"""What the bytes of an answer truly are: by their media type, and sniffed. Pure."""

from __future__ import annotations

import io
import re

from ossicle.audio import AudioFormat, sniff
from ossicle.audio.base64 import decode_base64
from ossicle.errors import AudioLimitError, MalformedAudioError
from ossicle.messages import AudioDelta
from ossicle_gemini.options import FAILURES

PCM16 = AudioFormat.pcm(sample_rate=24_000)
"""What the speech models give: `audio/L16;codec=pcm;rate=24000`.

RFC 2586 has big-endian samples in audio/L16. Gemini's are little-endian: Google's own examples
write them into a WAV file as they come. Source: https://ai.google.dev/gemini-api/docs/
speech-generation, read 2026-11-23.
"""

_RAW = frozenset({"audio/l16", "audio/pcm", "audio/raw"})
_PARAMETER = re.compile(r"\s*([a-z_-]{1,32})\s*=\s*\"?([0-9a-z_.+-]{1,32})\"?\s*")
_MAGICS = (b"ID3", b"fLaC", b"OggS")
_HEAD_BYTES = 64
_PRINTABLE = frozenset(b"\t\n\r") | frozenset(range(0x20, 0x7F))
_MOST_RATE = 768_000
_MOST_CHANNELS = 64


def raw_format_of(media_type: str) -> AudioFormat | None:
    """The format of raw samples that a media type names; `None` when it names no raw samples.

    Raises:
        InvalidReplyError: It names a rate or channels that cannot be.
    """
    kind, _, rest = media_type.lower().partition(";")
    if kind.strip() not in _RAW:
        return None
    found = [_PARAMETER.fullmatch(part) for part in rest.split(";")]
    parameters = {match[1]: match[2] for match in found if match}
    rate = parameters.get("rate", str(PCM16.sample_rate))
    channels = parameters.get("channels", "1")
    if not (rate.isdecimal() and channels.isdecimal()):
        raise FAILURES.invalid_reply(
            "the media type of the audio names no possible rate or channels"
        )
    if not (1 <= int(rate) <= _MOST_RATE and 1 <= int(channels) <= _MOST_CHANNELS):
        raise FAILURES.invalid_reply(f"the audio is said to have {rate} Hz and {channels} channels")
    return AudioFormat.pcm(sample_rate=int(rate), channels=int(channels))


class SoundReader:
    """Turns the blobs of an answer into audio events with their true format.

    Raw samples are handed on as they come. Where the bytes are an encoded file, whatever their
    label says, they are kept until the end and given as a whole.

    Args:
        max_bytes: Longest audio.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._form: AudioFormat | None = None
        self._held = bytearray()
        self._is_file = False
        self.n_bytes = 0

    def push(self, text: str, media_type: str) -> AudioDelta | None:
        """Take one blob; returns what is known to be raw samples.

        Raises:
            InvalidReplyError: It is not base64 or no audio, there is too much of it, or its format
                is not that of what came before.
        """
        try:
            data = decode_base64(text, max_bytes=self._max_bytes - self.n_bytes)
        except (MalformedAudioError, AudioLimitError) as error:
            raise FAILURES.invalid_reply(
                f"the audio in the reply cannot be read: {error.what}"
            ) from error
        if not data:
            return None
        if self.n_bytes == 0:
            self._begin(data, media_type)
        self.n_bytes += len(data)
        if self._is_file:
            self._held += data
            return None
        form = raw_format_of(media_type)
        if form is None or self._form not in (None, form):
            raise FAILURES.invalid_reply("the format of the audio changes within the reply")
        self._form = form
        return AudioDelta(data=data, format=form)

    def finish(self) -> AudioDelta | None:
        """What was kept back.

        Raises:
            InvalidReplyError: It is no audio.
        """
        if not self._held:
            return None
        data = bytes(self._held)
        self._held.clear()
        try:
            form = sniff(io.BytesIO(data), len(data)).format
        except MalformedAudioError as error:
            raise FAILURES.invalid_reply(f"the audio of {len(data)} bytes is not audio") from error
        return AudioDelta(data=data, format=form)

    def _begin(self, data: bytes, media_type: str) -> None:
        self._is_file = raw_format_of(media_type) is None or _begins_encoded(data)
        if len(data) >= _HEAD_BYTES and _PRINTABLE.issuperset(data[:_HEAD_BYTES]):
            # Anything can pass for samples, but no sound is spelled in letters.
            raise FAILURES.invalid_reply("text came where audio was asked for")


def _begins_encoded(data: bytes) -> bool:
    is_wave = data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE"
    return is_wave or data.startswith(_MAGICS)
