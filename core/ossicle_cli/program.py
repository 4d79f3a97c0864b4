"""The command group: global options, and commands that are imported when used."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import IO, Any, NoReturn

import click

from ossicle import __version__
from ossicle_cli import main as rim
from ossicle_cli.session import Session

COMMANDS = {
    "demo": "Speak with a model, hear its answer, and read the answer back to prove it.",
    "ask": "Ask a model, in TEXT (`-` reads standard input), audio or both.",
    "chat": "Talk turn by turn, in text and audio files; what was said is kept under an id.",
    "say": "Speak TEXT (`-` reads standard input), word for word.",
    "transcribe": "Write down what is said in each FILE (`-` is standard input).",
    "convert": "Convert IN to OUT in constant memory; `-` is standard input or output.",
    "inspect": "Show waveform, spectrogram, measurements and findings of FILE (`-` is standard "
    "input).",
    "explain": "Show what would be done to the audio, what it would cost, and whether it would be "
    "sent.",
    "models": "List known models: tasks, formats, prices, and the day they are shut down.",
    "stats": "Show calls that were recorded: tokens, money, errors, findings and durations.",
    "plugins": "List plugins with their state; the reason and the fix where one does not work.",
    "new-plugin": "Write the project of a new plugin: code that works, and tests that pass.",
    "conversations": "List and show kept conversations; write them to files and read them back.",
    "storage": "Show, clean and delete what is kept: conversations, audio, ledger, cache.",
    "doctor": "Say what works here, and name each missing extra with what it would add.",
}
"""In the order of the help, each with the first sentence of its own, which a test compares: the
list of commands is shown without importing fifteen modules and what they stand on."""


class Program(click.Group):
    """A group whose commands live in modules of `ossicle_cli.commands`, behind the rim."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in reading order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ossicle_cli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        limit = formatter.width - 6 - max(map(len, COMMANDS))
        rows = [
            (name, click.Command(name, help=text).get_short_help_str(limit))
            for name, text in COMMANDS.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run and exit with 0, 1 (an error of ossicle), 2 (usage) or 130 (interrupted)."""
        session = Session()

        def call() -> Any:
            return click.Group.main(
                self, args, prog_name, complete_var, standalone_mode=False, obj=session, **extra
            )

        with contextlib.ExitStack() as stack:
            stack.callback(_stop_logging, list(logging.getLogger().handlers))
            stack.enter_context(_stopping_on_termination())
            stack.callback(session.close)
            stack.enter_context(_standing_in_for_closed_streams())
            _show_all_characters()
            status = rim.run(call, session)
        sys.exit(status)


@click.command(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ossicle", message="%(prog)s %(version)s")
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME",
    help="Let a third party's plugin load. It can then do anything you can. Repeatable.",
)
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR in the environment does too.")
@click.option("-v", "--verbose", count=True, help="Log to standard error; -vv logs everything.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.option(
    "--record",
    "records",
    is_flag=True,
    envvar="OSSICLE_RECORD",
    help="Keep what calls used and cost, never what was said, for `ossicle stats`. "
    "OSSICLE_RECORD=1 in the environment does too.",
)
@click.pass_obj
def program(
    session: Session,
    plugins: tuple[str, ...],
    no_color: bool,
    verbose: int,
    debug: bool,
    records: bool,
) -> None:
    """One audio layer between you and any model that hears or speaks.

    \b
    ossicle demo                                     hold a spoken exchange, offline
    ossicle ask --audio question.m4a --out answer.mp3
    ossicle inspect recording.wav --report report.html
    ossicle doctor                                   what works here, what is missing
    """  # noqa: D301 - click wants the backspace itself, which keeps its lines apart
    session.allow_plugins = plugins
    session.uses_color = not no_color
    session.verbose = verbose
    session.debug = debug
    session.records = records
    session.start_logging()


def _stop_logging(before: Sequence[logging.Handler]) -> None:
    logger = logging.getLogger()
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)


@contextlib.contextmanager
def _standing_in_for_closed_streams() -> Iterator[None]:
    """Python has `None` where a stream was closed (`>&-`): put something in its place.

    Nothing can be read or said then, and what is written to a closed standard output fails with
    an error instead of getting lost.
    """
    with contextlib.ExitStack() as stack:
        for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
            if getattr(sys, name) is not None:
                continue
            # Standard output is opened for reading, so that writing to it is refused.
            flags = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            handle = os.open(os.devnull, flags)
            stream = stack.enter_context(_closing(os.fdopen(handle, mode)))
            setattr(sys, name, stream)
            stack.callback(setattr, sys, name, None)
        yield


@contextlib.contextmanager
def _closing(stream: IO[Any]) -> Iterator[IO[Any]]:
    try:
        yield stream
    finally:
        with contextlib.suppress(OSError):
            stream.close()


def _show_all_characters() -> None:
    """A terminal that cannot show a character gets its escape, not an error."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # tried


@contextlib.contextmanager
def _stopping_on_termination() -> Iterator[None]:
    """Let a termination signal unwind like an interrupt, so that temporary files vanish."""

    def stop(number: int, frame: object) -> NoReturn:
        raise rim.Terminated(number)

    # Only the main thread may, and only a default is replaced: an application's own stays.
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
