"""`--cache`: what was said or heard a short while ago is taken from the store."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ossicle_cli.session import Session

if TYPE_CHECKING:
    from ossicle.storage import AudioCache

F = TypeVar("F", bound=Callable[..., Any])


def cache_options(command: F) -> F:
    """`--cache` and `--folder`."""
    cache = click.option(
        "--cache/--no-cache",
        "uses_cache",
        envvar="OSSICLE_CACHE",
        help="Keep the result for an hour, and take it from there: nothing is paid twice.",
    )
    folder = click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where the cache's store is; the platform's place for data unless given.",
    )
    return cache(folder(command))


@contextlib.contextmanager
def opened_cache(
    session: Session, uses_cache: bool, folder: Path | None
) -> Iterator[AudioCache | None]:
    """The cache; `None` where none is wanted, or where its store cannot be opened."""
    if not uses_cache:
        yield None
        return
    from ossicle.errors import ConfigurationError, StorageError
    from ossicle.storage import AudioCache, SqliteStore

    try:
        store = SqliteStore(folder)
    except (StorageError, ConfigurationError) as error:
        session.note(f"without a cache: {error.what}")
        yield None
        return
    with store:
        yield AudioCache(store)
