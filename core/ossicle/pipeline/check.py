"""Ask the validators, and refuse before paying."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import AudioEvidence, Capabilities, ValidationContext, ValidatorSpec
from ossicle.errors import OssicleError, PluginContractError, QualityRefusedError
from ossicle.messages import Finding, Task
from ossicle.pipeline.prepare import PreparedClip
from ossicle.pipeline.settings import PipelineSettings

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
    found: list[Finding] = []
    for spec in validators:
        if spec.name not in settings.disabled_validators:
            found += judge(spec, evidence, context)
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.severity]))


def judge(
    spec: ValidatorSpec, evidence: AudioEvidence, context: ValidationContext
) -> list[Finding]:
    """What one validator finds.

    Raises:
        PluginContractError: It fails. A guard that is broken lets nothing pass unseen: the call
            ends, and the error says how to do without it.
    """
    fix = f'Do without it by disabled_validators={{"{spec.name}"}}, and report it to its author.'
    try:
        found = list(spec.factory().validate(evidence, context))
    except OssicleError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginContractError(
            f"validator {spec.name!r} raised {type(error).__name__}", plugin=spec.name, fix=fix
        ) from error
    for finding in found:
        if not isinstance(finding, Finding):
            raise PluginContractError(
                f"validator {spec.name!r} found a {type(finding).__name__}",
                plugin=spec.name,
                fix=fix,
            )
    return found


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
