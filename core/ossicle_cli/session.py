"""What one run of the command knows: global options, plugins, and whom to ask."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

    from ossicle import CallRecorder, Client, PipelineSettings
    from ossicle.plugins import PluginHost
    from ossicle.storage import AudioCache, Store

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


@dataclass(slots=True)
class Session:
    """Filled by the options of the command line, then handed to the command.

    Attributes:
        allow_plugins: Third-party plugins that may load.
        uses_color: Whether colours are allowed; terminals that have none get none anyway.
        verbose: How much is logged to standard error: 0 warnings, 1 information, 2 everything.
        debug: Whether errors show a traceback.
        wants_json: Whether standard output is for a program.
        records: Whether what calls used and cost is kept for `ossicle stats`.
    """

    allow_plugins: tuple[str, ...] = ()
    uses_color: bool = True
    verbose: int = 0
    debug: bool = False
    wants_json: bool = False
    records: bool = False
    _recorder: CallRecorder | None = field(default=None, repr=False)
    _kept_open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)
    _host: PluginHost | None = field(default=None, repr=False)

    @property
    def host(self) -> PluginHost:
        """The plugins, discovered when first needed."""
        if self._host is None:
            from ossicle.plugins import PluginHost

            self._host = PluginHost(allow=self.allow_plugins)
        return self._host

    @property
    def is_watched(self) -> bool:
        """Whether a person looks at standard error, where progress and notes go."""
        return sys.stderr.isatty()

    def note(self, text: str) -> None:
        """Tell a person something, on standard error."""
        click.echo(click.style(text, dim=True) if self._styles_errors else text, err=True)

    @property
    def _styles_errors(self) -> bool:
        return self.uses_color and self.is_watched

    def provider(self, named: str | None) -> str:
        """The provider reference to use; says so when nobody named it.

        Raises:
            UnknownProviderError: No allowed plugin announces it.
            DependencyMissingError: A package it stands on is not here.
        """
        from ossicle_cli.default_provider import choose_provider

        choice = choose_provider(named, self.host)
        if choice.remark is not None:
            self.note(choice.remark)
        # Asked for here, so that a name nobody knows is the first thing that is said.
        self.host.provider(choice.reference.partition(":")[0])
        return choice.reference

    def client(
        self,
        reference: str,
        *,
        model: str | None = None,
        settings: PipelineSettings | None = None,
        timeout_s: float | None = None,
        store: Store | None = None,
        cache: AudioCache | None = None,
    ) -> Client:
        """A client of a provider, with the plugins that were allowed."""
        from ossicle import Client

        extra: dict[str, Any] = {} if timeout_s is None else {"timeout_s": timeout_s}
        return Client(
            reference,
            model=model,
            settings=settings,
            store=store,
            cache=cache,
            allow_plugins=self.allow_plugins,
            plugins=[self._opened_recorder()] if self.records else (),
            **extra,
        )

    def _opened_recorder(self) -> CallRecorder:
        if self._recorder is None:
            from ossicle import CallRecorder
            from ossicle.storage import SqliteStore

            store = self._kept_open.enter_context(SqliteStore())
            self._recorder = self._kept_open.enter_context(CallRecorder(store))
        return self._recorder

    def close(self) -> None:
        """Write what is recorded and let go of its store; closing twice is harmless."""
        self._kept_open.close()
        self._recorder = None

    def console(self, *, err: bool = False) -> Console:
        """A console that shows text as it is, with colours only where they are wanted."""
        from rich.console import Console

        stream = sys.stderr if err else sys.stdout
        return Console(
            file=stream,
            markup=False,
            emoji=False,
            highlight=False,
            color_system="auto" if self.uses_color and stream.isatty() else None,
            width=None if stream.isatty() else shutil.get_terminal_size((100, 24)).columns,
        )

    def start_logging(self) -> logging.Handler:
        """Log to standard error as much as was asked for; the handler is to be removed again."""
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_VisibleFormatter("%(levelname)s %(name)s: %(message)s"))
        logger = logging.getLogger()
        logger.addHandler(handler)
        level = _LEVELS[min(self.verbose, len(_LEVELS) - 1)]
        handler.setLevel(level)
        handler.addFilter(_Once())
        logging.getLogger("ossicle").setLevel(level)
        return handler


class _VisibleFormatter(logging.Formatter):
    """Keeps what comes from outside from acting on the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(visible(line, limit=1024) for line in super().format(record).splitlines())


class _Once(logging.Filter):
    """Says the same only once: a run may look at the plugins more than once."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[tuple[str, str]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        said = (record.name, record.getMessage())
        is_new = said not in self._said
        self._said.add(said)
        return is_new
