"""The command group: global options, and commands that are imported when used."""

from __future__ import annotations

import contextlib
import importlib
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import click

from ossicle import __version__
from ossicle.cli import rim
from ossicle.cli.session import Session

COMMANDS = (
    "demo", "ask", "say", "transcribe", "convert", "inspect", "explain", "models", "stats",
    "plugins", "storage", "doctor",
)  # fmt: skip
"""In the order of the help."""


class Program(click.Group):
    """A group whose commands live in modules of `ossicle.cli.commands`, behind the rim."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in reading order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ossicle.cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command

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
@click.pass_obj
def program(
    session: Session, plugins: tuple[str, ...], no_color: bool, verbose: int, debug: bool
) -> None:
    r"""One audio layer between you and any model that hears or speaks.

    \b
    ossicle demo                                     hold a spoken exchange, offline
    ossicle ask --audio question.m4a --out answer.mp3
    ossicle inspect recording.wav --report report.html
    ossicle doctor                                   what works here, what is missing
    """
    session.allow_plugins = plugins
    session.uses_color = not no_color
    session.verbose = verbose
    session.debug = debug
    session.start_logging()


def _stop_logging(before: Sequence[logging.Handler]) -> None:
    logger = logging.getLogger()
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)


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
