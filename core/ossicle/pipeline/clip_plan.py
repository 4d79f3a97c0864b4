"""What has to be done to a clip before a model takes it; nothing, whenever that is enough."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import AudioInput, ConverterSpec
from ossicle.audio import AudioClip, AudioFormat
from ossicle.conversion.paths import ConversionPath, find_path, find_reader
from ossicle.errors import AudioLimitError, UnsupportedFormatError
from ossicle.messages import Step
from ossicle.pipeline.plan import ClipPlan

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
