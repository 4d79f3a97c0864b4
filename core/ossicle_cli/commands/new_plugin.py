"""`ossicle new-plugin`: a whole, tested project to start a plugin from."""

from __future__ import annotations

from pathlib import Path

import click

from ossicle_cli.document import write_document
from ossicle_cli.options import json_option
from ossicle_cli.plugin_project import KINDS, plugin_name, write_project
from ossicle_cli.session import Session


@click.command("new-plugin")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What it shall be.")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder that is empty or not there yet; else ./ossicle-NAME.",
)
@json_option
@click.pass_obj
def command(session: Session, name: str, kind: str, into: Path | None, as_json: bool) -> None:
    """Write the project of a new plugin: code that works, and tests that pass."""
    name = plugin_name(name, taken=_taken(session))
    into = into or Path(f"ossicle-{name.replace('_', '-')}")
    written = write_project(name, kind=kind, into=into)
    if as_json:
        write_document(
            {"name": name, "kind": kind, "folder": str(into), "files": [str(p) for p in written]}
        )
        return
    console = session.console()
    console.print(f"A {kind} in {into}:")
    for path in written:
        console.print(f"  {path}")
    console.print("Its README.md says what to edit first. Its tests pass now:")
    console.print(f"  cd {into} && python -m pytest")


def _taken(session: Session) -> set[str]:
    """Names of plugins that are installed, and of what the loaded ones announce."""
    listings = session.host.listings()
    announced = {words.partition(" ")[2] for one in listings for words in one.provides}
    return announced | {one.name for one in listings}
