"""A conversation as a terminal shows it: lines, files or speech in, text and sound out."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ossicle.audio import AudioFormat
from ossicle.conversion import convert_clip
from ossicle.errors import OssicleError, QualityRefusedError
from ossicle_cli.document import reply_document
from ossicle_cli.reply_output import LiveText, follow
from ossicle_cli.session import Session
from ossicle_cli.sources import call_source
from ossicle_cli.terminal import visible, visible_text

if TYPE_CHECKING:
    from ossicle import Conversation
    from ossicle.audio import AudioClip
    from ossicle.messages import Reply
    from ossicle_cli.live.loudspeaker import Loudspeaker

HELP = "Write a line; @FILE speaks a file; /undo, /switch MODEL, /quit; end of input ends it."
"""What can be written."""


class Chat:
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
        loudspeaker: Loudspeaker | None = None,
    ) -> None:
        self._session, self._talk = session, talk
        self._voice, self._out_dir, self._format = voice, out_dir, format
        self._loudspeaker, self._is_over = loudspeaker, False
        self.replies: list[dict[str, Any]] = []

    @property
    def is_over(self) -> bool:
        """Whether somebody wrote `/quit`."""
        return self._is_over

    def take(self, line: str) -> bool:
        """Do what a line says; whether it went well."""
        words = line.strip()
        if not words or self._is_over:
            return True
        try:
            self._do(words)
        except OssicleError as error:
            self.report(error)
            return False
        return True

    def say(self, clip: AudioClip) -> bool:
        """Say what a microphone heard; whether that went well.

        Sound that the validators refuse was not sent and not paid. That is no failure: a door
        slammed, or somebody coughed. It leaves no turn.
        """
        n_turns = len(self._talk.turns)
        try:
            self._show(None, clip)
        except QualityRefusedError as error:
            self._session.note(f"not sent: {visible(str(error), limit=1024)}")
            if len(self._talk.turns) > n_turns:
                self._talk.undo()
        except OssicleError as error:
            self.report(error)
            return False
        return True

    def report(self, error: OssicleError) -> None:
        """Tell of an error that does not end the conversation."""
        click.echo(f"{error.code}: {visible(str(error), limit=1024)}", err=True)

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
            self._session.note(HELP)
        elif words.startswith("@"):
            self._show(None, call_source(words[1:]))
        else:
            self._show(words, None)

    def _show(self, text: str | None, audio: AudioClip | Path | bytes | None) -> None:
        live = None if self._session.wants_json else LiveText()
        stream = self._talk.stream(
            text, audio=audio, voice=self._voice, output_format=self._answer_format
        )
        try:
            with stream as events:
                play = None if self._loudspeaker is None else self._loudspeaker.play
                reply = follow(events, None, live, play=play)
            if live is not None and not live.is_started and reply.text:
                click.echo(visible_text(reply.text))
            if reply.heard:
                self._session.note(f"heard: {visible(reply.heard, limit=1024)}")
            path = self._keep(reply)
            self.replies.append(reply_document(reply, path=path))
            self._hear_out()
        except BaseException:
            if self._loudspeaker is not None:
                self._loudspeaker.stop()
            raise

    @property
    def _answer_format(self) -> str | None:
        if self._loudspeaker is not None:
            return "pcm16"
        return None if self._out_dir is None else self._format

    def _hear_out(self) -> None:
        """Wait until the answer was heard; a loudspeaker that fails costs nothing but its sound."""
        problem = None if self._loudspeaker is None else self._loudspeaker.finish()
        if problem is not None:
            self._session.note(f"the answer was not heard to its end, and is kept: {problem}")

    def _keep(self, reply: Reply) -> str | None:
        """Write the spoken answer to a file of its own, never over an older one; its path."""
        if self._out_dir is None or reply.audio is None:
            return None
        self._out_dir.mkdir(parents=True, exist_ok=True)
        path = _free_path(self._out_dir, f"turn-{len(self._talk.turns):03d}", self._format)
        clip = convert_clip(
            reply.audio,
            AudioFormat.named(self._format),
            converters=self._session.host.converters(),
            path=path,
        ).clip
        self._session.note(f"wrote {visible(str(path))}: {clip.format}")
        return str(path)


def _free_path(folder: Path, name: str, suffix: str) -> Path:
    """A file that is not there yet: a turn that was taken back, or another chat, had its number."""
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(path for one in names if not (path := folder / f"{one}.{suffix}").exists())
