"""What one model at one endpoint can do: data with a source and a date, never code.

Unknown is `None` and is treated with care, never as "no limit".
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import Field

from ossicle.audio import AudioFormat, Container
from ossicle.messages import (
    Cost,
    CostBasis,
    Estimate,
    Modality,
    ModalityRow,
    Task,
    Usage,
    Value,
    sum_costs,
)
from ossicle.messages.usage import add, millionth, multiply


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Input or output: what was used, and at which prices per million tokens or per second."""

    total: int | None
    text: int | None
    audio: int | None
    cached: int = 0
    seconds: float | None
    characters: int | None = None
    text_price: Decimal | None
    audio_price: Decimal | None
    cached_text_price: Decimal | None = None
    cached_audio_price: Decimal | None = None
    second_price: Decimal | None
    million_price: Decimal | None = None

    @property
    def is_told(self) -> bool:
        """Whether the vendor says anything but zero."""
        used = (self.total, self.text, self.audio, self.seconds, self.characters)
        return any(used)

    @property
    def is_priced(self) -> bool:
        """Whether anything on this side has a price."""
        prices = (self.text_price, self.audio_price, self.second_price, self.million_price)
        return any(price is not None for price in prices)


@dataclass(frozen=True, slots=True)
class _Amount:
    money: Decimal
    basis: CostBasis


def cost_of(usage: Usage, prices: Prices | None) -> Cost | None:
    """What the usage costs, or `None` when that cannot be known.

    What the provider itself says it costs counts; else it is worked out at these prices.

    Input and output are priced each by the best that is told: text, audio and cached tokens
    (`details`); else their total (`totals`), at the highest token price of that side, since audio
    counted as text would be under-reported many times over; else seconds; else characters.
    `Cost.basis` names the weaker of the two.

    Vendors' figures are not believed blindly. Details win over a total that contradicts them,
    parts that are all zero under a total that is not count as not told, a missing part is the
    rest of the total and never less than zero, and cached tokens are at most the input. They are
    taken from the text first, where the discount is smaller. Nothing told gives `None`, not zero;
    so does anything used that has no price. The result is exact and never negative.
    """
    if usage.cost is not None and usage.cost.amount >= 0:
        return usage.cost
    if prices is None:
        return None
    sides = (_input(usage, prices), _output(usage, prices))
    amounts: list[_Amount] = []
    for side, other in (sides, sides[::-1]):
        if not side.is_told:
            continue
        amount = _price_of(side)
        if amount is not None:
            amounts.append(amount)
        elif side.is_priced or not _is_paid_by_length(other):
            return None
    return sum_costs(
        Cost(amount=amount.money, currency=prices.currency, basis=amount.basis)
        for amount in amounts
    )


def untold_as_estimated(usage: Usage, estimate: Estimate) -> Usage:
    """The usage, and of input or output that it says nothing of, the tokens that were estimated.

    Of an estimated answer it is not known what part is speech: `cost_of` takes the dearer price.
    """
    told_in = (usage.input_tokens, usage.input_text_tokens, usage.input_audio_tokens,
               usage.input_audio_s, usage.characters)  # fmt: skip
    told_out = (usage.output_tokens, usage.output_text_tokens, usage.output_audio_tokens,
                usage.output_audio_s)  # fmt: skip
    added: dict[str, int | None] = {}
    if all(figure is None for figure in told_in):
        added["input_tokens"] = total = estimate.input_tokens
        added["input_audio_tokens"] = audio = estimate.input_audio_tokens
        added["input_text_tokens"] = None if total is None or audio is None else total - audio
    if all(figure is None for figure in told_out):
        added["output_tokens"] = estimate.output_tokens
    known = {name: max(figure, 0) for name, figure in added.items() if figure is not None}
    return usage.model_copy(update=known)


def _is_paid_by_length(side: _Side) -> bool:
    """Whether a price per second or character on this side pays for the other one too."""
    return side.is_told and (side.second_price is not None or side.million_price is not None)


def _input(usage: Usage, prices: Prices) -> _Side:
    return _Side(
        total=usage.input_tokens,
        text=usage.input_text_tokens,
        audio=usage.input_audio_tokens,
        cached=usage.cached_tokens or 0,
        seconds=_finite(usage.input_audio_s),
        characters=usage.characters,
        text_price=_not_negative(prices.text_in),
        audio_price=_not_negative(prices.audio_in),
        cached_text_price=_not_negative(prices.cached_text_in),
        cached_audio_price=_not_negative(prices.cached_audio_in),
        second_price=_not_negative(prices.second_in),
        million_price=_not_negative(prices.million_characters),
    )


def _output(usage: Usage, prices: Prices) -> _Side:
    return _Side(
        total=usage.output_tokens,
        text=usage.output_text_tokens,
        audio=usage.output_audio_tokens,
        seconds=_finite(usage.output_audio_s),
        text_price=_not_negative(prices.text_out),
        audio_price=_not_negative(prices.audio_out),
        second_price=_not_negative(prices.second_out),
    )


def _price_of(side: _Side) -> _Amount | None:
    for way in (_by_details, _by_total, _by_seconds, _by_characters):
        amount = way(side)
        if amount is not None:
            return amount
    return None


def _by_details(side: _Side) -> _Amount | None:
    if not side.text and not side.audio:
        return None
    rest = max((side.total or 0) - (side.text or 0) - (side.audio or 0), 0)
    text = rest if side.text is None else side.text
    audio = rest if side.audio is None else side.audio
    cached_text = min(side.cached, text)
    cached_audio = min(side.cached - cached_text, audio)
    return _sum(
        "details",
        (text - cached_text, side.text_price),
        (audio - cached_audio, side.audio_price),
        (cached_text, _first_known(side.cached_text_price, side.text_price)),
        (cached_audio, _first_known(side.cached_audio_price, side.audio_price)),
    )


def _by_total(side: _Side) -> _Amount | None:
    if not side.total:
        return None
    known = [price for price in (side.text_price, side.audio_price) if price is not None]
    # which of the tokens were cached is unknown, so no discount is presumed
    return _sum("totals", (side.total, max(known, default=None)))


def _by_seconds(side: _Side) -> _Amount | None:
    if not side.seconds or side.second_price is None:
        return None
    return _Amount(multiply(Decimal(repr(side.seconds)), side.second_price), "seconds")


def _by_characters(side: _Side) -> _Amount | None:
    return _sum("characters", (side.characters, side.million_price)) if side.characters else None


def _sum(basis: CostBasis, *parts: tuple[int | None, Decimal | None]) -> _Amount | None:
    """The parts at their prices per million; `None` when one that was used has no price."""
    total = Decimal(0)
    for count, price in _used(parts):
        if price is None:
            return None
        total = add(total, multiply(Decimal(count), price))
    return _Amount(millionth(total), basis)


def _used(
    parts: Iterable[tuple[int | None, Decimal | None]],
) -> Iterable[tuple[int, Decimal | None]]:
    return ((count, price) for count, price in parts if count)


def _first_known(*prices: Decimal | None) -> Decimal | None:
    return next((price for price in prices if price is not None), None)


def _not_negative(price: Decimal | None) -> Decimal | None:
    return price if price is not None and price >= 0 else None


def _finite(seconds: float | None) -> float | None:
    return seconds if seconds is not None and math.isfinite(seconds) else None
