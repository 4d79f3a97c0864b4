"""`ossicle storage`: what is kept on this machine, and how to get rid of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossicle.cli.document import write_document
from ossicle.cli.options import json_option
from ossicle.cli.session import Session
from ossicle.cli.tables import columns_table, megabytes, pairs_table
from ossicle.cli.terminal import visible

if TYPE_CHECKING:
    from ossicle.storage import Store

folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the store is; the platform's place for data unless given.",
)


@click.group("storage")
def command() -> None:
    """Show, clean and delete what is kept: conversations, audio, ledger, cache."""


@command.command("show")
@folder_option
@json_option
@click.pass_obj
def show(session: Session, folder: Path | None, as_json: bool) -> None:
    """Show how much is kept for each tenant."""
    from ossicle.storage.sqlite.opening import default_folder

    with looking_at(session, folder) as store:
        sizes = {tenant: store.measure(tenant) for tenant in store.list_tenants()}
        aside = [path.name for path in _quarantined(store)]
        place = str((folder or default_folder()).absolute())
    if as_json:
        write_document({"folder": place, "tenants": sizes, "quarantined": aside})
        return
    rows = [
        (
            tenant,
            str(size.conversations),
            str(size.turns),
            f"{size.blobs} ({megabytes(size.blob_bytes)})",
            f"{size.cached_values} ({megabytes(size.cached_bytes)})",
            str(size.charges),
        )
        for tenant, size in sizes.items()
    ]
    headings = ("tenant", "conversations", "turns", "blobs", "cached", "charges")
    session.console().print(columns_table(headings, rows, title=place))
    for name in aside:
        session.note(f"{name}: a malformed database; `ossicle storage clean --quarantined`")


@command.command("clean")
@folder_option
@click.option("--quarantined", is_flag=True, help="Malformed databases that were put aside too.")
@json_option
@click.pass_obj
def clean(session: Session, folder: Path | None, quarantined: bool, as_json: bool) -> None:
    """Drop what is expired or needed by nothing, and leave no byte of it."""
    from ossicle.storage import SqliteStore

    with looking_at(session, folder) as store:
        report = store.clean()
        n_aside = len(_quarantined(store)) if quarantined else 0
        if quarantined and isinstance(store, SqliteStore):
            store.discard_quarantined()
    if as_json:
        write_document({"dropped": report, "quarantined": n_aside})
        return
    rows = [
        ("blobs", str(report.blobs)),
        ("cached values", str(report.cached_values)),
        ("turns that lost their audio", str(report.turns)),
        ("together", megabytes(report.n_bytes)),
    ]
    if quarantined:
        rows.append(("malformed databases", str(n_aside)))
    session.console().print(pairs_table(rows, title="Dropped"))


@command.command("delete")
@folder_option
@click.option("--tenant", required=True, metavar="NAME", help="Whose everything to delete.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def delete(session: Session, folder: Path | None, tenant: str, yes: bool, as_json: bool) -> None:
    """Delete everything of a tenant, and leave no byte of it."""
    with looking_at(session, folder) as store:
        size = store.measure(tenant)
        if not yes:
            kept = f"{size.conversations} conversations, {megabytes(size.blob_bytes)} of audio"
            click.confirm(f"Delete {kept} and {size.charges} charges?", abort=True, err=True)
        store.delete_tenant(tenant)
        aside = len(_quarantined(store))
    if as_json:
        write_document({"deleted": size, "quarantined": aside})
    else:
        session.console().print("Deleted.")
    if aside:
        session.note(
            "Databases that were put aside may still hold something of this tenant:"
            " `ossicle storage clean --quarantined`"
        )


def looking_at(session: Session, folder: Path | None) -> Store:
    """The store in a folder; where there is none an empty one in memory: looking makes none."""
    from ossicle.storage import MemoryStore, SqliteStore
    from ossicle.storage.sqlite.opening import default_folder, is_unused

    place = folder or default_folder()
    if not is_unused(place):
        return SqliteStore(place)
    session.note(f"there is no store in {visible(str(place))}")
    return MemoryStore()


def _quarantined(store: Store) -> tuple[Path, ...]:
    from ossicle.storage import SqliteStore

    return store.quarantined if isinstance(store, SqliteStore) else ()
