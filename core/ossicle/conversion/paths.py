"""Which converters read and write: the cheapest of those that are here, or the extra to install."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ossicle.abc import CodecRule, ConverterSpec
from ossicle.audio import AudioFormat
from ossicle.intake.converter_search import find_readers, ranked


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionPath:
    """How one format becomes another.

    Attributes:
        decoder: Reads the source.
        encoder: Writes the target.
        cost: CPU milliseconds per minute of audio, roughly.
    """

    decoder: ConverterSpec
    encoder: ConverterSpec
    cost: float


def find_path(
    source: AudioFormat,
    target: AudioFormat,
    converters: Sequence[ConverterSpec],
    *,
    incremental: bool = False,
) -> ConversionPath:
    """The cheapest reader and writer.

    Args:
        source: What there is.
        target: What is wanted.
        converters: All announced converters, also those that miss a package.
        incremental: Whether a writer that gives bytes while blocks go in is to be preferred.

    Raises:
        UnsupportedFormatError: Nothing installed does it; the message names the extra that would.
    """
    decoder = find_reader(source, converters)
    encoder = find_writer(target, converters, incremental=incremental)
    rules = decoder.reading(source), encoder.writing(target)
    cost = sum(rule.cost for rule in rules if rule is not None)
    return ConversionPath(decoder=decoder, encoder=encoder, cost=cost)


def find_reader(form: AudioFormat, converters: Sequence[ConverterSpec]) -> ConverterSpec:
    """The cheapest converter that decodes a format.

    Raises:
        UnsupportedFormatError: Nothing installed does; the message names the extra that would.
    """
    return find_readers(form, converters)[0]


def find_writer(
    form: AudioFormat, converters: Sequence[ConverterSpec], *, incremental: bool = False
) -> ConverterSpec:
    """The cheapest converter that encodes a format.

    Args:
        form: What is wanted; a channel count that a converter cannot write rules it out.
        converters: All announced converters, also those that miss a package.
        incremental: Whether one that gives bytes while blocks go in is to be preferred.

    Raises:
        UnsupportedFormatError: Nothing installed does; the message names the extra that would.
    """
    return ranked(
        converters,
        lambda spec: _writing(spec, form),
        verb="writes",
        form=form,
        incremental=incremental,
    )[0]


def nearest_rate(rule: CodecRule, sample_rate: int) -> int:
    """The rate in Hz to encode at: the same, else the next above, else the highest there is.

    A rate above keeps everything; one below would cut off the treble.
    """
    rates = rule.sample_rates
    if rates is None or sample_rate in rates:
        return sample_rate
    return min((rate for rate in rates if rate > sample_rate), default=max(rates))


def _writing(spec: ConverterSpec, form: AudioFormat) -> CodecRule | None:
    rule = spec.writing(form)
    if rule is None or form.channels is None or rule.max_channels is None:
        return rule
    return rule if form.channels <= rule.max_channels else None
