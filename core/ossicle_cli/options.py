"""Options that several commands share."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from ossicle.errors import ConfigurationError
from ossicle_cli.session import Session
from ossicle_cli.sources import AS_IT_IS, InputReading, call_source

if TYPE_CHECKING:
    from ossicle import PipelineSettings
    from ossicle.audio import AudioFormat

Command = TypeVar("Command", bound=Callable[..., Any])

QUALITIES = ("refuse", "warn", "off")


def _note_json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    session = ctx.find_object(Session)
    if session is not None:
        session.wants_json = value
    return value


def json_option(command: Command) -> Command:
    """`--json`: one document on standard output, also for an error."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        is_eager=True,
        callback=_note_json,
        help="One JSON document on standard output, and nothing else.",
    )(command)


def provider_options(command: Command) -> Command:
    """`--provider`, `--model`, `--timeout`."""
    command = click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Total seconds for the call.",
    )(command)
    command = click.option("--model", metavar="NAME", help="Model, if --provider names none.")(
        command
    )
    return click.option(
        "--provider",
        metavar="NAME[:MODEL]",
        help="Whom to ask; else OSSICLE_PROVIDER, else `local` if installed, else `echo`.",
    )(command)


def pipeline_options(command: Command) -> Command:
    """`--preprocess` and `--quality`."""
    command = click.option(
        "--quality",
        type=click.Choice(QUALITIES),
        default="refuse",
        show_default=True,
        help="What an error found in the audio does: end the call before it is sent, stand on the "
        "receipt, or nothing.",
    )(command)
    return click.option(
        "--preprocess",
        multiple=True,
        metavar="NAME",
        help="Change the audio before it is sent: `speech` for all that helps speech, or names "
        "such as high_pass, trim_silence, loudness. Repeatable.",
    )(command)


def preprocessors(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of preprocessors, `speech` and comma-separated lists written out."""
    if not names:
        return ()
    from ossicle import SPEECH

    found: list[str] = []
    for name in ",".join(names).split(","):
        wanted = SPEECH if name.strip() == "speech" else (name.strip(),)
        found += [one for one in wanted if one and one not in found]
    return tuple(found)


def settings_of(preprocess: tuple[str, ...], quality: str) -> PipelineSettings:
    """The pipeline's settings from `--preprocess` and `--quality`."""
    from ossicle import PipelineSettings

    return PipelineSettings.model_validate(
        {"preprocess": preprocessors(preprocess), "quality": quality}
    )


def text_of(text: str | None) -> str | None:
    """The text argument, read from standard input where it is `-`.

    Raises:
        ConfigurationError: What comes in is no text.
    """
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8").rstrip("\n")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            "standard input is not UTF-8 text", fix="Pipe text, or give audio with --audio -."
        ) from error


def _input_format(
    _ctx: click.Context, _parameter: click.Parameter, value: str | None
) -> AudioFormat | None:
    from ossicle.audio import parse_input_format

    return None if value is None else parse_input_format(value)


def input_options(command: Command) -> Command:
    """`--input-format` and `--track`, as one `reading`."""

    @click.option(
        "--track",
        type=click.IntRange(1),
        metavar="N",
        help="Which audio track of a video, from 1; see `ossicle inspect`.",
    )
    @click.option(
        "--input-format",
        "form",
        metavar="NAME:RATE:CHANNELS",
        callback=_input_format,
        help="Of headerless audio, such as pcmu:8000:1 or pcm_s16le:16000:2.",
    )
    @functools.wraps(command)
    def with_reading(
        *arguments: Any, form: AudioFormat | None, track: int | None, **options: Any
    ) -> Any:
        return command(*arguments, reading=InputReading(form=form, track=track), **options)

    return cast("Command", with_reading)


def audio_of(audio: tuple[str, ...], reading: InputReading = AS_IT_IS) -> list[Any]:
    """The sources of `--audio`: paths, and the bytes of standard input where one is `-`."""
    if audio.count("-") > 1:
        raise click.UsageError("--audio - can be given once.")
    return [call_source(path, reading) for path in audio]
