"""How the validator announces itself: light, for it is imported with all plugins."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import ValidatorSpec, hookimpl

from .validator import NewnameValidator


@hookimpl
def ossicle_register_validators() -> Sequence[ValidatorSpec]:
    """Announce the validator; it then judges every clip unless it is switched off by name."""
    return [
        ValidatorSpec(
            name=NewnameValidator.name,
            summary="Warns when speech is cut off at the start or the end of a recording",
            factory=NewnameValidator,
        )
    ]
