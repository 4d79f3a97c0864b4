"""`ossicle say`: text to speech, word for word."""

from __future__ import annotations

from pathlib import Path

import click

from ossicle_cli.audio_output import destination, opened
from ossicle_cli.caching import cache_options, opened_cache
from ossicle_cli.options import json_option, provider_options, text_of
from ossicle_cli.reply_output import follow, given, present
from ossicle_cli.session import Session


@click.command("say")
@click.argument("text")
@click.option("--out", required=True, metavar="FILE", help="Where the speech goes; `-` is standard "
              "output.")  # fmt: skip
@click.option("--format", metavar="NAME", help="Of the speech; else by --out's extension.")
@click.option("--voice", metavar="NAME", help="Whose voice.")
@click.option("--instructions", metavar="TEXT", help="How to say it, where the model takes that.")
@click.option("--language", metavar="TAG", help="Of the text, such as en.")
@click.option("--stream", "streams", is_flag=True, help="Write the speech as it comes.")
@cache_options
@provider_options
@json_option
@click.pass_obj
def command(
    session: Session,
    text: str,
    out: str,
    format: str | None,
    voice: str | None,
    instructions: str | None,
    language: str | None,
    streams: bool,
    uses_cache: bool,
    folder: Path | None,
    provider: str | None,
    model: str | None,
    timeout_s: float | None,
    as_json: bool,
) -> None:
    """Speak TEXT (`-` reads standard input), word for word."""
    if out == "-" and as_json:
        raise click.UsageError("--json and --out - both want standard output.")
    target = destination(out, format=format)
    reference = session.provider(provider)
    words = text_of(text) or ""
    fields = given(
        voice=voice, output_format=target.format, instructions=instructions, language=language
    )
    with (
        opened(target) as sink,
        opened_cache(session, uses_cache, folder) as cache,
        session.client(reference, model=model, timeout_s=timeout_s, cache=cache) as client,
    ):
        if streams:
            with client.stream(words, task="speak", **fields) as stream:
                reply = follow(stream, sink, None)
        else:
            reply = client.speak(words, **fields)
            if sink is not None and reply.audio is not None:
                sink.put(reply.audio)
    present(session, reply, target, was_shown=True)
