"""`ossicle convert`: one file from another, of any length."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ossicle.audio import AudioFormat
from ossicle.conversion import convert_into, find_preprocessors, keep_source
from ossicle.intake import TRUSTED
from ossicle_cli.audio_output import Destination, destination, opened
from ossicle_cli.options import input_options, json_option, preprocessors
from ossicle_cli.progress import length_of, progress
from ossicle_cli.session import Session
from ossicle_cli.sources import InputReading, opened_clip
from ossicle_cli.tables import megabytes
from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from ossicle.audio import AudioClip
    from ossicle.conversion import Written
    from ossicle.messages import AudioRecord

_BIT_RATE = re.compile(r"(\d{1,7}(?:\.\d+)?)(k?)(?:bit/s|bps)?", re.IGNORECASE)


def _bit_rate(value: str) -> int:
    """Bits per second of `64k` or `64000`."""
    found = _BIT_RATE.fullmatch(value.strip())
    bits = 0.0 if found is None else float(found[1]) * (1000 if found[2] else 1)
    if not 6000 <= bits <= 512_000:
        raise click.BadParameter(f"{visible(value)!r} is no bit rate from 6k to 512k")
    return round(bits)


@click.command("convert")
@click.argument("source", metavar="IN")
@click.argument("out", metavar="OUT")
@click.option("--format", metavar="NAME", help="Of OUT; else by its extension.")
@click.option("--sample-rate", type=click.IntRange(1000, 768_000), metavar="HZ")
@click.option("--channels", type=click.IntRange(1, 64), metavar="COUNT")
@click.option("--bit-rate", type=_bit_rate, metavar="RATE", help="Of a lossy format, such as 64k.")
@click.option("--speech", is_flag=True, help="Prepare a recording of speech: no rumble, no silence "
              "at the ends, even loudness.")  # fmt: skip
@click.option("--preprocess", multiple=True, metavar="NAME", help="high_pass, trim_silence, "
              "loudness, downmix. Repeatable.")  # fmt: skip
@input_options
@json_option
@click.pass_obj
def command(
    session: Session,
    reading: InputReading,
    source: str,
    out: str,
    format: str | None,
    sample_rate: int | None,
    channels: int | None,
    bit_rate: int | None,
    speech: bool,
    preprocess: tuple[str, ...],
    as_json: bool,
) -> None:
    """Convert IN to OUT in constant memory; `-` is standard input or output."""
    if out == "-" and as_json:
        raise click.UsageError("--json and OUT - both want standard output.")
    target = destination(out, format=format)
    if source != "-" and target.path is not None:
        keep_source(Path(source), target.path)
    wanted = AudioFormat.named(
        target.format, sample_rate=sample_rate, channels=channels, bit_rate=bit_rate
    )
    names = preprocessors((*preprocess, "speech") if speech else preprocess)
    prepared = find_preprocessors(session.host, names)
    began = time.monotonic()
    with opened_clip(source, limits=TRUSTED, reading=reading) as clip:
        with opened(target) as sink:
            assert sink is not None
            with progress(session, "converting", total_s=length_of(clip)) as advance:
                written = convert_into(
                    clip, wanted, sink.file, converters=session.host.converters(),
                    preprocess=prepared, limits=TRUSTED, advance=advance,
                )  # fmt: skip
            n_bytes = sink.n_bytes
        receipt = written.record
        seconds = time.monotonic() - began
        if as_json:
            from ossicle_cli.document import write_document

            write_document(_document(clip, written, target, names=names, n_bytes=n_bytes))
        else:
            _report(session, clip, target, receipt, seconds=seconds, n_bytes=n_bytes)


def _document(
    clip: AudioClip,
    written: Written,
    target: Destination,
    *,
    names: tuple[str, ...],
    n_bytes: int,
) -> dict[str, Any]:
    form, receipt = written
    return {
        "input": {
            "format": clip.format.name,
            "sample_rate": clip.format.sample_rate,
            "channels": clip.format.channels,
            "duration_s": clip.duration_s,
            "n_bytes": clip.n_bytes,
        },
        "output": {
            "path": target.name,
            "format": target.format,
            "sample_rate": form.sample_rate,
            "channels": form.channels,
            "duration_s": receipt.result_duration_s,
            "n_bytes": n_bytes,
        },
        "effects": {step.action: step.effect for step in receipt.steps if step.action in names},
        "steps": receipt.steps,
    }


def _report(
    session: Session,
    clip: AudioClip,
    target: Destination,
    receipt: AudioRecord,
    *,
    seconds: float,
    n_bytes: int,
) -> None:
    for step in receipt.steps:
        done = {key: value for key, value in step.effect.items() if value}
        if done:
            what = ", ".join(f"{key} {value:+.2f}" for key, value in done.items())
            session.note(f"{visible(step.action)}: {visible(what)}")
        elif step.action == "refused":
            session.note(visible(f"refused: {step.detail}: {step.reason}"))
    where = "standard output" if target.name is None else visible(target.name)
    speed = ""
    if clip.duration_s and seconds > 0:
        speed = f", {clip.duration_s / seconds:.0f} times as fast as it plays"
    session.note(
        f"wrote {where}: {target.format}, {megabytes(n_bytes)} from {megabytes(clip.n_bytes)} "
        f"in {seconds:.1f} s{speed}"
    )
