"""`ossicle doctor`: what works on this machine, what is missing and what it would add."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ossicle_cli.default_provider import choose_provider
from ossicle_cli.doctor import examine
from ossicle_cli.document import write_document
from ossicle_cli.options import json_option
from ossicle_cli.session import Session
from ossicle_cli.tables import cell, columns_table, pairs_table

if TYPE_CHECKING:
    from ossicle_cli.doctor import Health


@click.command("doctor")
@json_option
@click.pass_obj
def command(session: Session, as_json: bool) -> None:
    """Say what works here, and name each missing extra with what it would add."""
    choice = choose_provider(None, session.host)
    health = examine(session.host, default_provider=choice.reference, environment=os.environ)
    if as_json:
        write_document(health)
    else:
        _show(session, health)


def _show(session: Session, health: Health) -> None:
    console = session.console()
    console.print(pairs_table(health.versions.items(), title="This machine"))
    rows = [
        (
            extra.name,
            cell("installed", "green")
            if extra.is_installed
            else cell(f"missing: {', '.join(extra.missing)}", "yellow"),
            extra.adds,
            "" if extra.is_installed else extra.install,
        )
        for extra in health.extras
    ]
    console.print(columns_table(("extra", "state", "adds", "install"), rows, title="Extras"))
    providers = [
        (
            provider.name,
            cell("ready", "green")
            if provider.is_ready
            else cell(provider.reason or "not ready", "yellow"),
            "stays here" if provider.is_local else "leaves this machine",
            provider.key,
            provider.summary,
        )
        for provider in health.providers
    ]
    headings = ("provider", "state", "your audio", "key", "what it is")
    console.print(columns_table(headings, providers, title="Providers"))
    devices = [
        (
            device.name,
            cell("ready", "green") if device.is_ready else cell(device.reason or "", "yellow"),
            device.used or "",
            "" if device.is_ready else device.fix or "",
        )
        for device in health.devices
    ]
    columns = ("device", "state", "used by default", "fix")
    console.print(columns_table(columns, devices, title="For `ossicle chat --live`"))
    guards = [(guard.name, f"{'on' if guard.is_active else 'OFF'}: {guard.what}")
              for guard in health.guards]  # fmt: skip
    console.print(pairs_table(guards, title="Protection from untrusted audio"))
    console.print(cell(f"Default provider: {health.default_provider}", "bold"))
