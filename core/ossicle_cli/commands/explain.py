"""`ossicle explain`: what a call would do, without sending it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ossicle_cli.audio_output import check_format
from ossicle_cli.document import write_document
from ossicle_cli.options import (
    audio_of,
    input_options,
    json_option,
    pipeline_options,
    provider_options,
    settings_of,
    text_of,
)
from ossicle_cli.reply_output import given
from ossicle_cli.session import Session
from ossicle_cli.sources import InputReading
from ossicle_cli.tables import SEVERITY_STYLES, cell, findings_table, pairs_table

if TYPE_CHECKING:
    from ossicle import Explanation

_OUTPUTS = {"text": {"text"}, "audio": {"audio"}, "both": {"text", "audio"}}


@click.command("explain")
@click.argument("text", required=False)
@click.option("--audio", multiple=True, metavar="FILE", help="What would be said; `-` reads "
              "standard input. Repeatable.")  # fmt: skip
@click.option("--task", type=click.Choice(("respond", "speak", "transcribe")), default="respond",
              show_default=True)  # fmt: skip
@click.option("--output", type=click.Choice(tuple(_OUTPUTS)), default="both", show_default=True)
@click.option("--format", metavar="NAME", help="Of the spoken answer.")
@click.option("--voice", metavar="NAME")
@click.option("--instructions", metavar="TEXT")
@pipeline_options
@provider_options
@input_options
@json_option
@click.pass_obj
def command(
    session: Session,
    reading: InputReading,
    text: str | None,
    audio: tuple[str, ...],
    task: str,
    output: str,
    format: str | None,
    voice: str | None,
    instructions: str | None,
    preprocess: tuple[str, ...],
    quality: str,
    provider: str | None,
    model: str | None,
    timeout_s: float | None,
    as_json: bool,
) -> None:
    """Show what would be done to the audio, what it would cost, and whether it would be sent."""
    if text is None and not audio:
        raise click.UsageError("Give TEXT, or --audio FILE, or both.")
    if format is not None:
        check_format(format)
    reference = session.provider(provider)
    settings = settings_of(preprocess, quality)
    with session.client(reference, model=model, settings=settings, timeout_s=timeout_s) as client:
        fields = given(
            text=text_of(text),
            audio=audio_of(audio, reading) or None,
            output=_OUTPUTS[output],
            output_format=format,
            voice=voice,
            instructions=instructions,
            task=task,
        )
        explanation = client.explain(**fields)
    if as_json:
        write_document(explanation)
    else:
        _show(session, explanation)


def _show(session: Session, explanation: Explanation) -> None:
    console = session.console()
    console.print(pairs_table(explanation.plan.rows(), title="Plan"))
    findings = [found for record in explanation.inputs for found in record.findings]
    if findings:
        console.print(findings_table(findings))
    cost = explanation.estimate.cost
    if cost is not None:
        words = f"It would cost at most about {cost.amount:.4f} {cost.currency}, the longest answer"
        console.print(cell(f"{words} included."))
    if explanation.would_send:
        console.print(cell("Nothing was sent. It would be sent.", "green"))
    else:
        words = "Nothing was sent. It would be refused before sending."
        console.print(cell(words, SEVERITY_STYLES["error"]))
