"""What stands against a call: what the model cannot do, and what validators find."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ossicle.abc import AudioEvidence, Capabilities, ValidationContext, ValidatorSpec
from ossicle.errors import (
    QualityRefusedError,
    TextTooLongError,
    UnknownModelError,
    UnknownVoiceError,
    UnsupportedFeatureError,
    UnsupportedModalityError,
)
from ossicle.messages import AudioPart, Finding, Message, ModalityRow, Task, ToolResultPart
from ossicle.pipeline.call_request import CallRequest
from ossicle.pipeline.prepare import PreparedClip
from ossicle.pipeline.settings import PipelineSettings
from ossicle.validators import judge

_ORDER = {"error": 0, "warning": 1, "info": 2}


def find_faults(
    prepared: PreparedClip,
    validators: Sequence[ValidatorSpec],
    *,
    task: Task,
    capabilities: Capabilities | None,
    settings: PipelineSettings,
) -> tuple[Finding, ...]:
    """What all validators find in one clip, worst first; empty when quality is switched off."""
    if settings.quality == "off":
        return ()
    # A clip that was written anew has lost the oddities of what came in, not what they cost.
    facts = prepared.clip.facts.with_oddities_of(prepared.source)
    evidence = AudioEvidence(facts=facts, measurements=prepared.measurements)
    context = ValidationContext(task=task, capabilities=capabilities)
    found = _cancelled_out(prepared)
    for spec in validators:
        if spec.name not in settings.disabled_validators:
            found += judge(spec, evidence, context)
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.severity]))


def _cancelled_out(prepared: PreparedClip) -> list[Finding]:
    """What `downmix` says of channels that would have taken each other away."""
    return [
        Finding(
            code="channels_cancel",
            severity="warning",
            message=(
                f"the channels cancel each other (correlation {step.effect['correlation']:+.2f}): "
                f"channel {step.effect['taken_channel']:.0f} is sent instead of their mix, which "
                f"would be {step.effect['loss_avoided_db']:.0f} dB quieter"
            ),
            measured=step.effect["correlation"],
            fix="One wire may be turned round; record it again, or send one channel.",
        )
        for step in prepared.record.steps
        if step.action == "downmix" and "correlation" in step.effect
    ]


_SEND_ANYWAY = (
    'To send it all the same, give PipelineSettings(quality="warn"); on the command line, '
    "--quality warn."
)


def refuse_faults(findings: Sequence[Finding], settings: PipelineSettings) -> None:
    """Raise when an error was found and the settings say so.

    Raises:
        QualityRefusedError: With all findings, worst first.
    """
    errors = [finding for finding in findings if finding.severity == "error"]
    if not errors or settings.quality != "refuse":
        return
    worst = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    raise QualityRefusedError(
        f"the audio was refused before sending: {worst.message}{more}",
        findings=findings,
        fix=f"{worst.fix or 'Record it again.'} {_SEND_ANYWAY}",
    )


WARN_DAYS = 90
"""A model this near to its end is warned about."""


def check_shutdown_date(capabilities: Capabilities, *, today: datetime.date) -> tuple[str, ...]:
    """Notes on a model that will be shut down soon.

    Raises:
        UnknownModelError: It has been shut down already.
    """
    end = capabilities.shutdown
    if end is None:
        return ()
    instead = f"Use {capabilities.provider}:{capabilities.successor} instead."
    fix = instead if capabilities.successor else "Choose another model; see `ossicle models`."
    if today > end:
        raise UnknownModelError(f"model {capabilities} was shut down on {end}", fix=fix)
    days = (end - today).days
    return (
        (f"{capabilities} will be shut down on {end}, in {days} days. {fix}",)
        if (days <= WARN_DAYS)
        else ()
    )


def match_capability(wanted: CallRequest, capabilities: Capabilities) -> ModalityRow:
    """The row of the modality matrix that the request is.

    Raises:
        UnsupportedFeatureError: The model does not do this kind of task at all.
        UnsupportedModalityError: It does, but not from these inputs to these outputs.
    """
    rows = capabilities.rows.get(wanted.task, ())
    if not rows:
        can = ", ".join(sorted(capabilities.tasks)) or "nothing"
        raise UnsupportedFeatureError(
            f"{capabilities} cannot {wanted.task}; it can {can}",
            feature=wanted.task,
            fix="Choose another model (see `ossicle models`), or let this one hear or speak in a "
            "cascade: docs/guides/cascade.md."
            if wanted.task == "respond"
            else "Choose another model; see `ossicle models`.",
        )
    for inputs in (wanted.newest_inputs, wanted.all_inputs):
        row = capabilities.row_for(wanted.task, inputs, wanted.output)
        if row is not None:
            return row
    given = "+".join(sorted(wanted.newest_inputs, reverse=True)) or "nothing"
    asked = "+".join(sorted(wanted.output, reverse=True)) or "nothing"
    raise UnsupportedModalityError(
        f"{capabilities} does not take {given} to {asked}",
        feature=f"{given}→{asked}",
        fix=_modality_fix(wanted, capabilities),
    )


def _modality_fix(wanted: CallRequest, capabilities: Capabilities) -> str:
    allowed = "; ".join(str(row) for row in capabilities.rows.get(wanted.task, ()))
    if wanted.newest_inputs == {"text"} and wanted.output == {"text"}:
        return (
            "Ask for audio as well (output={'text', 'audio'}) and ignore it, give audio, or use a "
            f"text model. Allowed here: {allowed}."
        )
    if wanted.output == {"audio"}:
        return (
            "Ask for output={'text', 'audio'}: the text stays on the reply beside the audio. "
            f"Allowed here: {allowed}."
        )
    return f"Allowed here: {allowed}."


def check_features(wanted: CallRequest, capabilities: Capabilities) -> str | None:
    """Refuse what the model cannot express; return the voice to use.

    Raises:
        UnknownVoiceError: The model has no such voice.
        UnsupportedFeatureError: Tools, instructions or an audio part the model cannot take.
        TextTooLongError: More text than the model speaks in one request.
    """
    if wanted.tools and not capabilities.tools:
        raise UnsupportedFeatureError(
            f"{capabilities} cannot call tools",
            feature="tools",
            fix="Leave the tools out, or choose another model.",
        )
    if wanted.instructions and not capabilities.instructions:
        raise UnsupportedFeatureError(
            f"{capabilities} takes no instructions",
            feature="instructions",
            fix="Leave them out, or say them in the text.",
        )
    for message in wanted.messages:
        _check_roles(message)
    _check_length(wanted, capabilities)
    if "audio" not in wanted.output:
        return None
    voice, voices = wanted.voice or capabilities.default_voice, capabilities.voices
    if wanted.voice is not None and voices is not None and wanted.voice not in voices:
        raise UnknownVoiceError(
            f"{capabilities} has no voice {wanted.voice!r}",
            feature="voice",
            fix=f"Use one of {', '.join(voices)}.",
        )
    return voice


def _check_length(wanted: CallRequest, capabilities: Capabilities) -> None:
    allowed = capabilities.max_text_chars
    if wanted.task != "speak" or allowed is None:
        return
    length = len(wanted.messages[-1].text)
    if length > allowed:
        raise TextTooLongError(
            f"the text has {length} characters, {capabilities} speaks at most {allowed} at once",
            measured=length,
            allowed=allowed,
            fix="Speak it in several calls.",
        )


def _check_roles(message: Message) -> None:
    for part in message.parts:
        if isinstance(part, AudioPart) and message.role == "tool":
            raise UnsupportedFeatureError(
                "audio in a tool result: no vendor takes it",
                feature="audio_tool_result",
                fix="Give the result as text, and the audio in a user message.",
            )
        if isinstance(part, ToolResultPart) and message.role != "tool":
            raise UnsupportedFeatureError(
                f"a tool result in a {message.role} message",
                feature="tool_result",
                fix="Put it into a message with role 'tool'.",
            )
