"""Which jobs have begun and what came of them: a folder, so that no job is paid for twice.

A queue delivers a job again when a worker died over it. What the first worker sent may have been
executed and billed, so a job that began and never ended is not begun again by itself.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ossicle import OssicleError
from ossicle.audio import atomic_writer
from ossicle.errors import ConfigurationError

_TURN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BegunBeforeError(OssicleError):
    """Another worker began this job and has not told what came of it."""

    code = "begun_before"


class Journal:
    """Results by the id that the caller gave the turn.

    Args:
        folder: Is made where it is missing; all workers share it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def result(self, turn_id: str) -> dict[str, Any] | None:
        """What came of the turn, or `None`."""
        path = self._path(turn_id, "json")
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def begin(self, turn_id: str) -> None:
        """Claim the turn for this worker.

        Raises:
            BegunBeforeError: Somebody has.
        """
        try:
            self._path(turn_id, "begun").touch(exist_ok=False)
        except FileExistsError as error:
            raise BegunBeforeError(
                f"turn {turn_id!r} was begun before and may have been paid for",
                fix="Look into the vendor's log; release the turn to have it done again.",
            ) from error

    def finish(self, turn_id: str, result: dict[str, Any]) -> None:
        """Keep what came of it, whole or not at all."""
        with atomic_writer(self._path(turn_id, "json")) as file:
            file.write(json.dumps(result).encode())

    def release(self, turn_id: str) -> None:
        """Give the turn back: surely nothing was executed."""
        self._path(turn_id, "begun").unlink(missing_ok=True)

    def _path(self, turn_id: str, ending: str) -> Path:
        if not _TURN_ID.fullmatch(turn_id):
            raise ConfigurationError(
                f"a turn id of {len(turn_id)} characters is not one",
                fix="Use up to 64 letters, digits, - and _.",
            )
        return self._folder / f"{turn_id}.{ending}"
