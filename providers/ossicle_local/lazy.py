"""A model that is loaded when first used: once, and off the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from anyio import to_thread

Model = TypeVar("Model")


class Lazy(Generic[Model]):
    """Holds what a function makes.

    Args:
        load: Makes it; takes long. When it fails, the next call tries again.
    """

    def __init__(self, load: Callable[[], Model]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._model: Model | None = None

    async def get(self) -> Model:
        """The model; the first call waits in a worker thread until it is loaded."""
        model = self._model
        return model if model is not None else await to_thread.run_sync(self.wait)

    def wait(self) -> Model:
        """The model, loaded in this thread if nobody has done so yet."""
        with self._lock:
            if self._model is None:
                self._model = self._load()
            return self._model

    def free(self) -> None:
        """Forget the model; a later `get` loads it again."""
        self._model = None
