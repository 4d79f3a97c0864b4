"""`ossicle plugins`: what is installed, what works, and how to make the rest work."""

from __future__ import annotations

import dataclasses

import click

from ossicle.cli.document import write_document
from ossicle.cli.options import json_option
from ossicle.cli.session import Session
from ossicle.cli.tables import cell, columns_table

_STYLES = {"ready": "green", "limited": "yellow", "blocked": "magenta", "broken": "bold red"}


@click.command("plugins")
@json_option
@click.pass_obj
def command(session: Session, as_json: bool) -> None:
    """List plugins with their state; the reason and the fix where one does not work."""
    listings = session.host.listings()
    if as_json:
        write_document({"plugins": [dataclasses.asdict(listing) for listing in listings]})
        return
    rows = [
        (
            listing.name,
            cell(listing.state, _STYLES[listing.state]),
            "ossicle" if listing.is_first_party else listing.distribution or "this program",
            ", ".join(listing.provides),
            ". ".join(filter(None, (listing.reason, listing.fix))),
        )
        for listing in listings
    ]
    headings = ("plugin", "state", "from", "provides", "why, and what to do")
    session.console().print(columns_table(headings, rows))
