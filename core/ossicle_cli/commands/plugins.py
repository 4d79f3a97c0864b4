"""`ossicle plugins`: what is installed, what works, and how to make the rest work."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ossicle_cli.document import write_document
from ossicle_cli.options import json_option
from ossicle_cli.session import Session
from ossicle_cli.tables import cell, columns_table

if TYPE_CHECKING:
    from ossicle.plugins import PluginListing, Proof

_STYLES = {"ready": "green", "limited": "yellow", "blocked": "magenta", "broken": "bold red"}


_PROOF_STYLES = {"verified": "green", "stale": "yellow", "failed": "bold red", "missing": "dim"}


@click.command("plugins")
@click.option(
    "--verified",
    "shows_proof",
    is_flag=True,
    help="Show what the conformance reports that plugins ship prove of them.",
)
@json_option
@click.pass_obj
def command(session: Session, as_json: bool, shows_proof: bool) -> None:
    """List plugins with their state; the reason and the fix where one does not work."""
    listings = session.host.listings()
    if shows_proof:
        _show_proof(session, listings, as_json=as_json)
        return
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


def _show_proof(session: Session, listings: Sequence[PluginListing], *, as_json: bool) -> None:
    from ossicle.plugins import read_proof

    found = [(listing, read_proof(listing)) for listing in listings]
    if as_json:
        write_document({"plugins": [_proof_document(*pair) for pair in found]})
        return
    rows = [
        (
            listing.name,
            cell(proof.state, _PROOF_STYLES[proof.state]),
            f"{len(proof.proved)} of {sum(len(one.claims) for one in proof.reports)}",
            ", ".join(
                [
                    *(() if proof.report is None else [proof.report.made_on]),
                    *(f"{name} {text}" for name, text in _versions(proof).items()),
                ]
            ),
            ". ".join(filter(None, (proof.reason, proof.fix, *_exceptions(proof)))),
        )
        for listing, proof in found
    ]
    headings = ("plugin", "proof", "claims proved", "on", "why, and what does not hold")
    session.console().print(columns_table(headings, rows))


def _proof_document(listing: PluginListing, proof: Proof) -> dict[str, Any]:
    return {
        "name": listing.name,
        "state": proof.state,
        "reason": proof.reason,
        "fix": proof.fix,
        "proved": list(proof.proved),
        "exceptions": proof.exceptions,
        "made_on": proof.report and proof.report.made_on,
        "kit_version": proof.report and proof.report.kit_version,
        "versions": _versions(proof),
        "reports": [report.model_dump(mode="json") for report in proof.reports],
    }


def _versions(proof: Proof) -> dict[str, str]:
    return {name: text for report in proof.reports for name, text in report.versions.items()}


def _exceptions(proof: Proof) -> list[str]:
    return [f"does not hold: {what} ({why})" for what, why in proof.exceptions.items()]
