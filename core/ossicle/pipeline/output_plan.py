"""How the answer's audio comes and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import Capabilities, ConverterSpec, FormatRule
from ossicle.audio import AudioFormat
from ossicle.conversion.paths import find_writer, nearest_rate
from ossicle.errors import UnsupportedFeatureError, UnsupportedFormatError
from ossicle.messages import Step
from ossicle.pipeline.call_request import CallRequest
from ossicle.pipeline.plan import OutputPlan

_TELEPHONE_RATE = 8000
_WRAPS = {("raw", "wav"), ("wav", "raw")}


def streams_upstream(request: CallRequest, capabilities: Capabilities) -> bool:
    """Whether the provider is asked to stream: as wanted, or where audio comes in no other way."""
    output = capabilities.audio_output
    if "audio" not in request.output or output is None:
        return request.stream and capabilities.streaming
    if request.stream:
        return capabilities.streaming and bool(output.streamed)
    return not output.whole and bool(output.streamed)


def plan_output(
    request: CallRequest,
    capabilities: Capabilities,
    converters: Sequence[ConverterSpec],
    *,
    bit_rate: int | None = None,
) -> OutputPlan | None:
    """The native and the delivered format of the answer's audio; `None` when none is asked for.

    Raises:
        UnsupportedFeatureError: The model gives no audio.
        UnsupportedFormatError: Nothing installed makes the wanted format of what the model gives.
    """
    if "audio" not in request.output:
        return None
    offered = capabilities.audio_output
    if offered is None:
        raise UnsupportedFeatureError(
            f"{capabilities} gives no audio",
            feature="audio_output",
            fix="Ask for text only.",
        )
    rules = offered.streamed if streams_upstream(request, capabilities) else offered.whole
    if not rules:
        raise UnsupportedFormatError(f"{capabilities} names no audio format that it gives")
    wanted = _wanted(request, rules)
    if wanted is None:
        native = _format_of(rules[0])
        return OutputPlan(native=native, delivered=native, steps=(_as_it_comes(),))
    for rule in rules:
        if rule.container == wanted.container and wanted.encoding in (rule.encodings or ()):
            native = _format_of(rule, wanted.encoding)
            if bit_rate is None or not native.is_lossy:
                return OutputPlan(native=native, delivered=native, steps=(_as_it_comes(),))
    return _converted(wanted, rules, converters, bit_rate=bit_rate, streams=request.stream)


def _wanted(request: CallRequest, rules: Sequence[FormatRule]) -> AudioFormat | None:
    if request.output_format is not None:
        return AudioFormat.named(request.output_format)
    if request.stream or not _format_of(rules[0]).is_pcm:
        return None
    return AudioFormat.named("wav")


def _format_of(rule: FormatRule, encoding: str | None = None) -> AudioFormat:
    return AudioFormat(
        container=rule.container,
        encoding=encoding or (rule.encodings or ("unknown",))[0],
        sample_rate=(rule.sample_rates or (None,))[0],
        channels=(rule.channels or (None,))[0],
        bit_rate=rule.bit_rate,
    )


def _as_it_comes() -> Step:
    return Step(action="pass_through", reason="the model gives it as it is wanted")


def _converted(
    wanted: AudioFormat,
    rules: Sequence[FormatRule],
    converters: Sequence[ConverterSpec],
    *,
    bit_rate: int | None,
    streams: bool,
) -> OutputPlan:
    formats = [_format_of(rule) for rule in rules]
    # What loses least comes first; among equals the provider's own order.
    native = min(formats, key=lambda form: (form.is_lossy, not form.is_pcm))
    rate = _TELEPHONE_RATE if wanted.encoding in ("mulaw", "alaw") else native.sample_rate
    if (native.container, wanted.container) in _WRAPS and native.is_pcm and wanted.is_pcm:
        delivered = AudioFormat(
            container=wanted.container,
            encoding=native.encoding,
            sample_rate=native.sample_rate,
            channels=native.channels,
        )
        step = Step(action="wrap", reason=f"the model gives {native.name}", detail=str(delivered))
        return OutputPlan(native=native, delivered=delivered, steps=(step,))
    writer = find_writer(wanted, converters)
    rule = writer.writing(wanted)
    assert rule is not None
    delivered = AudioFormat(
        container=wanted.container,
        encoding=wanted.encoding,
        sample_rate=None if rate is None else nearest_rate(rule, rate),
        channels=native.channels,
        bit_rate=bit_rate,
    )
    when = "while it comes" if streams and rule.is_incremental else "when it is complete"
    reason = f"the model gives {native.name}; encoded {when}"
    step = Step(action="encode", reason=reason, detail=f"{delivered} by {writer.name}")
    return OutputPlan(native=native, delivered=delivered, steps=(step,))
