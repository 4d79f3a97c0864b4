"""Which provider is asked when nobody says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle.plugins import PluginHost

VARIABLE = "OSSICLE_PROVIDER"
"""Environment variable that names the default provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Whom to ask.

    Attributes:
        reference: `provider` or `provider:model`.
        remark: What to tell a person who named nobody; `None` when somebody did.
    """

    reference: str
    remark: str | None = None


def choose_provider(
    named: str | None, host: PluginHost, *, environment: Mapping[str, str] = os.environ
) -> Choice:
    """Whom to ask: as named, else `OSSICLE_PROVIDER`, else `local` if it works here, else `echo`.

    Args:
        named: By the user, or `None`.
        host: The plugins.
        environment: Where to look for the variable.
    """
    if named:
        return Choice(reference=named)
    configured = environment.get(VARIABLE, "").strip()
    if configured:
        return Choice(reference=configured)
    if is_ready("local", host):
        remark = "No --provider given: asking `local`; nothing leaves this machine."
        return Choice(reference="local", remark=remark)
    return Choice(
        reference="echo",
        remark="No --provider given and `local` is not installed: asking `echo`, which only repeats"
        ' what it is told, in tones. For real speech: pip install "ossicle[local]"',
    )


def is_ready(name: str, host: PluginHost) -> bool:
    """Whether a provider is announced and has every package it stands on."""
    from ossicle.plugins import missing

    return any(spec.name == name and not missing(spec.requires) for spec in host.providers())
