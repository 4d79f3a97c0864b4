"""`ossicle transcribe`: speech to text."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ossicle.audio import atomic_writer
from ossicle.errors import OssicleError
from ossicle_cli.caching import cache_options, opened_cache
from ossicle_cli.captions import captions_of, to_srt, to_vtt
from ossicle_cli.document import error_document, findings_of, write_document
from ossicle_cli.options import (
    input_options,
    json_option,
    pipeline_options,
    provider_options,
    settings_of,
)
from ossicle_cli.reply_output import given
from ossicle_cli.session import Session
from ossicle_cli.sources import InputReading, call_source
from ossicle_cli.terminal import visible, visible_text

if TYPE_CHECKING:
    from ossicle import Client
    from ossicle.messages import Reply

_FORMATS = ("text", "json", "srt", "vtt")


@click.command("transcribe")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "style", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--out", metavar="FILE", help="Write there instead of standard output.")
@click.option("--language", metavar="TAG", help="Of the speech, such as en; else it is detected.")
@click.option("--instructions", metavar="TEXT", help="Words and context that help to hear right.")
@input_options
@cache_options
@pipeline_options
@provider_options
@json_option
@click.pass_obj
def command(
    session: Session,
    reading: InputReading,
    files: tuple[str, ...],
    style: str,
    out: str | None,
    language: str | None,
    instructions: str | None,
    preprocess: tuple[str, ...],
    quality: str,
    uses_cache: bool,
    folder: Path | None,
    provider: str | None,
    model: str | None,
    timeout_s: float | None,
    as_json: bool,
) -> int:
    """Write down what is said in each FILE (`-` is standard input)."""
    style = "json" if as_json else style
    session.wants_json = style == "json" and out is None
    if style in ("srt", "vtt") and len(files) > 1:
        raise click.UsageError(f"--format {style} takes one file.")
    if files.count("-") > 1:
        raise click.UsageError("`-` can be given once.")
    reference = session.provider(provider)
    settings = settings_of(preprocess, quality)
    fields = given(language=language, instructions=instructions)
    with (
        _writer(out) as file,
        opened_cache(session, uses_cache, folder) as cache,
        session.client(
            reference, model=model, settings=settings, timeout_s=timeout_s, cache=cache
        ) as client,
    ):
        replies = [
            _heard(session, client, name, reading, fields, alone=len(files) == 1) for name in files
        ]
        if style == "json":
            _write_json(list(zip(files, replies, strict=True)), file)
        else:
            _write_text(_styled(list(zip(files, replies, strict=True)), style), file)
    return int(any(isinstance(reply, OssicleError) for reply in replies))


def _heard(
    session: Session,
    client: Client,
    name: str,
    reading: InputReading,
    fields: dict[str, Any],
    *,
    alone: bool,
) -> Reply | OssicleError:
    """The transcription of one file; among several, an error of one does not stop the others."""
    try:
        return client.transcribe(call_source(name, reading), **fields)
    except OssicleError as error:
        if alone:
            raise
        click.echo(f"error: {visible(name)}: {visible(str(error), limit=1024)}", err=True)
        return error


@contextlib.contextmanager
def _writer(out: str | None) -> Any:
    if out is None or out == "-":
        yield None
        return
    with atomic_writer(Path(out).absolute()) as file:
        yield file


def _write_text(text: str, file: Any) -> None:
    if file is None:
        click.echo(visible_text(text))
    else:
        file.write(f"{text}\n".encode())


def _write_json(pairs: list[tuple[str, Reply | OssicleError]], file: Any) -> None:
    document = {"files": [_entry(name, reply) for name, reply in pairs]}
    write_document(document, file)


def _entry(name: str, reply: Reply | OssicleError) -> dict[str, Any]:
    if isinstance(reply, OssicleError):
        return {"file": name, **error_document(reply)}
    return {
        "file": name,
        "text": reply.text,
        "language": reply.language,
        "segments": reply.segments,
        "provider": reply.provider,
        "model": reply.model,
        "usage": reply.usage,
        "receipt": None if reply.receipt is None else reply.receipt.summary(),
        "findings": findings_of(reply.receipt),
    }


def _styled(pairs: list[tuple[str, Reply | OssicleError]], style: str) -> str:
    good = [(name, reply) for name, reply in pairs if not isinstance(reply, OssicleError)]
    if style == "text":
        if len(pairs) == 1:
            return good[0][1].text
        return "\n".join(f"{visible(name)}\t{reply.text}" for name, reply in good)
    reply = good[0][1]
    captions = captions_of(reply.segments, model=f"{reply.provider}:{reply.model}")
    return (to_srt if style == "srt" else to_vtt)(captions).rstrip("\n")
