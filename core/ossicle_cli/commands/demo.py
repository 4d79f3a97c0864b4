"""`ossicle demo`: a spoken exchange from end to end, and the proof that it worked."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossicle.intake import DEFAULT
from ossicle.words import word_error_rate
from ossicle_cli.audio_output import Destination, destination, opened
from ossicle_cli.demo_clip import SPOKEN, Question, recorded_question
from ossicle_cli.document import reply_document, write_document
from ossicle_cli.inspection import inspect_clip
from ossicle_cli.options import json_option
from ossicle_cli.session import Session
from ossicle_cli.tables import cell, pairs_table

if TYPE_CHECKING:
    from rich.console import Console

    from ossicle import Client, Explanation
    from ossicle.audio import AudioClip
    from ossicle.messages import Reply

_GOOD_ENOUGH = 0.25
"""A word error rate beyond this is no proof."""

_COLUMNS = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """What was said and heard.

    Attributes:
        question: What was said to the model.
        explanation: What was planned.
        reply: The answer.
        read_back: What the recogniser hears in the answer.
    """

    question: Question
    explanation: Explanation
    reply: Reply
    read_back: str

    @property
    def error_heard(self) -> float | None:
        """Word error rate of what the model heard, where it is known what was said."""
        if self.question.words is None or self.reply.heard is None:
            return None
        return word_error_rate(self.question.words, self.reply.heard)

    @property
    def error_read_back(self) -> float:
        """Word error rate of the spoken answer."""
        return word_error_rate(self.reply.text, self.read_back)


@click.command("demo")
@click.option("--out", default="ossicle-answer.wav", show_default=True, metavar="FILE",
              help="Where the spoken answer goes.")  # fmt: skip
@click.option("--provider", metavar="NAME[:MODEL]", help="Whom to ask; else `local` if installed, "
              "else `echo`.")  # fmt: skip
@json_option
@click.pass_obj
def command(session: Session, out: str, provider: str | None, as_json: bool) -> int:
    """Speak with a model, hear its answer, and read the answer back to prove it."""
    from ossicle import SPEECH, PipelineSettings

    if out == "-":
        raise click.UsageError("The demo needs the name of a file for --out.")
    began = time.monotonic()
    target = destination(out)
    reference = session.provider(provider)
    if reference.partition(":")[0] != "echo":  # which makes no errors
        word_error_rate("what was said", "what was heard")  # fails before anything is paid for
    settings = PipelineSettings(preprocess=SPEECH)
    with opened(target) as sink, session.client(reference, settings=settings) as client:
        exchange = _talk(client, reference, target)
        assert sink is not None
        assert exchange.reply.audio is not None
        sink.put(exchange.reply.audio)
    seconds = time.monotonic() - began
    if as_json:
        write_document(_document(exchange, target, seconds=seconds))
    else:
        _show(session, exchange, target, seconds=seconds)
    return int(exchange.error_read_back > _GOOD_ENOUGH)


def _talk(client: Client, reference: str, target: Destination) -> _Exchange:
    question = _question(client, reference)
    explanation = client.explain(audio=question.clip, output_format=target.format)
    reply = client.respond(audio=question.clip, output_format=target.format)
    assert reply.audio is not None  # asked for, so there, or the call had failed
    read_back = client.transcribe(reply.audio)
    return _Exchange(
        question=question, explanation=explanation, reply=reply, read_back=read_back.text
    )


def _question(client: Client, reference: str) -> Question:
    """A person's recording, or the provider's own voice where there is none it understands."""
    if reference.partition(":")[0] != "echo":
        recorded = recorded_question()
        if recorded is not None:
            return recorded
    spoken = client.speak(SPOKEN)
    assert spoken.audio is not None
    return Question(clip=spoken.audio, source=f"spoken by {spoken.provider} itself", words=SPOKEN)


def _document(exchange: _Exchange, target: Destination, *, seconds: float) -> dict[str, object]:
    return {
        "question": {
            "source": exchange.question.source,
            "words": exchange.question.words,
            "duration_s": exchange.question.clip.duration_s,
            "heard": exchange.reply.heard,
            "word_error_rate": exchange.error_heard,
        },
        "plan": exchange.explanation.plan.summary(),
        "reply": reply_document(exchange.reply, path=target.name),
        "read_back": {"text": exchange.read_back, "word_error_rate": exchange.error_read_back},
        "seconds": seconds,
    }


def _show(session: Session, exchange: _Exchange, target: Destination, *, seconds: float) -> None:
    console = session.console()
    question, reply = exchange.question, exchange.reply
    _heading(console, 1, "A question")
    _say(console, question.source, "dim")
    _wave(session, console, question.clip)
    _heading(console, 2, "What was heard")
    _say(console, f"“{reply.heard or ''}”", "bold")
    if exchange.error_heard is not None:
        _say(console, f"word error rate {exchange.error_heard:.0%}", "dim")
    _heading(console, 3, "What was planned")
    console.print(pairs_table(exchange.explanation.plan.rows()))
    _heading(console, 4, "The answer")
    _say(console, f"“{reply.text}”", "bold")
    assert reply.audio is not None
    _wave(session, console, reply.audio)
    _heading(console, 5, "The receipt")
    assert reply.receipt is not None
    console.print(pairs_table(reply.receipt.rows()))
    _heading(console, 6, "The proof")
    path = Path(target.name or "")
    _say(console, f"wrote {path}; read back, it says:")
    _say(console, f"“{exchange.read_back}”", "bold")
    is_proof = exchange.error_read_back <= _GOOD_ENOUGH
    style = "green" if is_proof else "bold red"
    _say(console, f"word error rate {exchange.error_read_back:.0%}", style)
    console.print()
    _say(console, f"Done in {seconds:.1f} s.", "dim")


def _say(console: Console, text: str, style: str = "") -> None:
    """A paragraph, set in from the left on every line."""
    from rich.padding import Padding

    console.print(Padding(cell(text, style), (0, 0, 0, 3)))


def _heading(console: Console, number: int, text: str) -> None:
    console.print()
    console.print(cell(f"{number}  {text}", "bold cyan"))


def _wave(session: Session, console: Console, clip: AudioClip) -> None:
    from ossicle_cli.charts.terminal import waveform_lines

    seen = inspect_clip(clip, session.host, limits=DEFAULT, advance=lambda _seconds: None)
    columns = min(_COLUMNS, max(16, console.width - 12))
    uses_color = console.color_system is not None
    for line in waveform_lines(seen.drawing, columns=columns, uses_color=uses_color):
        console.print(line, no_wrap=True, crop=True)
