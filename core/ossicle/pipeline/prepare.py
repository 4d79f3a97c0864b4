"""Decode once, transform, measure in the same pass, encode once; or measure and pass through."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ossicle.abc import ConverterSpec, Preprocessor
from ossicle.audio import AudioClip, AudioFacts, AudioFormat, BlockStream
from ossicle.conversion.chain import Chain, decoding_steps, split_at_measurements
from ossicle.conversion.encoding import clip_over, encode_stream
from ossicle.errors import DeadlineExceededError
from ossicle.intake import IntakeLimits, check_facts, decode
from ossicle.messages import AudioRecord
from ossicle.pipeline.plan import ClipPlan
from ossicle.preprocess import Downmix, ResampleTo, Spool
from ossicle.signal.clipping import ClippingMeter
from ossicle.signal.meters import Measurements, Meter
from ossicle.signal.mix import Cancellation, CancellationMeter

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioTools:
    """What preparation works with.

    Attributes:
        converters: All announced converters.
        preprocessors: By name.
        limits: For what comes from outside.
        is_measured: Whether clips that pass through are decoded for their quality.
    """

    converters: Sequence[ConverterSpec]
    preprocessors: Mapping[str, Preprocessor]
    limits: IntakeLimits
    is_measured: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedClip:
    """A clip that is ready to send.

    Attributes:
        clip: In a format the model takes.
        source: Facts of the clip as it came in, with its oddities.
        record: What was done to it.
        measurements: Of what will be sent; `None` when it was passed through unmeasured.
        saved_s: Seconds that were cut off because they held nothing.
        samples: Digest of the decoded samples of `clip`; `None` where it was not wanted.
    """

    clip: AudioClip
    source: AudioFacts
    record: AudioRecord
    measurements: Measurements | None
    saved_s: float = 0.0
    samples: str | None = None


def prepare_clip(
    clip: AudioClip, plan: ClipPlan, tools: AudioTools, *, cancelled: threading.Event
) -> PreparedClip:
    """Do to a clip what its plan says; blocking, for a worker thread.

    Args:
        clip: As it came in.
        plan: Made for this very clip.
        tools: Converters and preprocessors.
        cancelled: Set by the caller to stop between two blocks.

    Raises:
        AudioLimitError: It decodes to more than the limits allow.
        MalformedAudioError: It does not decode.
    """
    check_facts(clip.facts, tools.limits)
    if plan.is_pass_through:
        return _pass_through(clip, plan, tools, cancelled)
    reasons = {step.action: step.reason for step in plan.steps}
    cancelled_out = _cancelled_out(clip, plan, tools, cancelled)
    with decode(clip, limits=tools.limits, converters=tools.converters) as source:
        early, late = split_at_measurements(_preprocessors(plan, tools, cancelled_out))
        first = Chain(early, sample_rate=source.sample_rate, channels=source.channels)
        meter = Meter(first.sample_rate, first.channels)
        # Resampling turns flat tops into ripples, so clipping is counted before it.
        clipping = ClippingMeter(sample_rate=source.sample_rate, channels=source.channels)
        with Spool() as spool:
            for block in first.run(_metered(_until(source, cancelled), clipping)):
                meter.add(block)
                spool.append(block)
            measured = meter.result()
            shape = {"sample_rate": first.sample_rate, "channels": first.channels}
            second = Chain(late, **shape, measurements=measured)
            outgoing = second.run(_until(spool, cancelled))
            if late:  # what went on is not what was measured
                meter = Meter(second.sample_rate, second.channels)
                outgoing = _metered(outgoing, meter)
            stream = BlockStream(outgoing, sample_rate=second.sample_rate, channels=second.channels)
            sink = io.BytesIO()
            written = encode_stream(
                stream,
                plan.target,
                sink,
                converters=tools.converters,
                reason=reasons.get("encode", "what the model takes"),
            )
            encoded = clip_over(sink.getvalue(), written.format)
    final = (meter.result() if late else measured).with_clipping(clipping.result())
    prepared = (*first.steps(reasons), *second.steps(reasons))
    record = AudioRecord(
        source=str(clip.format),
        result=str(encoded.format),
        duration_s=source.decoded_s,
        result_duration_s=written.frames / (written.format.sample_rate or 1),
        n_bytes=clip.n_bytes,
        result_n_bytes=encoded.n_bytes,
        digest=clip.digest,
        steps=(
            *decoding_steps(clip, source, reasons.get("decode", "")),
            *prepared,
            *written.steps,
        ),
        measurements=final.figures(),
    )
    saved_s = sum(step.effect.get("trimmed_s", 0.0) for step in prepared)
    return PreparedClip(
        clip=encoded,
        source=clip.facts.with_holes(source.holes),
        record=record,
        measurements=final,
        saved_s=saved_s,
    )


def _pass_through(
    clip: AudioClip, plan: ClipPlan, tools: AudioTools, cancelled: threading.Event
) -> PreparedClip:
    measured: Measurements | None = None
    facts = clip.facts
    if tools.is_measured:
        with decode(clip, limits=tools.limits, converters=tools.converters) as source:
            meter = Meter(source.sample_rate, source.channels)
            for block in _until(source, cancelled):
                meter.add(block)
        measured = meter.result()
        facts = facts.with_holes(source.holes)
    duration_s = clip.duration_s if measured is None else measured.duration_s
    record = AudioRecord(
        source=str(clip.format),
        result=str(clip.format),
        duration_s=duration_s,
        result_duration_s=duration_s,
        n_bytes=clip.n_bytes,
        result_n_bytes=clip.n_bytes,
        digest=clip.digest,
        steps=plan.steps,
        measurements={} if measured is None else measured.figures(),
    )
    return PreparedClip(clip=clip, source=facts, record=record, measurements=measured)


def _cancelled_out(
    clip: AudioClip, plan: ClipPlan, tools: AudioTools, cancelled: threading.Event
) -> Cancellation | None:
    """Whether a mono mix would lose what is said; a pass of its own, over several channels only."""
    is_mono = plan.target.channels in (None, 1)
    if "downmix" not in plan.preprocess or not is_mono or clip.format.channels == 1:
        return None
    with decode(clip, limits=tools.limits, converters=tools.converters) as source:
        if source.channels == 1:
            return None
        meter = CancellationMeter(source.channels)
        for block in _until(source, cancelled):
            meter.add(block)
    return meter.result()


def _preprocessors(
    plan: ClipPlan, tools: AudioTools, cancelled_out: Cancellation | None
) -> list[tuple[str, Preprocessor]]:
    return [(name, _maker(name, plan.target, tools, cancelled_out)) for name in plan.preprocess]


def _maker(
    name: str, target: AudioFormat, tools: AudioTools, cancelled_out: Cancellation | None
) -> Preprocessor:
    if name == "downmix" and (target.channels is not None or cancelled_out is not None):
        return Downmix(channels=target.channels or 1, cancelled=cancelled_out)
    if name == "resample" and target.sample_rate is not None:
        return ResampleTo(sample_rate=target.sample_rate)
    return tools.preprocessors[name]


def _metered(blocks: Iterable[Samples], meter: Meter | ClippingMeter) -> Iterator[Samples]:
    for block in blocks:
        meter.add(block)
        yield block


def _until(source: BlockStream | Spool, cancelled: threading.Event) -> Iterator[Samples]:
    for block in source:
        if cancelled.is_set():
            raise DeadlineExceededError("the preparation of audio was stopped by its caller")
        yield block
