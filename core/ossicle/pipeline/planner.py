"""The planner: a pure function from facts, capabilities and settings to a plan."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from ossicle.abc import AudioInput, Capabilities, ConverterSpec, FormatRule
from ossicle.audio import AudioClip, AudioFormat
from ossicle.conversion.encoding import (
    ConversionPath,
    find_path,
    find_reader,
    find_writer,
    nearest_rate,
)
from ossicle.errors import AudioLimitError, UnsupportedFeatureError, UnsupportedFormatError
from ossicle.messages import AudioPart, Message, Step
from ossicle.pipeline.call_request import CallRequest
from ossicle.pipeline.checks import check_features, check_shutdown_date, match_capability
from ossicle.pipeline.plan import ClipPlan, OutputPlan, Plan
from ossicle.pipeline.settings import PipelineSettings


def plan_call(
    wanted: CallRequest,
    capabilities: Capabilities,
    converters: Sequence[ConverterSpec],
    *,
    settings: PipelineSettings,
    today: datetime.date,
) -> Plan:
    """What a call would do.

    Args:
        wanted: What the caller asks for.
        capabilities: Of the model that will be asked.
        converters: All announced converters, also those that miss a package.
        settings: Of the pipeline.
        today: For models that are about to end.

    Raises:
        UnknownModelError: The model was shut down.
        UnsupportedFeatureError: The model cannot do this, or not in this way.
        UnsupportedFormatError: No installed converter reads or writes a format on the way.
        AudioLimitError: A clip is too large, or there are too many.
    """
    notes = list(check_shutdown_date(capabilities, today=today))
    if capabilities.is_assumed:
        notes.append(f"what {capabilities} can do is assumed, not known ({capabilities.source})")
    row = match_capability(wanted, capabilities)
    voice = check_features(wanted, capabilities)
    upstream = streams_upstream(wanted, capabilities)
    if wanted.stream and not upstream:
        notes.append(f"{capabilities} does not stream this: the answer comes in one piece")
    return Plan(
        provider=capabilities.provider,
        model=capabilities.model,
        task=wanted.task,
        row=row,
        voice=voice,
        streams_upstream=upstream,
        clips=_plan_clips(wanted, capabilities, converters, settings),
        output=plan_output(wanted, capabilities, converters, bit_rate=settings.bit_rate),
        notes=tuple(notes),
    )


def clips_of(messages: Iterable[Message]) -> list[AudioClip]:
    """The clips that will be sent, in order; assistants' own audio never is."""
    return [
        part.clip
        for message in messages
        if message.role == "user"
        for part in message.parts
        if isinstance(part, AudioPart)
    ]


def _plan_clips(
    wanted: CallRequest,
    capabilities: Capabilities,
    converters: Sequence[ConverterSpec],
    settings: PipelineSettings,
) -> tuple[ClipPlan, ...]:
    clips = clips_of(wanted.messages)
    accepted = capabilities.audio_input
    if not clips:
        return ()
    if accepted is None:
        raise UnsupportedFeatureError(
            f"{capabilities} takes no audio",
            feature="audio_input",
            fix="Choose another model; see `ossicle models`.",
        )
    if accepted.max_clips is not None and len(clips) > accepted.max_clips:
        raise AudioLimitError(
            f"{len(clips)} clips are more than the {accepted.max_clips} that {capabilities} takes",
            limit="clips",
            measured=len(clips),
            allowed=accepted.max_clips,
            fix="Send fewer clips, or join them.",
        )
    return tuple(
        plan_clip(
            clip,
            accepted,
            converters,
            preprocess=settings.preprocess,
            is_measured=settings.quality != "off",
        )
        for clip in clips
    )


_WAV_HEADER_BYTES = 44


def plan_clip(
    clip: AudioClip,
    accepted: AudioInput,
    converters: Sequence[ConverterSpec],
    *,
    preprocess: Sequence[str] = (),
    is_measured: bool = True,
) -> ClipPlan:
    """The cheapest way from a clip to something the model takes.

    Args:
        clip: As it came in.
        accepted: What the model takes.
        converters: All announced converters, also those that miss a package.
        preprocess: Names of preprocessors that were asked for.
        is_measured: Whether the clip is decoded for its quality even when passed through.

    Raises:
        AudioLimitError: It is too large in every format the model takes.
        UnsupportedFormatError: No installed converter reads it or writes what the model takes;
            the message names the extra that would.
    """
    reason = _why_touch(clip, accepted, preprocess)
    if reason is None:
        if is_measured:
            find_reader(clip.format, converters)
        step = Step(action="pass_through", reason="the model takes it as it is")
        return ClipPlan(source=clip.format, target=clip.format, is_pass_through=True, steps=(step,))
    target, path = _target(clip, accepted, converters)
    chain = _chain(clip.format, target, preprocess)
    steps = [
        Step(action="decode", reason=reason, detail=f"{clip.format} by {path.decoder.name}"),
        *(_step(name, clip.format, target) for name in chain),
        Step(
            action="encode",
            reason="what the model takes",
            detail=f"{target} by {path.encoder.name}",
        ),
    ]
    return ClipPlan(
        source=clip.format,
        target=target,
        is_pass_through=False,
        preprocess=chain,
        encoder=path.encoder.name,
        steps=tuple(steps),
    )


