"""`ossicle chat`: a conversation in the terminal, kept and resumable."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ossicle.cli.answering import LiveText, follow
from ossicle.cli.commands.conversations import open_store
from ossicle.cli.commands.storage import folder_option
from ossicle.cli.destination import check_format
from ossicle.cli.document import reply_document, write_document
from ossicle.cli.options import json_option, pipeline_options, provider_options, settings_of
from ossicle.cli.session import Session
from ossicle.cli.sources import call_source
from ossicle.cli.terminal import visible, visible_text
from ossicle.errors import OssicleError

if TYPE_CHECKING:
    from ossicle.client import Client, Conversation
    from ossicle.messages import Reply
    from ossicle.pipeline import Retention

_HELP = "Write a line; @FILE speaks a file; /undo, /switch MODEL, /quit; end of input ends it."


@click.command("chat")
@click.option("--id", "conversation_id", metavar="ID", help="Go on with a kept conversation, or "
              "give a new one this id.")  # fmt: skip
@click.option("--out-dir", type=click.Path(path_type=Path, file_okay=False), help="Where spoken "
              "answers go, a file a turn.")  # fmt: skip
@click.option("--format", default="wav", show_default=True, metavar="NAME", help="Of those files.")
@click.option("--voice", metavar="NAME", help="Voice of the answers.")
@click.option("--instructions", metavar="TEXT", help="How the model shall behave.")
@click.option("--retention", type=click.Choice(["none", "transcript", "audio"]), help="What is "
              "kept of it: nothing, words, or its sound too (the default).")  # fmt: skip
@folder_option
@pipeline_options
@provider_options
@json_option
@click.pass_obj
def command(
    session: Session,
    conversation_id: str | None,
    out_dir: Path | None,
    format: str,
    voice: str | None,
    instructions: str | None,
    retention: Retention | None,
    folder: Path | None,
    preprocess: tuple[str, ...],
    quality: str,
    provider: str | None,
    model: str | None,
    timeout_s: float | None,
    as_json: bool,
) -> None:
    """Talk turn by turn, in text and audio files; what was said is kept under an id.

    A line is what you write to the model, `@FILE` what you say to it. `/undo` takes the last turn
    back, `/switch MODEL` goes on with another model, `/quit` ends.
    """
    check_format(format)
    reference = session.provider(provider)
    settings = settings_of(preprocess, quality)
    with (
        open_store(folder) as store,
        session.client(
            reference, model=model, settings=settings, timeout_s=timeout_s, store=store
        ) as client,
    ):
        talk = _open(client, conversation_id, instructions, retention)
        if session.is_watched:
            session.note(f"conversation {visible(talk.id)}. {_HELP}")
        chat = _Chat(session, talk, voice=voice, out_dir=out_dir, format=format)
        n_failed = sum(not chat.take(line) for line in _lines(session))
        if as_json:
            states = [turn.state for turn in talk.turns]
            write_document({"id": talk.id, "states": states, "replies": chat.replies})
        elif talk.turns and talk.retention.level != "none":
            session.note(f"kept as {visible(talk.id)}; go on with: ossicle chat --id ID")
    if n_failed:
        raise click.exceptions.Exit(1)


def _open(
    client: Client,
    conversation_id: str | None,
    instructions: str | None,
    retention: Retention | None,
) -> Conversation:
    if conversation_id is not None:
        known = {kept.conversation_id for kept in client.conversations.list()}
        if conversation_id in known:
            if instructions is not None:
                raise click.UsageError("A kept conversation has its instructions already.")
            return client.conversations.open(conversation_id, retention=retention)
    return client.conversation(id=conversation_id, instructions=instructions, retention=retention)


def _lines(session: Session) -> list[str] | _Asking:
    if sys.stdin.isatty():
        return _Asking()
    text = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    return text.splitlines()


class _Asking:
    """Lines from a person, until the end of input or `/quit`."""

    def __iter__(self) -> _Asking:
        return self

    def __next__(self) -> str:
        try:
            line = str(click.prompt(">", prompt_suffix=" ", default="", show_default=False))
        except click.Abort:
            raise StopIteration from None
        if line.strip() == "/quit":
            raise StopIteration
        return line


class _Chat:
    """Takes lines; an error ends its turn, not the conversation.

    Attributes:
        replies: Of this run, as programs learn of them.
    """

    def __init__(
        self,
        session: Session,
        talk: Conversation,
        *,
        voice: str | None,
        out_dir: Path | None,
        format: str,
    ) -> None:
        self._session, self._talk = session, talk
        self._voice, self._out_dir, self._format = voice, out_dir, format
        self._is_over = False
        self.replies: list[dict[str, Any]] = []

    def take(self, line: str) -> bool:
        """Do what a line says; whether it went well."""
        words = line.strip()
        if not words or self._is_over:
            return True
        try:
            self._do(words)
        except OssicleError as error:
            click.echo(f"{error.code}: {visible(str(error), limit=1024)}", err=True)
            return False
        return True

    def _do(self, words: str) -> None:
        if words == "/quit":
            self._is_over = True
        elif words == "/undo":
            self._talk.undo()
            self._session.note("taken back")
        elif words.startswith("/switch "):
            report = self._talk.switch(words.removeprefix("/switch ").strip())
            for loss in report.losses:
                self._session.note(loss)
        elif words.startswith("/"):
            self._session.note(_HELP)
        elif words.startswith("@"):
            self._show(None, words[1:])
        else:
            self._show(words, None)

    def _show(self, text: str | None, path: str | None) -> None:
        audio = None if path is None else call_source(path)
        form = None if self._out_dir is None else self._format
        live = None if self._session.wants_json else LiveText()
        with self._talk.stream(text, audio=audio, voice=self._voice, output_format=form) as stream:
            reply = follow(stream, None, live)
        if live is not None and not live.is_started and reply.text:
            click.echo(visible_text(reply.text))
        if reply.heard is not None:
            self._session.note(f"heard: {visible(reply.heard, limit=1024)}")
        path = self._keep(reply)
        self.replies.append(reply_document(reply, path=path))

    def _keep(self, reply: Reply) -> str | None:
        """Write the spoken answer to a file of its own; its path."""
        if self._out_dir is None or reply.audio is None:
            return None
        self._out_dir.mkdir(parents=True, exist_ok=True)
        path = self._out_dir / f"turn-{len(self._talk.turns):03d}.{self._format}"
        reply.audio.save(path)
        self._session.note(f"wrote {visible(str(path))}: {reply.audio.format}")
        return str(path)
