"""The rim: every way a command can end, and the exit status that says so."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from ossicle.errors import OssicleError, QualityRefusedError
from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from ossicle_cli.session import Session

_LOG = logging.getLogger(__name__)

OK, FAILED, INTERRUPTED = 0, 1, 130
"""Exit statuses; wrong usage is click's 2. 130 is what shells give for an interrupt (128 + 2)."""

_MESSAGE_CHARACTERS = 1024


class Terminated(BaseException):
    """A termination signal came.

    No `SystemExit`: what isolates plugins from the program takes that for the plugin's own.

    Attributes:
        number: Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(call: Callable[[], Any], session: Session) -> int:
    """Run a command and give its exit status; no exception leaves but those that end Python.

    Args:
        call: The command; an integer that it returns is its exit status.
        session: Says whether tracebacks and JSON are wanted.
    """
    try:
        status = call()
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort) as error:
        _trace(error, session)
        _tell("interrupted: nothing half-written was left behind")
        return INTERRUPTED
    except Terminated as error:
        _trace(error, session)
        return 128 + error.number
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except OssicleError as error:
        _trace(error, session)
        _report(error, session)
        return FAILED
    except BrokenPipeError:
        # Whoever read our output has gone, and that is no news to them.
        _give_up_output()
        return FAILED
    except OSError as error:
        # All files are behind FileAccessError: what is left is the standard streams.
        _trace(error, session)
        _tell(f"error: cannot use a standard stream: {error.strerror or error}.")
        _tell("Check where standard input and output lead, and that there is room.")
        _give_up_output()
        return FAILED
    except Exception as error:  # noqa: BLE001 - the rim: a person must not get a traceback
        _LOG.debug("caught at the rim of the command line", exc_info=error)
        _trace(error, session)
        _tell(_unexpected(error))
        return FAILED
    return status if isinstance(status, int) else OK


def _give_up_output() -> None:
    """Python must not complain once more when it flushes at exit."""
    with contextlib.suppress(OSError):  # what stands for standard output may have no handle
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report(error: OssicleError, session: Session) -> None:
    """What happened, with which value, what to do next."""
    what = visible(error.what.rstrip("."), limit=_MESSAGE_CHARACTERS)
    _tell(f"error: {what}.")
    if isinstance(error, QualityRefusedError):
        for found in error.findings:
            _tell(f"  {found.severity}: {visible(found.message, limit=_MESSAGE_CHARACTERS)}")
    if error.fix:
        _tell(visible(error.fix, limit=_MESSAGE_CHARACTERS))
    request_id = getattr(error, "request_id", None)
    if request_id:
        _tell(f"The provider's id of the request: {visible(str(request_id))}")
    if session.wants_json:
        from ossicle_cli.document import error_document, write_document

        write_document(error_document(error))


def _unexpected(error: Exception) -> str:
    """Kind and place of a bug; its text may hold anything, so it is only shown in a traceback."""
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return (
        f"error: an unexpected {type(error).__name__}{place}; this is a bug in ossicle or in a "
        "plugin.\nRun it again as `ossicle --debug ...` and report what that shows."
    )


def _trace(error: BaseException, session: Session) -> None:
    if session.debug:
        lines = "".join(traceback.format_exception(error))
        for line in lines.splitlines():
            _tell(visible(line, limit=_MESSAGE_CHARACTERS))


def _tell(text: str) -> None:
    click.echo(text, err=True)
