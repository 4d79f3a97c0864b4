"""Decode once, transform, measure in the same pass, encode once; or measure and pass through."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ossicle.abc import BlockTransform, ConverterSpec, Preprocessor
from ossicle.audio import AudioClip, AudioFormat, BlockStream
from ossicle.conversion.encoding import clip_over, encode_stream
from ossicle.errors import DeadlineExceededError
from ossicle.intake import IntakeLimits, check_facts, decode
from ossicle.messages import AudioRecord
from ossicle.pipeline.plan import ClipPlan
from ossicle.preprocess import Downmix, ResampleTo, Spool
from ossicle.signal.clipping import ClippingMeter
from ossicle.signal.meters import Measurements, Meter

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
        record: What was done to it.
        measurements: Of what will be sent; `None` when it was passed through unmeasured.
        saved_s: Seconds that were cut off because they held nothing.
        samples: Digest of the decoded samples of `clip`; `None` where nobody wanted it.
    """

    clip: AudioClip
    record: AudioRecord
    measurements: Measurements | None
    saved_s: float = 0.0
    samples: str | None = None


def prepare_clip(
    clip: AudioClip, plan: ClipPlan, workshop: AudioTools, *, cancelled: threading.Event
) -> PreparedClip:
    """Do to a clip what its plan says; blocking, for a worker thread.

    Args:
        clip: As it came in.
        plan: Made for this very clip.
        workshop: Converters and preprocessors.
        cancelled: Set by the caller to stop between two blocks.

    Raises:
        AudioLimitError: It decodes to more than the limits allow.
        MalformedAudioError: It does not decode.
    """
    check_facts(clip.facts, workshop.limits)
    if plan.is_pass_through:
        return _pass_through(clip, plan, workshop, cancelled)
    with decode(clip, limits=workshop.limits, converters=workshop.converters) as source:
        early, late = _split(plan, workshop)
        first = _Chain(early, source.sample_rate, source.channels)
        meter = Meter(first.sample_rate, first.channels)
        # Resampling turns flat tops into ripples, so clipping is counted before it.
        clipping = ClippingMeter(sample_rate=source.sample_rate, channels=source.channels)
        with Spool() as spool:
            for block in first.run(_watched(_until(source, cancelled), clipping)):
                meter.add(block)
                spool.append(block)
            measured = meter.result()
            second = _Chain(late, first.sample_rate, first.channels, measured)
            outgoing = _Counted(second.run(_until(spool, cancelled)), second, is_metered=bool(late))
            encoded = _encode(outgoing, plan.target, workshop)
    final = outgoing.meter.result() if outgoing.meter is not None else measured
    final = final.with_clipping(clipping.result())
    effects = first.effects() | second.effects()
    record = AudioRecord(
        source=str(clip.format),
        result=str(encoded.format),
        duration_s=clip.duration_s,
        result_duration_s=outgoing.frames / second.sample_rate,
        n_bytes=clip.n_bytes,
        result_n_bytes=encoded.n_bytes,
        digest=clip.digest,
        steps=tuple(
            step.model_copy(update={"effect": effects.get(step.action, {})}) for step in plan.steps
        ),
        measurements=final.figures(),
    )
    saved_s = sum(effect.get("trimmed_s", 0.0) for effect in effects.values())
    return PreparedClip(clip=encoded, record=record, measurements=final, saved_s=saved_s)


def _pass_through(
    clip: AudioClip, plan: ClipPlan, workshop: AudioTools, cancelled: threading.Event
) -> PreparedClip:
    measured: Measurements | None = None
    if workshop.is_measured:
        with decode(clip, limits=workshop.limits, converters=workshop.converters) as source:
            meter = Meter(source.sample_rate, source.channels)
            for block in _until(source, cancelled):
                meter.add(block)
        measured = meter.result()
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
    return PreparedClip(clip=clip, record=record, measurements=measured)


def _split(
    plan: ClipPlan, workshop: AudioTools
) -> tuple[list[tuple[str, Preprocessor]], list[tuple[str, Preprocessor]]]:
    """Those that can run while decoding, and those from the first that must know it all."""
    makers = [(name, _maker(name, plan.target, workshop)) for name in plan.preprocess]
    cut = next((n for n, (_, maker) in enumerate(makers) if maker.needs_measurements), len(makers))
    return makers[:cut], makers[cut:]


def _maker(name: str, target: AudioFormat, workshop: AudioTools) -> Preprocessor:
    if name == "downmix" and target.channels is not None:
        return Downmix(channels=target.channels)
    if name == "resample" and target.sample_rate is not None:
        return ResampleTo(sample_rate=target.sample_rate)
    return workshop.preprocessors[name]


class _Chain:
    """Transforms of one stream, one after the other."""

    def __init__(
        self,
        makers: Sequence[tuple[str, Preprocessor]],
        sample_rate: int,
        channels: int,
        measurements: Measurements | None = None,
    ) -> None:
        self._transforms: list[tuple[str, BlockTransform]] = []
        self.sample_rate, self.channels = sample_rate, channels
        for name, maker in makers:
            transform = maker.start(
                sample_rate=self.sample_rate, channels=self.channels, measurements=measurements
            )
            self.sample_rate, self.channels = transform.sample_rate, transform.channels
            self._transforms.append((name, transform))

    def run(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """Every block through every transform, then what each of them held back."""
        for block in blocks:
            yield from self._through(block, 0)
        for position, (_, transform) in enumerate(self._transforms):
            yield from self._through(transform.finish(), position + 1)

    def _through(self, block: Samples, start: int) -> Iterator[Samples]:
        for _, transform in self._transforms[start:]:
            block = transform.process(block)
        if len(block):
            yield block

    def effects(self) -> dict[str, dict[str, float]]:
        return {name: dict(transform.effect()) for name, transform in self._transforms}


class _Counted:
    """Outgoing blocks, counted, and measured again where a late transform changed them."""

    def __init__(self, blocks: Iterator[Samples], chain: _Chain, *, is_metered: bool) -> None:
        self._blocks, self._chain = blocks, chain
        self.meter = Meter(chain.sample_rate, chain.channels) if is_metered else None
        self.frames = 0

    def stream(self) -> BlockStream:
        return BlockStream(
            self._each(), sample_rate=self._chain.sample_rate, channels=self._chain.channels
        )

    def _each(self) -> Iterator[Samples]:
        for block in self._blocks:
            if self.meter is not None:
                self.meter.add(block)
            self.frames += len(block)
            yield block


def _encode(outgoing: _Counted, target: AudioFormat, workshop: AudioTools) -> AudioClip:
    sink = io.BytesIO()
    made = encode_stream(outgoing.stream(), target, sink, converters=workshop.converters)
    return clip_over(sink.getvalue(), made)


def _watched(blocks: Iterator[Samples], clipping: ClippingMeter) -> Iterator[Samples]:
    for block in blocks:
        clipping.add(block)
        yield block


def _until(source: BlockStream | Spool, cancelled: threading.Event) -> Iterator[Samples]:
    for block in source:
        if cancelled.is_set():
            raise DeadlineExceededError("the preparation of audio was stopped by its caller")
        yield block
