"""`ossicle chat`: a conversation in the terminal, kept and resumable."""

from __future__ import annotations

import contextlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossicle_cli.audio_output import check_format
from ossicle_cli.chatting import HELP, Chat
from ossicle_cli.commands.conversations import open_store
from ossicle_cli.commands.storage import folder_option
from ossicle_cli.document import write_document
from ossicle_cli.options import json_option, pipeline_options, provider_options, settings_of
from ossicle_cli.session import Session
from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from ossicle import Client, Conversation, Retention
    from ossicle_cli.live.loudspeaker import Loudspeaker
    from ossicle_cli.live.microphone import Microphone


@click.command("chat")
@click.option("--id", "conversation_id", metavar="ID", help="Go on with a kept conversation, or "
              "give a new one this id.")  # fmt: skip
@click.option("--out-dir", type=click.Path(path_type=Path, file_okay=False), help="Where spoken "
              "answers go, a file a turn and never over an older one.")  # fmt: skip
@click.option("--format", default="wav", show_default=True, metavar="NAME", help="Of those files.")
@click.option("--voice", metavar="NAME", help="Voice of the answers.")
@click.option("--instructions", metavar="TEXT", help="How the model shall behave.")
@click.option("--retention", type=click.Choice(["none", "transcript", "audio"]), help="What is "
              "kept of it: nothing, words, or its sound too (the default).")  # fmt: skip
@click.option("--live", is_flag=True, help="Talk aloud, with microphone and loudspeaker (extra "
              "`live`).")  # fmt: skip
@click.option("--microphone", metavar="DEVICE", help="With --live: its number, name or a part of "
              "that; else the system's own choice.")  # fmt: skip
@click.option("--loudspeaker", metavar="DEVICE", help="As --microphone.")
@click.option("--pause", "pause_s", type=click.FloatRange(0.3, 10.0), default=0.8,
              metavar="SECONDS", show_default=True, help="With --live: the quiet after which you "
              "have finished.")  # fmt: skip
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
    live: bool,
    microphone: str | None,
    loudspeaker: str | None,
    pause_s: float,
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

    With `--live` you speak and are answered aloud; a pause ends what you say. The microphone is off
    while the model speaks. Lines and commands can be written at any time; Ctrl-C ends it.
    """
    check_format(format)
    if not live and (microphone is not None or loudspeaker is not None):
        raise click.UsageError("--microphone and --loudspeaker need --live.")
    with contextlib.ExitStack() as stack:
        # Before anything else, so that a missing device is what is said first.
        devices = _devices(stack, microphone, loudspeaker) if live else None
        reference = session.provider(provider)
        settings = settings_of(preprocess, quality)
        store = stack.enter_context(open_store(folder))
        client = stack.enter_context(
            session.client(
                reference, model=model, settings=settings, timeout_s=timeout_s, store=store
            )
        )
        talk = _open(client, conversation_id, instructions, retention)
        if session.is_watched:
            session.note(f"conversation {visible(talk.id)}. {HELP}")
        mouth = None if devices is None else devices[1]
        chat = Chat(session, talk, voice=voice, out_dir=out_dir, format=format, loudspeaker=mouth)
        if devices is None:
            n_failed = sum(not chat.take(line) for line in _lines(session))
        else:
            n_failed = _talk_aloud(session, chat, *devices, pause_s=pause_s)
        if as_json:
            states = [turn.state for turn in talk.turns]
            write_document({"id": talk.id, "states": states, "replies": chat.replies})
        elif talk.turns and talk.retention.level != "none":
            session.note(f"kept as {visible(talk.id)}; go on with: {_again(talk.id, folder, live)}")
    if n_failed:
        raise click.exceptions.Exit(1)


def _devices(
    stack: contextlib.ExitStack, microphone: str | None, loudspeaker: str | None
) -> tuple[Microphone, Loudspeaker]:
    """The devices of a spoken conversation; loaded here, since most runs need none."""
    from ossicle_cli.live.devices import find_device
    from ossicle_cli.live.loudspeaker import Loudspeaker
    from ossicle_cli.live.microphone import Microphone

    ear, mouth = find_device(microphone, "microphone"), find_device(loudspeaker, "loudspeaker")
    return stack.enter_context(Microphone(ear)), Loudspeaker(mouth)


def _talk_aloud(
    session: Session, chat: Chat, ear: Microphone, mouth: Loudspeaker, *, pause_s: float
) -> int:
    """Talk until the end; how often something failed."""
    from ossicle_cli.live.talking import Talk, greeting
    from ossicle_cli.live.typed import TypedLines

    session.note(greeting(ear.device, mouth.device))
    talk = Talk(session, chat, microphone=ear, lines=TypedLines(), pause_s=pause_s)
    return talk.run()


def _again(conversation_id: str, folder: Path | None, live: bool) -> str:
    """The command that goes on with a conversation, to be copied into a shell."""
    words = ["ossicle", "chat", "--id", conversation_id]
    if folder is not None:
        words += ["--folder", str(folder)]
    if live:
        words.append("--live")
    return visible(shlex.join(words), limit=1024)


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
