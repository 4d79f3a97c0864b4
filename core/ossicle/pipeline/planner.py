"""The planner: a pure function from facts, capabilities and settings to a plan."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from ossicle.abc import Capabilities, ConverterSpec
from ossicle.audio import AudioClip
from ossicle.errors import AudioLimitError, UnsupportedFeatureError
from ossicle.messages import AudioPart, Message
from ossicle.pipeline.call_request import CallRequest
from ossicle.pipeline.capability_check import check_features, check_shutdown_date, match_capability
from ossicle.pipeline.clip_plan import plan_clip
from ossicle.pipeline.output_plan import plan_output, streams_upstream
from ossicle.pipeline.plan import ClipPlan, Plan
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
