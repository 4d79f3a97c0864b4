"""`ossicle stats`: what recorded calls used and cost, day by day."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossicle.cli.document import write_document
from ossicle.cli.options import json_option
from ossicle.cli.session import Session
from ossicle.cli.tables import columns_table

if TYPE_CHECKING:
    from ossicle.storage import ChargeSum

_HEADINGS = ("model", "day", "tenant", "calls", "tokens (audio)", "audio", "cost")


@click.command("stats")
@click.option("--store", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="The store's folder; else the platform's place for data.")  # fmt: skip
@click.option("--tenant", metavar="NAME", help="Only this tenant's calls.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="From this day on, "
              "such as 2026-11-01 (UTC).")  # fmt: skip
@json_option
@click.pass_obj
def command(
    session: Session,
    folder: Path | None,
    tenant: str | None,
    since: datetime.datetime | None,
    as_json: bool,
) -> None:
    """Show calls that were recorded: tokens, audio and money.

    Record those of this command with `ossicle --record ...` or OSSICLE_RECORD=1, those of an
    application with CallRecorder.
    """
    from ossicle.storage import SqliteStore
    from ossicle.storage.sqlite.opening import DATABASE, default_folder

    place = folder or default_folder()
    sums: list[tuple[str, ChargeSum]] = []
    start = None if since is None else since.replace(tzinfo=datetime.UTC).timestamp()
    if (place / DATABASE).is_file():  # looking must not make a store
        with SqliteStore(place) as store:
            for name in store.list_tenants() if tenant is None else (tenant,):
                sums += [(name, one) for one in store.sum_charges(name, since=start)]
    sums.sort(key=lambda item: (item[1].day, item[0]))
    if as_json:
        rows = [{"tenant": name, **one.model_dump(mode="json")} for name, one in sums]
        write_document({"charges": rows})
    elif sums:
        session.console().print(
            columns_table(_HEADINGS, [_row(*item) for item in sums], folds_first=True)
        )
    else:
        session.note(
            "No calls are recorded. `ossicle --record ...` or OSSICLE_RECORD=1 records those of "
            "this command, CallRecorder those of an application."
        )


def _row(tenant: str, one: ChargeSum) -> Sequence[str]:
    unknown = f" + {one.n_unknown_amounts} unknown" if one.n_unknown_amounts else ""
    return (
        f"{one.provider}:{one.model}",
        one.day,
        tenant,
        f"{one.calls} {one.outcome}",
        f"{one.input_tokens} ({one.input_audio_tokens}) in, "
        f"{one.output_tokens} ({one.output_audio_tokens}) out",
        f"{one.input_audio_s:.1f} s in, {one.output_audio_s:.1f} s out",
        f"{one.amount:.4f} {one.currency}{unknown}",
    )
