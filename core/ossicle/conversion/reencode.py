"""Encoding while audio comes in: raw samples from a stream become mp3, opus or wav on the fly."""

from __future__ import annotations

import contextlib
import io
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from ossicle.abc import ConverterSpec
from ossicle.audio import AudioFormat, BlockStream
from ossicle.conversion.encoding import encode_stream, exact_format, find_writer
from ossicle.errors import OssicleError, PluginContractError
from ossicle.messages.receipt import Step
from ossicle.signal.quantize import int_to_float

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

    from ossicle.audio.pcm import Samples

_QUEUE_BLOCKS = 64
_WAIT_S = 0.1


class Reencoder:
    """Takes slices of raw s16le PCM and gives encoded bytes as soon as they are there.

    The converter runs in a thread of its own, since encoders pull; a bounded queue lies between.

    Args:
        native: What comes in: raw `pcm_s16le` with rate and channels.
        target: What goes out; `None` for its rate keeps the native one as far as it can.
        converters: All announced converters; one that is incremental has to be among them.

    Attributes:
        format: Of what comes out, with its true rate and channels.
    """

    def __init__(
        self, *, native: AudioFormat, target: AudioFormat, converters: Sequence[ConverterSpec]
    ) -> None:
        self._native, self._target, self._converters = native, target, converters
        self._writer = find_writer(target, converters, incremental=True)
        self.format = exact_format(
            target,
            self._writer,
            sample_rate=native.sample_rate or 0,
            channels=native.channels or 1,
        )
        self._steps: tuple[Step, ...] = ()
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

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was done, once it is finished; the encoder by name."""
        return self._steps

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
            raise PluginContractError(
                f"writing {self._target.name} failed with {type(self._failure).__name__}",
                plugin=self._writer.name,
                fix="Report it to the author of the converter.",
            ) from self._failure

    def _work(self) -> None:
        try:
            channels = self._native.channels or 1
            stream = BlockStream(
                self._samples(channels),
                sample_rate=self._native.sample_rate or 0,
                channels=channels,
            )
            sink = cast("BinaryIO", self._sink)
            self._steps = encode_stream(
                stream,
                self._target,
                sink,
                converters=self._converters,
                reason=f"{self._target.name} was asked for, encoded while it came",
            ).steps
        except BaseException as error:  # noqa: BLE001 - raised again by push or finish
            self._failure = error

    def _samples(self, channels: int) -> Iterator[Samples]:
        while not self._abort.is_set():
            try:
                block = self._blocks.get(timeout=_WAIT_S)
            except queue.Empty:
                continue
            if block is None:
                return
            yield int_to_float(np.frombuffer(block, "<i2"), bits=16).reshape(-1, channels)


class _Outlet(io.RawIOBase):
    """A write-only, unseekable binary file whose content is taken by another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: list[bytes] = []
        self._n_bytes = 0

    def write(self, data: Buffer, /) -> int:
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
