"""A progress bar on standard error, when a person watches."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ossicle_cli.session import Session

if TYPE_CHECKING:
    from ossicle.audio import AudioClip

Advance = Callable[[float], object]
"""Takes seconds of audio that are done."""


@contextlib.contextmanager
def progress(session: Session, title: str, *, total_s: float | None) -> Iterator[Advance]:
    """Show how far work on some audio has come.

    Args:
        session: Of this run.
        title: What is done.
        total_s: Seconds of audio, or `None` when nobody knows.
    """
    if not session.is_watched:
        yield lambda _seconds: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %" if total_s else "{task.completed:.0f} s"),
        TimeRemainingColumn(),
        console=session.console(err=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(title, total=total_s)
        yield lambda seconds: bar.advance(task, seconds)


def length_of(clip: AudioClip) -> float | None:
    """Seconds as far as the header tells."""
    return clip.duration_s if clip.duration_s else None
