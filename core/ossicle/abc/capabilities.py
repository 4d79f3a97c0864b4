"""What one model at one endpoint can do: data with a source and a date, never code.

Unknown is `None` and is treated with care, never as "no limit".
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal

from pydantic import Field

from ossicle.audio import AudioFormat, Container
from ossicle.messages import Modality, ModalityRow, Task, Value


class FormatRule(Value):
    """Formats that are accepted or produced; what is `None` may be anything.

    Attributes:
        container: Such as `wav`.
        encodings: Such as `pcm_s16le`.
        sample_rates: In Hz; the first is the preferred one.
        max_sample_rate: In Hz, where any rate up to a limit will do.
        channels: Allowed counts; the first is the preferred one.
        bit_rate: The bit rate it is produced at, in bit/s, where known.
        max_bytes: Encoded size beyond which audio is not taken in this format, where that is
            less than in others; a provider that cuts long WAV by itself takes more of it.
        max_duration_s: Likewise in seconds.
    """

    container: Container
    encodings: tuple[str, ...] | None = None
    sample_rates: tuple[int, ...] | None = None
    max_sample_rate: int | None = None
    channels: tuple[int, ...] | None = None
    bit_rate: int | None = None
    max_bytes: int | None = None
    max_duration_s: float | None = None

    def accepts(self, form: AudioFormat) -> bool:
        """Whether audio of this format fits; unknown rates and channels of the audio do not."""
        if form.container != self.container:
            return False
        if self.encodings is not None and form.encoding not in self.encodings:
            return False
        if self.sample_rates is not None and form.sample_rate not in self.sample_rates:
            return False
        if self.max_sample_rate is not None and (
            form.sample_rate is None or form.sample_rate > self.max_sample_rate
        ):
            return False
        return self.channels is None or form.channels in self.channels

    def holds(self, *, n_bytes: int | None, duration_s: float | None) -> bool:
        """Whether audio of this size and length may come in this format, as far as is known."""
        if self.max_bytes is not None and n_bytes is not None and n_bytes > self.max_bytes:
            return False
        longest = self.max_duration_s
        return longest is None or duration_s is None or duration_s <= longest

    def preferred(self, form: AudioFormat) -> AudioFormat:
        """The format of this rule that is nearest to the given one.

        The rate is kept when allowed, else the smallest allowed rate above it (nothing is lost),
        else the largest allowed one.
        """
        encodings = self.encodings
        encoding = form.encoding
        if encodings is not None and encoding not in encodings:
            encoding = encodings[0]
        return AudioFormat(
            container=self.container,
            encoding=encoding,
            sample_rate=self._nearest_rate(form.sample_rate),
            channels=self._nearest_channels(form.channels),
            bit_rate=self.bit_rate,
        )

    def _nearest_rate(self, rate: int | None) -> int | None:
        if self.sample_rates:
            if rate is None or rate in self.sample_rates:
                return rate or self.sample_rates[0]
            above = [allowed for allowed in self.sample_rates if allowed > rate]
            return min(above) if above else max(self.sample_rates)
        if self.max_sample_rate is not None and rate is not None:
            return min(rate, self.max_sample_rate)
        return rate

    def _nearest_channels(self, channels: int | None) -> int | None:
        if self.channels is None or channels in self.channels:
            return channels
        below = [allowed for allowed in self.channels if channels is None or allowed < channels]
        return max(below) if below else min(self.channels)


class AudioInput(Value):
    """What audio a model takes.

    Attributes:
        formats: In order of preference.
        max_bytes: Encoded size of one clip.
        max_duration_s: Of one clip.
        min_duration_s: Of one clip.
        max_clips: In one request, history included.
    """

    formats: tuple[FormatRule, ...]
    max_bytes: int | None = None
    max_duration_s: float | None = None
    min_duration_s: float | None = None
    max_clips: int | None = None


class AudioOutput(Value):
    """What audio a model gives.

    Attributes:
        whole: Formats of an answer in one piece, in order of preference; empty where answers
            only come streamed.
        streamed: Formats of a streamed answer, in order of preference; empty where it cannot.
    """

    whole: tuple[FormatRule, ...] = ()
    streamed: tuple[FormatRule, ...] = ()


class Prices(Value):
    """What a model costs, in `currency`; `None` means unknown, not free.

    Attributes:
        text_in: Per million text tokens in.
        text_out: Per million text tokens out.
        audio_in: Per million audio tokens in.
        audio_out: Per million audio tokens out.
        cached_text_in: Per million text tokens read from a cache.
        cached_audio_in: Per million audio tokens read from a cache.
        second_in: Per second of audio in.
        second_out: Per second of audio out.
        million_characters: Per million characters of text.
        currency: ISO 4217 code.
    """

    text_in: Decimal | None = None
    text_out: Decimal | None = None
    audio_in: Decimal | None = None
    audio_out: Decimal | None = None
    cached_text_in: Decimal | None = None
    cached_audio_in: Decimal | None = None
    second_in: Decimal | None = None
    second_out: Decimal | None = None
    million_characters: Decimal | None = None
    currency: str = "USD"


class Capabilities(Value):
    """What one model at one endpoint can do.

    Attributes:
        provider: Name of the provider.
        model: The provider's own name of the model.
        rows: The modality matrix, by task; a task that is missing cannot be asked for.
        audio_input: `None`: takes no audio.
        audio_output: `None`: gives no audio.
        voices: Names; `None`: an open list that only the vendor knows.
        default_voice: Used when the caller names none.
        languages: BCP 47 tags of speech it hears or speaks; `None`: not known.
        streaming: Whether answers can come in pieces.
        tools: Whether it can call functions.
        instructions: Whether it takes instructions beside the messages.
        audio_references: Whether earlier answers can be named by an audio id.
        reference_lifetime_s: How long such an id lives, in seconds.
        max_text_chars: Code points of text in one `speak` request.
        context_tokens: Input and output together.
        max_output_tokens: Of one answer.
        audio_tokens_per_s_in: Tokens per second of audio heard.
        audio_tokens_per_s_out: Tokens per second of audio spoken.
        prices: `None`: unknown.
        failed_requests_are_billed: Whether an error reply may still be charged; `None`: unknown.
        shutdown: Day after which the model is gone; `None`: none announced.
        successor: Model to use instead.
        is_assumed: Whether the record is a cautious guess for a model nobody described.
        source: Where the record comes from.
        as_of: When that was read.
    """

    provider: str
    model: str
    rows: Mapping[Task, tuple[ModalityRow, ...]]
    audio_input: AudioInput | None = None
    audio_output: AudioOutput | None = None
    voices: tuple[str, ...] | None = None
    default_voice: str | None = None
    languages: tuple[str, ...] | None = None
    streaming: bool = False
    tools: bool = False
    instructions: bool = False
    audio_references: bool = False
    reference_lifetime_s: float | None = None
    max_text_chars: int | None = None
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    audio_tokens_per_s_in: float | None = None
    audio_tokens_per_s_out: float | None = None
    prices: Prices | None = None
    failed_requests_are_billed: bool | None = None
    shutdown: datetime.date | None = None
    successor: str | None = None
    is_assumed: bool = False
    source: str = Field(min_length=1)
    as_of: datetime.date

    @property
    def tasks(self) -> frozenset[Task]:
        """What can be asked for."""
        return frozenset(task for task, rows in self.rows.items() if rows)

    def row_for(
        self, task: Task, inputs: frozenset[Modality], outputs: frozenset[Modality]
    ) -> ModalityRow | None:
        """The row of the matrix that these inputs and outputs are, or `None`."""
        for row in self.rows.get(task, ()):
            if row.fits(inputs, outputs):
                return row
        return None

    def __str__(self) -> str:
        """The model reference, `provider:model`."""
        return f"{self.provider}:{self.model}"
