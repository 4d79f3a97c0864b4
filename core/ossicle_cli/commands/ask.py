"""`ossicle ask`: say something, get the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ossicle_cli.audio_output import AudioSink, destination, opened
from ossicle_cli.options import (
    audio_of,
    input_options,
    json_option,
    pipeline_options,
    provider_options,
    settings_of,
    text_of,
)
from ossicle_cli.reply_output import LiveText, follow, given, present, shows_text
from ossicle_cli.session import Session
from ossicle_cli.sources import InputReading

if TYPE_CHECKING:
    from ossicle import Client
    from ossicle.messages import Reply

_OUTPUTS = {"text": {"text"}, "audio": {"audio"}, "both": {"text", "audio"}}


@click.command("ask")
@click.argument("text", required=False)
@click.option("--audio", multiple=True, metavar="FILE", help="What is said; `-` reads standard "
              "input. Repeatable.")  # fmt: skip
@click.option("--out", metavar="FILE", help="Where the spoken answer goes; `-` is standard output.")
@click.option("--format", metavar="NAME", help="Of the spoken answer; else by --out's extension.")
@click.option("--output", type=click.Choice(tuple(_OUTPUTS)), help="What the answer is made of; "
              "else both where --out is given or the model always speaks.")  # fmt: skip
@click.option("--voice", metavar="NAME", help="Voice of the answer.")
@click.option("--instructions", metavar="TEXT", help="How the model shall behave.")
@click.option("--language", metavar="TAG", help="Of the speech, such as en.")
@click.option("--stream", "streams", is_flag=True, help="Write and show the answer as it comes.")
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
    out: str | None,
    format: str | None,
    output: str | None,
    voice: str | None,
    instructions: str | None,
    language: str | None,
    streams: bool,
    preprocess: tuple[str, ...],
    quality: str,
    provider: str | None,
    model: str | None,
    timeout_s: float | None,
    as_json: bool,
) -> None:
    """Ask a model, in TEXT (`-` reads standard input), audio or both."""
    _check(text, audio, out, output, as_json)
    target = None if out is None else destination(out, format=format)
    reference = session.provider(provider)
    settings = settings_of(preprocess, quality)
    with (
        opened(target) as sink,
        session.client(reference, model=model, settings=settings, timeout_s=timeout_s) as client,
    ):
        outputs = _OUTPUTS[output] if output else _outputs(client, reference, model, text, out)
        fields = given(
            text=text_of(text),
            audio=audio_of(audio, reading) or None,
            output=outputs,
            output_format=format if target is None else target.format,
            voice=voice,
            instructions=instructions,
            language=language,
        )
        live = LiveText() if streams and shows_text(session, target) else None
        reply = _answer(client, fields, sink, live, streams=streams)
    present(session, reply, target, was_shown=live is not None and live.is_started)


def _check(
    text: str | None, audio: tuple[str, ...], out: str | None, output: str | None, as_json: bool
) -> None:
    if text is None and not audio:
        raise click.UsageError("Give TEXT, or --audio FILE, or both.")
    if text == "-" and "-" in audio:
        raise click.UsageError("Standard input is either TEXT or --audio, not both.")
    if out == "-" and as_json:
        raise click.UsageError("--json and --out - both want standard output.")
    if out is not None and output == "text":
        raise click.UsageError("--output text has no audio for --out.")


def _outputs(
    client: Client, reference: str, model: str | None, text: str | None, out: str | None
) -> set[str]:
    """Text where that is all that is wanted and the model can do without speaking."""
    if out is not None:
        return _OUTPUTS["both"]
    if text is not None and "text → text" not in _rows(client, reference, model):
        return _OUTPUTS["both"]
    return _OUTPUTS["text"]


def _rows(client: Client, reference: str, model: str | None) -> set[str]:
    """What the model is known to take and give, in words."""
    name, _, named = reference.partition(":")
    defaults = [spec.default_models for spec in client.plugins.providers() if spec.name == name]
    wanted = model or named or (defaults[0].get("respond") if defaults else None)
    return {
        str(row)
        for known in client.models(name)
        if known.model == wanted
        for row in known.rows.get("respond", ())
    }


def _answer(
    client: Client,
    fields: dict[str, Any],
    sink: AudioSink | None,
    live: LiveText | None,
    *,
    streams: bool,
) -> Reply:
    if streams:
        with client.stream(**fields) as stream:
            return follow(stream, sink, live)
    reply = client.respond(**fields)
    if sink is not None and reply.audio is not None:
        sink.put(reply.audio)
    return reply
