"""Blocks kept until all of them are known: in memory while small, in an unnamed file beyond."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import numpy as np

from ossicle.errors import FileAccessError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from ossicle.audio.pcm import Samples

_SAMPLE_BYTES = 4

MEMORY_BYTES = 32 << 20
"""Beyond this much the blocks go to a file; an hour of 24 kHz mono is 345 MB of float32."""


class Spool:
    """A list of blocks with bounded memory; a context manager.

    The file has no name, so nothing is left behind, also after a crash.

    Args:
        memory_bytes: How much may stay in memory.
    """

    def __init__(self, *, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._blocks: list[Samples] = []
        self._shapes: list[tuple[int, int]] = []
        self._n_bytes = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """The spool itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    @property
    def is_in_memory(self) -> bool:
        """Whether no file was needed."""
        return self._file is None

    def append(self, block: Samples) -> None:
        """Keep a copy of a block; an empty one is passed over.

        Raises:
            FileAccessError: The temporary file cannot be made or written.
        """
        if not len(block):
            return
        try:
            self._keep(block)
        except OSError as error:
            raise FileAccessError(
                f"long audio cannot be kept in a temporary file: {error.strerror or error}",
                fix=f"Make room in {tempfile.gettempdir()}, or set TMPDIR to a folder with room.",
            ) from error

    def _keep(self, block: Samples) -> None:
        self._n_bytes += block.nbytes
        if self._file is None and self._n_bytes > self._memory_bytes:
            self._file = tempfile.TemporaryFile(prefix="ossicle-")  # noqa: SIM115 - see close
            for earlier in self._blocks:
                self._write(earlier)
            self._blocks.clear()
        if self._file is None:
            self._blocks.append(block.copy())
        else:
            self._write(block)

    def __iter__(self) -> Iterator[Samples]:
        """All blocks in order, as often as wanted; not while appending."""
        if self._file is None:
            yield from self._blocks
            return
        self._file.seek(0)
        for shape in self._shapes:
            data = self._file.read(shape[0] * shape[1] * _SAMPLE_BYTES)
            yield np.frombuffer(data, np.float32).reshape(shape)

    def close(self) -> None:
        """Forget all blocks; closing twice is harmless."""
        self._blocks.clear()
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _write(self, block: Samples) -> None:
        assert self._file is not None
        self._shapes.append((block.shape[0], block.shape[1]))
        self._file.write(np.ascontiguousarray(block).data)
