"""Encoding while audio comes in: raw samples from a stream become mp3, opus or wav on the fly."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from ossicle.abc import FormatConverter
from ossicle.audio import AudioFormat, BlockStream
from ossicle.errors import OssicleError, PluginContractError
from ossicle.preprocess import ResampleTo
from ossicle.signal.quantize import int_to_float

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

_QUEUE_BLOCKS = 64
_WAIT_S = 0.1


class Reencoder:
    """Takes slices of raw s16le PCM and gives encoded bytes as soon as they are there.

    The converter runs in a thread of its own, since encoders pull; a bounded queue lies between.

    Args:
        converter: Whose writing rule for `target` is incremental.
        native: What comes in: raw `pcm_s16le` with rate and channels.
        target: What goes out, with rate and channels.
    """

    def __init__(
        self, converter: FormatConverter, *, native: AudioFormat, target: AudioFormat
    ) -> None:
        self._converter, self._native, self._target = converter, native, target
        self._blocks: queue.Queue[bytes | None] = queue.Queue(_QUEUE_BLOCKS)
        self._sink = _Outlet()
        self._abort = threading.Event()
        self._failure: BaseException | None = None
        self._carry = b""
        self._thread = threading.Thread(target=self._work, name="ossicle-encoder", daemon=True)
        self._thread.start()

    @property
    def is_full(self) -> bool:
        """Whether `push` would have to wait."""
        return self._blocks.full()

    def push(self, data: bytes) -> bytes:
        """Give a slice, cut anywhere; take what has been encoded meanwhile. May block shortly.

        Raises:
            OssicleError: The encoder failed.
        """
        data = self._carry + data
        width = self._native.frame_width or 1
        whole = len(data) - len(data) % width
        self._carry = data[whole:]
        if whole:
            self._put(data[:whole])
        return self._sink.take()

    def finish(self) -> bytes:
        """Everything that is left; blocks until the encoder is done.

        Raises:
            OssicleError: The encoder failed.
        """
        self._put(None)
        self._thread.join()
        self._raise()
        return self._sink.take()

    def abort(self) -> None:
        """Stop the thread without a result; harmless when it is done."""
        self._abort.set()
        with contextlib.suppress(queue.Full):
            self._blocks.put_nowait(None)
        self._thread.join()

    def _put(self, block: bytes | None) -> None:
        while self._thread.is_alive():
            try:
                self._blocks.put(block, timeout=_WAIT_S)
            except queue.Full:
                continue
            return
        self._raise()

    def _raise(self) -> None:
        if isinstance(self._failure, OssicleError):
            raise self._failure
        if self._failure is not None:
            name = type(self._converter).__name__
            raise PluginContractError(
                f"converter {name} failed with {type(self._failure).__name__}", plugin=name
            ) from self._failure

    def _work(self) -> None:
        try:
            self._converter.encode(self._stream(), self._target, self._sink)  # type: ignore[arg-type]
        except BaseException as error:  # noqa: BLE001 - raised again by push or finish
            self._failure = error

    def _stream(self) -> BlockStream:
        rate, channels = self._native.sample_rate or 0, self._native.channels or 1
        wanted = self._target.sample_rate or rate
        blocks = self._samples(channels)
        if wanted != rate:
            transform = ResampleTo(sample_rate=wanted).start(sample_rate=rate, channels=channels)
            blocks = _transformed(blocks, transform.process, transform.finish)
        return BlockStream(blocks, sample_rate=wanted, channels=channels)

    def _samples(self, channels: int) -> Iterator[Samples]:
        while not self._abort.is_set():
            try:
                block = self._blocks.get(timeout=_WAIT_S)
            except queue.Empty:
                continue
            if block is None:
                return
            yield int_to_float(np.frombuffer(block, "<i2"), bits=16).reshape(-1, channels)


def _transformed(
    blocks: Iterator[Samples],
    process: Callable[[Samples], Samples],
    finish: Callable[[], Samples],
) -> Iterator[Samples]:
    for block in blocks:
        yield process(block)
    yield finish()


class _Outlet:
    """A write-only, unseekable binary file whose content is taken by another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: list[bytes] = []
        self._n_bytes = 0

    def write(self, data: bytes) -> int:
        piece = bytes(data)
        with self._lock:
            self._pieces.append(piece)
            self._n_bytes += len(piece)
        return len(piece)

    def take(self) -> bytes:
        with self._lock:
            pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

    def tell(self) -> int:
        return self._n_bytes

    def flush(self) -> None:
        """Nothing is held back."""

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False
