"""Asking one validator, held to its contract."""

from __future__ import annotations

from ossicle.abc import AudioEvidence, ValidationContext, ValidatorSpec
from ossicle.errors import OssicleError, PluginContractError
from ossicle.messages import Finding


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
