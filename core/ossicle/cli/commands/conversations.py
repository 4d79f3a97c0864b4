"""`ossicle conversations`: those that are kept here, and those that come and go as files."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossicle.cli.commands.storage import folder_option, looking_at
from ossicle.cli.document import write_document
from ossicle.cli.options import json_option
from ossicle.cli.session import Session
from ossicle.cli.tables import columns_table
from ossicle.cli.terminal import visible

if TYPE_CHECKING:
    from ossicle.conversation import Turn
    from ossicle.messages import Message
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
    with looking_at(session, folder) as store:
        found = store.list_conversations(tenant)
    if as_json:
        names = ("conversation_id", "created_at", "updated_at", "n_turns")
        rows = [{name: getattr(one, name) for name in names} for one in found]
        write_document({"conversations": rows})
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
    from ossicle.conversation import load_notebook, write_turn

    with looking_at(session, folder) as store:
        notebook, _ = load_notebook(store, tenant, conversation_id)
    if as_json:
        turns = [write_turn(turn)[0] for turn in notebook.turns]
        head = {"id": notebook.id, "instructions": notebook.instructions}
        write_document({**head, "turns": turns})
        return
    rows = [row for number, turn in enumerate(notebook.turns, 1) for row in _rows(number, turn)]
    session.console().print(columns_table(("turn", "who", "what"), rows, title=notebook.id))


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
    from ossicle.conversation import export_notebook, load_notebook

    with looking_at(session, folder) as store:
        notebook, _ = load_notebook(store, tenant, conversation_id)
        path = export_notebook(notebook, file)
    size = path.stat().st_size
    if as_json:
        write_document({"path": str(file), "n_bytes": size, "turns": len(notebook.turns)})
    else:
        session.note(f"wrote {visible(str(file))}: {len(notebook.turns)} turns, {size} bytes")


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
    from ossicle.conversation import StoreKeeper, import_notebook, new_id

    notebook = import_notebook(file)
    if is_copy:
        notebook.id = new_id()
    with open_store(folder) as store:
        StoreKeeper(store, tenant).write(notebook)
    if as_json:
        write_document({"id": notebook.id, "turns": len(notebook.turns)})
    else:
        click.echo(visible(notebook.id))


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
        rows.append(("", message.role, " ".join(filter(None, (_words(message), *lengths)))))
    why = f" ({turn.error})" if turn.error else ""
    rows.append(("", "", f"{turn.state}{why}"))
    rows[0] = (str(number), *rows[0][1:])
    return rows


def _words(message: Message) -> str:
    """What a message says, once: sound and its reference at the vendor repeat what was written."""
    from ossicle.messages import AudioPart, AudioReference, TextPart

    found: list[str] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            found.append(part.text)
        elif isinstance(part, AudioPart | AudioReference):
            words = part.transcript
            if words and words not in found:
                found.append(words)
    return "\n".join(found)


def _moment(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(sep=" ", timespec="seconds")
