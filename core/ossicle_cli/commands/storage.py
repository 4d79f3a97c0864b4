"""`ossicle storage`: what is kept on this machine, and how to get rid of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossicle_cli.document import write_document
from ossicle_cli.options import json_option
from ossicle_cli.session import Session
from ossicle_cli.tables import columns_table, megabytes, pairs_table
from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from ossicle.storage import MemoryStore, SqliteStore, TenantSize

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
    from ossicle.storage import SqliteStore

    place, aside = str(place_of(folder)), list[str]()
    with looking_into(folder) as store:
        sizes = {tenant: store.measure(tenant) for tenant in store.list_tenants()}
        if isinstance(store, SqliteStore):
            aside = [path.name for path in store.quarantined]
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
    if rows:
        session.console().print(columns_table(headings, rows, title=place))
    else:
        session.note(f"Nothing is kept in {visible(place)}.")
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

    with looking_into(folder) as store:
        report, n_aside = store.clean(), 0
        if quarantined and isinstance(store, SqliteStore):
            n_aside = len(store.quarantined)
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
    from ossicle.storage import SqliteStore

    with looking_into(folder) as store:
        size = store.measure(tenant)
        is_kept = tenant in store.list_tenants()
        if is_kept and not yes:
            click.confirm(f"Delete {_contents(size)}?", abort=True, err=True)
        store.delete_tenant(tenant)
        aside = len(store.quarantined) if isinstance(store, SqliteStore) else 0
    if as_json:
        write_document({"deleted": size, "quarantined": aside})
    elif is_kept:
        session.console().print("Deleted.")
    else:
        session.note(f"Nothing is kept of a tenant {visible(tenant)!r}.")
    if aside:
        session.note(
            "Databases that were put aside may still hold something of this tenant:"
            " `ossicle storage clean --quarantined`"
        )


def place_of(folder: Path | None) -> Path:
    """Where a store is; `None`: the platform's place for data."""
    from ossicle.storage import default_folder

    return (folder or default_folder()).absolute()


def looking_into(folder: Path | None) -> SqliteStore | MemoryStore:
    """The store in a folder, or an empty one in memory: looking must not make a store.

    Raises:
        StorageError: The folder cannot be used, or holds other things.
    """
    from ossicle.storage import MemoryStore, SqliteStore

    place = place_of(folder)
    try:
        is_there = any(place.iterdir())
    except FileNotFoundError:
        is_there = False
    except OSError:
        is_there = True  # The store tells what is wrong with it.
    return SqliteStore(place) if is_there else MemoryStore()


def _contents(size: TenantSize) -> str:
    counts = (
        (size.conversations, "conversation"),
        (size.blobs, "blob"),
        (size.cached_values, "cached value"),
        (size.charges, "charge"),
    )
    words = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]
    return f"{', '.join(words)}, {megabytes(size.blob_bytes + size.cached_bytes)}"
