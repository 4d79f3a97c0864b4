"""`ossicle stats`: what recorded calls used and cost, how they went, and how long they took."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ossicle_cli.commands.storage import looking_into
from ossicle_cli.document import write_document
from ossicle_cli.options import json_option
from ossicle_cli.session import Session
from ossicle_cli.tables import columns_table, pairs_table

if TYPE_CHECKING:
    from ossicle.storage import ChargeSum
    from ossicle.telemetry import Dimension, StatsSnapshot

_HEADINGS = ("model", "day", "tenant", "calls", "tokens (audio)", "audio", "cost")
_DIMENSIONS = ("provider", "model", "tenant", "task")


@click.command("stats")
@click.option("--store", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="The store's folder; else the platform's place for data.")  # fmt: skip
@click.option("--tenant", metavar="NAME", help="Only this tenant's calls.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="From this day on, "
              "such as 2026-11-01 (UTC).")  # fmt: skip
@click.option("--by", "dimensions", type=click.Choice(_DIMENSIONS), multiple=True, help="Group by "
              "this alone; may be given more than once.")  # fmt: skip
@click.option("--daily", is_flag=True, help="What was used and paid, day by day.")
@json_option
@click.pass_obj
def command(
    session: Session,
    folder: Path | None,
    tenant: str | None,
    since: datetime.datetime | None,
    dimensions: tuple[str, ...],
    daily: bool,
    as_json: bool,
) -> None:
    """Show calls that were recorded: tokens, money, errors, findings and durations.

    Record those of this command with `ossicle --record ...` or OSSICLE_RECORD=1, those of an
    application with CallRecorder. The table is that of `client.stats`.
    """
    from ossicle import recorded_stats
    from ossicle.telemetry import StatsSnapshot

    sums: list[tuple[str, ChargeSum]] = []
    snapshot = StatsSnapshot()
    start = None if since is None else since.replace(tzinfo=datetime.UTC).timestamp()
    with looking_into(folder) as store:
        tenants = store.list_tenants() if tenant is None else (tenant,)
        if daily or as_json:
            for name in tenants:
                sums += [(name, one) for one in store.sum_charges(name, since=start)]
        if not daily:
            by = cast("tuple[Dimension, ...]", dimensions or _DIMENSIONS)
            snapshot = recorded_stats(store, tenants=tenants, since=start).snapshot(by=by)
    sums.sort(key=lambda item: (item[1].day, item[0]))
    if as_json:
        rows = [{"tenant": name, **one.model_dump(mode="json")} for name, one in sums]
        figures = {} if daily else {"stats": snapshot.model_dump(mode="json")}
        write_document({**figures, "charges": rows})
    elif sums:
        session.console().print(
            columns_table(_HEADINGS, [_row(*item) for item in sums], folds_first=True)
        )
    elif snapshot.groups:
        _show(session, snapshot)
    else:
        session.note(
            "No calls are recorded. `ossicle --record ...` or OSSICLE_RECORD=1 records those of "
            "this command, CallRecorder those of an application."
        )


def _show(session: Session, snapshot: StatsSnapshot) -> None:
    """The table of `client.stats`; where it is too wide, one below the other."""
    from ossicle.telemetry import stats_notes, stats_rows

    text = str(snapshot)
    if max(map(len, text.splitlines())) <= shutil.get_terminal_size((1000, 24)).columns:
        click.echo(text)
        return
    headings, *rows = stats_rows(snapshot)
    for row in rows:
        pairs = [
            (heading, figure)
            for heading, figure in zip(headings[1:], row[1:], strict=True)
            if figure != "-"
        ]
        session.console().print(pairs_table(pairs, title=row[0]))
    for note in stats_notes(snapshot):
        session.console().print(note)


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
