"""Which converters read and write: the cheapest of those that are here, or the extra to install."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ossicle.abc import CodecRule, ConverterSpec
from ossicle.audio import AudioFormat
from ossicle.errors import UnsupportedFormatError

_Ask = Callable[[ConverterSpec], CodecRule | None]


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
    decoder, read_cost = _cheapest(
        converters, lambda spec: spec.reading(source), verb="reads", form=source
    )
    encoder, write_cost = _cheapest(
        converters,
        lambda spec: _writing(spec, target),
        verb="writes",
        form=target,
        incremental=incremental,
    )
    return ConversionPath(decoder=decoder, encoder=encoder, cost=read_cost + write_cost)


def find_reader(form: AudioFormat, converters: Sequence[ConverterSpec]) -> ConverterSpec:
    """The cheapest converter that decodes a format.

    Raises:
        UnsupportedFormatError: Nothing installed does; the message names the extra that would.
    """
    return _cheapest(converters, lambda spec: spec.reading(form), verb="reads", form=form)[0]


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
    return _cheapest(
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


def _cheapest(
    converters: Iterable[ConverterSpec],
    ask: _Ask,
    *,
    verb: str,
    form: AudioFormat,
    incremental: bool = False,
) -> tuple[ConverterSpec, float]:
    able = [(spec, rule) for spec in converters if (rule := ask(spec)) is not None]
    ready = [
        (incremental and not rule.is_incremental, rule.cost, spec.name, spec)
        for spec, rule in able
        if all(requirement.is_met for requirement in spec.requires)
    ]
    if not ready:
        raise _nobody([spec for spec, _ in able], verb, form)
    # The name decides between equals, so that the same machine always takes the same way.
    _, cost, _, spec = min(ready, key=lambda entry: entry[:3])
    return spec, cost


def _nobody(able: Sequence[ConverterSpec], verb: str, form: AudioFormat) -> UnsupportedFormatError:
    what = f"nothing installed {verb} {form.container}/{form.encoding}"
    for spec in able:
        for requirement in spec.requires:
            if not requirement.is_met:
                return UnsupportedFormatError(
                    what,
                    format=str(form),
                    extra=requirement.extra,
                    fix=f"Install what does: {requirement.fix}",
                )
    return UnsupportedFormatError(
        what,
        format=str(form),
        fix="Convert it to WAV or FLAC with another tool."
        if verb == "reads"
        else "Ask for another format, such as wav, flac or mp3.",
    )
