"""Which converters can do it here, cheapest first: the only search, for plans and for the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from ossicle.abc import CodecRule, ConverterSpec
from ossicle.audio import AudioFormat
from ossicle.errors import UnsupportedFormatError

Verb = Literal["reads", "writes"]


def find_readers(form: AudioFormat, converters: Iterable[ConverterSpec]) -> list[ConverterSpec]:
    """The converters that decode a format and can work here, cheapest first; at least one.

    Raises:
        UnsupportedFormatError: Nothing installed does; the message names the extra that would.
    """
    return ranked(converters, lambda spec: spec.reading(form), verb="reads", form=form)


def ranked(
    converters: Iterable[ConverterSpec],
    rule_of: Callable[[ConverterSpec], CodecRule | None],
    *,
    verb: Verb,
    form: AudioFormat,
    incremental: bool = False,
) -> list[ConverterSpec]:
    """The converters that have a rule and all their packages, cheapest first; at least one.

    Args:
        converters: All announced converters, also those that miss a package.
        rule_of: The rule by which a converter does it, or `None`.
        verb: What is asked of them, for messages.
        form: Of what, for messages.
        incremental: Whether those whose rule is incremental come before all others.

    Raises:
        UnsupportedFormatError: Nothing installed does; the message names the extra that would.
    """
    able = [(spec, rule) for spec in converters if (rule := rule_of(spec)) is not None]
    # The name decides between equals, so that the same machine always takes the same way.
    able.sort(
        key=lambda pair: (
            incremental and not pair[1].is_incremental,
            pair[1].cost,
            pair[0].name,
        )
    )
    ready = [spec for spec, _ in able if all(need.is_met for need in spec.requires)]
    if not ready:
        raise _unsupported([spec for spec, _ in able], verb, form)
    return ready


def _unsupported(able: Sequence[ConverterSpec], verb: Verb, form: AudioFormat) -> Exception:
    what = f"{verb} {form.container}/{form.encoding}"
    for need in (need for spec in able for need in spec.requires if not need.is_met):
        return UnsupportedFormatError(
            f"nothing installed {what}",
            format=str(form),
            extra=need.extra,
            fix=f"Install what does: {need.fix}",
        )
    return UnsupportedFormatError(
        f"no converter {what}",
        format=str(form),
        fix="Convert it to WAV or FLAC with another tool."
        if verb == "reads"
        else "Ask for another format, such as wav, flac or mp3.",
    )
