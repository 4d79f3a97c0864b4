"""`ossicle inspect`: look at a file."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import BinaryIO

import click

from ossicle.audio import atomic_writer
from ossicle.errors import AudioLimitError
from ossicle.intake import DEFAULT, TRUSTED
from ossicle_cli.document import write_document
from ossicle_cli.inspection import Inspection, inspect_clip
from ossicle_cli.options import input_options, json_option
from ossicle_cli.progress import length_of, progress
from ossicle_cli.session import Session
from ossicle_cli.sources import InputReading, opened_clip
from ossicle_cli.tables import cell, findings_table, pairs_table
from ossicle_cli.terminal import visible


@click.command("inspect")
@click.argument("file", metavar="FILE")
@click.option("--report", metavar="FILE", help="Write one self-contained HTML page.")
@click.option("--png", metavar="FILE", help="Write the picture.")
@click.option("--light", is_flag=True, help="A light picture.")
@click.option("--trust", is_flag=True, help="The file is yours: look at up to a day of audio.")
@input_options
@json_option
@click.pass_obj
def command(
    session: Session,
    reading: InputReading,
    file: str,
    report: str | None,
    png: str | None,
    light: bool,
    trust: bool,
    as_json: bool,
) -> None:
    """Show waveform, spectrogram, measurements and findings of FILE (`-` is standard input)."""
    if "-" in (report, png):
        raise click.UsageError("--report and --png need the name of a file.")
    name = "standard input" if file == "-" else Path(file).name
    with contextlib.ExitStack() as stack:
        report_file, png_file = (_writer(stack, path) for path in (report, png))
        inspection = _inspected(session, stack, file, reading, trust=trust)
        _write(inspection, name, report_file, png_file, light=light)
        if as_json:
            document = {"path": file, **inspection.document(), "report": report, "png": png}
            write_document(document)
            return
        _show(session, inspection, name)
    for path in filter(None, (report, png)):
        session.note(f"wrote {visible(path)}")


def _writer(stack: contextlib.ExitStack, path: str | None) -> BinaryIO | None:
    """A file that is opened before the work, so that what cannot be written is known early."""
    return None if path is None else stack.enter_context(atomic_writer(Path(path).absolute()))


def _inspected(
    session: Session,
    stack: contextlib.ExitStack,
    file: str,
    reading: InputReading,
    *,
    trust: bool,
) -> Inspection:
    limits = TRUSTED if trust else DEFAULT
    try:
        clip = stack.enter_context(opened_clip(file, limits=limits, reading=reading))
        with progress(session, "measuring", total_s=length_of(clip)) as advance:
            return inspect_clip(clip, session.host, limits=limits, advance=advance)
    except AudioLimitError as error:
        if not trust:
            error.fix = "If you trust the file, add --trust."
        raise


def _write(
    inspection: Inspection,
    name: str,
    report_file: BinaryIO | None,
    png_file: BinaryIO | None,
    *,
    light: bool,
) -> None:
    from ossicle_cli.charts.png import to_png
    from ossicle_cli.palette import DARK, LIGHT
    from ossicle_cli.report import caption_of, to_html

    if png_file is not None:
        caption = caption_of(inspection, name=name)
        png_file.write(to_png(inspection.drawing, caption, theme=LIGHT if light else DARK))
    if report_file is not None:
        report_file.write(to_html(inspection, name=name).encode())


def _show(session: Session, inspection: Inspection, name: str) -> None:
    from rich.columns import Columns

    from ossicle_cli.charts.terminal import screen_lines

    console = session.console()
    console.print(cell(name, "bold"))
    console.print(cell(inspection.subtitle(), "dim"))
    console.print()
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    for line in screen_lines(
        inspection.drawing,
        width=console.width,
        uses_color=console.color_system is not None,
        is_unicode=encoding.lower().startswith("utf"),
    ):
        console.print(line, no_wrap=True, crop=True)
    tables = [
        pairs_table(inspection.figures(), title="Measured"),
        pairs_table(inspection.facts(), title="The file"),
    ]
    console.print(Columns(tables, padding=(0, 4)))
    if inspection.findings:
        console.print(findings_table(inspection.findings))
    else:
        console.print(cell("No findings: nothing is wrong.", "green"))