def _why_touch(clip: AudioClip, accepted: AudioInput, preprocess: Sequence[str]) -> str | None:
    if not any(rule.accepts(clip.format) for rule in accepted.formats):
        return f"the model does not take {clip.format.name}" + (
            ""
            if any(rule.container == clip.format.container for rule in accepted.formats) is False
            else " of this kind"
        )
    if not any(
        rule.accepts(clip.format) and rule.holds(n_bytes=clip.n_bytes, duration_s=clip.duration_s)
        for rule in accepted.formats
    ):
        return f"it is too long to be taken as {clip.format.name}"
    if "sizes_unknown" in clip.facts.notes:
        return "its header names no size"
    if clip.facts.track != 1:
        return f"audio track {clip.facts.track} was asked for"
    if clip.facts.holes:
        return "its time stamps have holes"
    if "joined" in clip.facts.notes:
        return "it is several pieces in a row"
    if "block_align" in clip.facts.notes:
        return "its header has a wrong block size"
    if "truncated" in clip.facts.notes:
        return "it ends before its header says"
    if accepted.max_bytes is not None and clip.n_bytes > accepted.max_bytes:
        return f"its {clip.n_bytes} bytes are more than the {accepted.max_bytes} allowed"
    if preprocess:
        return f"{', '.join(preprocess)} asked for"
    return None


def _target(
    clip: AudioClip, accepted: AudioInput, converters: Sequence[ConverterSpec]
) -> tuple[AudioFormat, ConversionPath]:
    too_large: int | None = None
    failure: UnsupportedFormatError | None = None
    for rule in accepted.formats:
        target = rule.preferred(clip.format)
        n_bytes = encoded_bytes(clip, target)
        if n_bytes is not None and accepted.max_bytes is not None and n_bytes > accepted.max_bytes:
            too_large = min(too_large or n_bytes, n_bytes)
            continue
        # What cannot be foreseen is taken to be no smaller than what came.
        expected = clip.n_bytes if n_bytes is None else n_bytes
        if not rule.holds(n_bytes=expected, duration_s=clip.duration_s):
            too_large = min(too_large or clip.n_bytes, clip.n_bytes)
            continue
        try:
            return target, find_path(clip.format, target, converters)
        except UnsupportedFormatError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    raise AudioLimitError(
        f"the audio needs at least {too_large} bytes in any format the model takes",
        limit="encoded_bytes",
        measured=too_large,
        allowed=accepted.max_bytes or 0,
        fix="Send a shorter piece.",
    )


def encoded_bytes(clip: AudioClip, target: AudioFormat) -> int | None:
    """How large the clip becomes in the target format; `None` when that cannot be foreseen."""
    if clip.duration_s is None:
        return None
    rate = target.sample_rate or clip.format.sample_rate
    channels = target.channels or clip.format.channels
    if target.is_pcm and rate and channels and target.sample_width:
        return int(clip.duration_s * rate) * channels * target.sample_width + _WAV_HEADER_BYTES
    return int(clip.duration_s * target.bit_rate / 8) if target.bit_rate else None


def _chain(source: AudioFormat, target: AudioFormat, preprocess: Sequence[str]) -> tuple[str, ...]:
    required = []
    if target.channels is not None and target.channels != source.channels:
        required.append("downmix")
    if target.sample_rate is not None and target.sample_rate != source.sample_rate:
        required.append("resample")
    return (*required, *(name for name in preprocess if name not in required))


def _step(name: str, source: AudioFormat, target: AudioFormat) -> Step:
    if name == "downmix":
        detail = f"{source.channels or '?'} → {target.channels} channels"
        return Step(action=name, reason="what the model takes", detail=detail)
    if name == "resample":
        detail = f"{source.sample_rate or '?'} → {target.sample_rate} Hz"
        return Step(action=name, reason="what the model takes", detail=detail)
    return Step(action=name, reason="asked for in the settings")


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
