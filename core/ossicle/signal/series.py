"""Lists of numbers that grow by arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Series:
    """Appends arrays to one array, growing it by doubling.

    Args:
        dtype: Of the numbers.
        width: Numbers in a row; the result has shape `(rows, width)`, or `(rows,)` for `None`.
    """

    __slots__ = ("_data", "_filled")

    def __init__(self, dtype: Any = np.float32, *, width: int | None = None) -> None:
        shape: tuple[int, ...] = (256,) if width is None else (256, width)
        self._data: NDArray[Any] = np.zeros(shape, dtype)
        self._filled = 0

    def __len__(self) -> int:
        return self._filled

    def extend(self, values: NDArray[Any]) -> None:
        """Append rows."""
        needed = self._filled + len(values)
        if needed > len(self._data):
            grown = np.zeros((max(needed, 2 * len(self._data)), *self._data.shape[1:]),
                             self._data.dtype)  # fmt: skip
            grown[: self._filled] = self._data[: self._filled]
            self._data = grown
        self._data[self._filled : needed] = values
        self._filled = needed

    @property
    def values(self) -> NDArray[Any]:
        """All rows so far, as a view valid until the next `extend`."""
        return self._data[: self._filled]
