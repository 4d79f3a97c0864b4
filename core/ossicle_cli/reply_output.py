"""A call from the command line: sent, written while it comes or at once, and shown."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ossicle.messages import AudioDelta, TextDelta, TranscriptDelta
from ossicle_cli.audio_output import AudioSink, Destination
from ossicle_cli.document import reply_document, write_document
from ossicle_cli.session import Session
from ossicle_cli.tables import megabytes, pairs_table
from ossicle_cli.terminal import visible, visible_text

if TYPE_CHECKING:
    from ossicle import BlockingReplyStream
    from ossicle.messages import Event, Reply


class LiveText:
    """Prints an answer's text as it comes.

    An answer may come as text and as a transcript of its audio; whichever comes first is shown.
    """

    def __init__(self) -> None:
        self._kind: type[TextDelta] | type[TranscriptDelta] | None = None

    @property
    def is_started(self) -> bool:
        """Whether anything was printed."""
        return self._kind is not None

    def show(self, event: Event) -> None:
        """Print an event's text, if it has some."""
        if not isinstance(event, TextDelta | TranscriptDelta) or not event.text:
            return
        if self._kind is None:
            self._kind = type(event)
        if isinstance(event, self._kind):
            sys.stdout.write(visible_text(event.text))
            sys.stdout.flush()

    def end(self) -> None:
        """End the line."""
        if self.is_started:
            sys.stdout.write("\n")
            sys.stdout.flush()


def follow(
    stream: BlockingReplyStream,
    sink: AudioSink | None,
    live: LiveText | None,
    *,
    play: Callable[[AudioDelta], None] | None = None,
) -> Reply:
    """Read a stream to its end: audio to the sink and text to the screen while they come.

    Args:
        stream: Entered.
        sink: Where audio is written.
        live: Where text is shown.
        play: Where audio is heard; not to wait for it.
    """
    for event in stream:
        if isinstance(event, AudioDelta) and (sink is not None or play is not None):
            if sink is not None:
                sink.write(event.data)
            if play is not None:
                play(event)
        elif live is not None:
            live.show(event)
    if live is not None:
        live.end()
    reply = stream.reply
    if sink is not None and reply.audio is not None:
        sink.settle(reply.audio)
    return reply


def shows_text(session: Session, target: Destination | None) -> bool:
    """Whether standard output is free for the answer's text."""
    return not session.wants_json and not (target is not None and target.path is None)


def present(
    session: Session, reply: Reply, target: Destination | None, *, was_shown: bool = False
) -> None:
    """Show a reply: JSON for programs, else the text on standard output and the rest beside it.

    Args:
        session: Of this run.
        reply: The whole answer.
        target: Where its audio was written, or `None`.
        was_shown: Whether its text is on the screen already.
    """
    is_written = target is not None and reply.audio is not None
    if session.wants_json:
        path = target.name if target is not None and is_written else None
        write_document(reply_document(reply, path=path))
        return
    if reply.heard is not None:
        session.note(f"heard: {visible(reply.heard, limit=1024)}")
    if not was_shown and reply.text:
        click.echo(visible_text(reply.text), err=not shows_text(session, target))
    for call in reply.tool_calls:
        click.echo(f"calls {visible(call.name)}({visible(call.arguments)})", err=True)
    _show_audio(session, reply, target)
    if session.is_watched or session.verbose:
        show_rows(session, reply)


def _show_audio(session: Session, reply: Reply, target: Destination | None) -> None:
    clip = reply.audio
    if target is None:
        if clip is not None:
            session.note("The spoken answer was not kept; give --out FILE to keep it.")
        return
    if clip is None:
        session.note("No audio came: nothing was written.")
        return
    where = "standard output" if target.name is None else visible(target.name)
    length = "" if clip.duration_s is None else f"{clip.duration_s:.2f} s, "
    session.note(f"wrote {where}: {clip.format}, {length}{megabytes(clip.n_bytes)}")


def show_rows(session: Session, reply: Reply) -> None:
    """The receipt as a table on standard error."""
    if reply.receipt is not None:
        rows: list[tuple[str, str]] = reply.receipt.rows()
        session.console(err=True).print(pairs_table(rows, title="Receipt"))


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}
