"""`ossicle conversations`: those that are kept here, and those that come and go as files."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossicle.errors import StorageConflictError
from ossicle_cli.commands.storage import folder_option, looking_into, place_of
from ossicle_cli.document import write_document
from ossicle_cli.options import json_option
from ossicle_cli.session import Session
from ossicle_cli.tables import columns_table
from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from ossicle.conversation import Turn
    from ossicle.storage import SqliteStore

tenant_option = click.option(
    "--tenant", default="default", show_default=True, metavar="NAME", help="Whose."
)


@click.group("conversations")
def command() -> None:
    """List and show kept conversations; write them to files and read them back."""


@command.command("list")
@folder_option
@tenant_option
@json_option
@click.pass_obj
def list_all(session: Session, folder: Path | None, tenant: str, as_json: bool) -> None:
    """List all, last changed first."""
    with looking_into(folder) as store:
        found = store.list_conversations(tenant)
    if as_json:
        names = ("conversation_id", "created_at", "updated_at", "n_turns")
        rows = [{name: getattr(one, name) for name in names} for one in found]
        write_document({"conversations": rows})
        return
    if not found:
        session.note(f"No conversations are kept in {visible(str(place_of(folder)))}.")
        return
    table = [(one.conversation_id, str(one.n_turns), _moment(one.updated_at)) for one in found]
    session.console().print(columns_table(("id", "turns", "last changed"), table))


@command.command("show")
@click.argument("conversation_id", metavar="ID")
@folder_option
@tenant_option
@json_option
@click.pass_obj
def show(
    session: Session, conversation_id: str, folder: Path | None, tenant: str, as_json: bool
) -> None:
    """Show what was said, and what became of each turn."""
    from ossicle.conversation import load_state, write_turn

    with looking_into(folder) as store:
        state, _ = load_state(store, tenant, conversation_id)
    if as_json:
        turns = [write_turn(turn)[0] for turn in state.turns]
        head = {"id": state.id, "instructions": state.instructions}
        write_document({**head, "turns": turns})
        return
    rows = [row for number, turn in enumerate(state.turns, 1) for row in _rows(number, turn)]
    session.console().print(columns_table(("turn", "who", "what"), rows, title=state.id))


@command.command("export")
@click.argument("conversation_id", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@folder_option
@tenant_option
@json_option
@click.pass_obj
def export(
    session: Session,
    conversation_id: str,
    file: Path,
    folder: Path | None,
    tenant: str,
    as_json: bool,
) -> None:
    """Write a conversation with its audio to FILE, for another machine."""
    from ossicle.conversation import export_state, load_state

    with looking_into(folder) as store:
        state, _ = load_state(store, tenant, conversation_id)
        path = export_state(state, file)
    size = path.stat().st_size
    if as_json:
        write_document({"path": str(file), "n_bytes": size, "turns": len(state.turns)})
    else:
        session.note(f"wrote {visible(str(file))}: {len(state.turns)} turns, {size} bytes")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--copy", "is_copy", is_flag=True, help="Under a new id.")
@folder_option
@tenant_option
@json_option
@click.pass_obj
def import_file(
    session: Session, file: Path, is_copy: bool, folder: Path | None, tenant: str, as_json: bool
) -> None:
    """Read a conversation from FILE and keep it here; its id is printed."""
    from ossicle.conversation import StorePersistence, import_state, new_id

    state = import_state(file)
    if is_copy:
        state.id = new_id()
    with open_store(folder) as store:
        try:
            StorePersistence(store, tenant).write(state)
        except StorageConflictError as error:
            raise StorageConflictError(
                f"a conversation {state.id!r} is kept here already",
                fix="`--copy` imports this one under a new id.",
            ) from error
    if as_json:
        write_document({"id": state.id, "turns": len(state.turns)})
    else:
        click.echo(visible(state.id))


def open_store(folder: Path | None) -> SqliteStore:
    """The store in a folder; `None`: the platform's place for data."""
    from ossicle.storage import SqliteStore

    return SqliteStore(folder)


def _rows(number: int, turn: Turn) -> list[tuple[str, str, str]]:
    from ossicle.messages import AudioPart

    rows: list[tuple[str, str, str]] = []
    for message in turn.messages:
        lengths = [
            f"[{part.clip.duration_s or 0:.1f} s of audio]"
            for part in message.parts
            if isinstance(part, AudioPart)
        ]
        # Lines would come out as escapes, since what was said must not act on the terminal.
        text = " ".join(message.text.split())
        rows.append(("", message.role, " ".join(filter(None, (text, *lengths)))))
    why = f" ({turn.error})" if turn.error else ""
    rows.append(("", "", f"{turn.state}{why}"))
    rows[0] = (str(number), *rows[0][1:])
    return rows


def _moment(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(sep=" ", timespec="seconds")
