"""`AudioClip`: encoded audio as one immutable value, in memory or in a file."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from ossicle.audio.containers.foreign_files import looks_like_base64
from ossicle.audio.facts import AudioFacts
from ossicle.audio.format import AudioFormat, SampleFormat
from ossicle.audio.saving import atomic_writer, contradicts
from ossicle.audio.sniff import sniff
from ossicle.errors import ConfigurationError, FileAccessError, UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

    from ossicle.audio.pcm import BlockStream, Pcm
    from ossicle.conversion import Conversion

_COPY_BYTES = 1 << 20
_NAME_CHARACTERS = 100
_RAW_SAMPLES_PER_BYTE = {"mulaw": 1, "alaw": 1, "g722": 2}


class AudioClip:
    """Encoded audio and what its header tells; never decoded, never labelled by the caller.

    Building one reads the header only. The bytes stay where they are: in memory, or in the file,
    which has to stay unchanged while the clip is in use (a change of size or time is noticed).
    Two clips are equal when their bytes are.

    Build one with `from_path`, `from_bytes`, `from_base64`, `from_file`, `from_samples`,
    `from_raw` or `from_pcm`.
    """

    __slots__ = ("__dict__", "_data", "_path", "_stamp", "facts")

    _data: bytes | None
    _path: Path | None
    _stamp: tuple[int, int] | None
    facts: AudioFacts

    def __init__(self, source: bytes | Path, *, facts: AudioFacts) -> None:
        """Use the class methods; this takes facts on trust.

        Args:
            source: The encoded bytes, or the path of a regular file that holds them.
            facts: What was sniffed from exactly these bytes.
        """
        self.facts = facts
        if isinstance(source, Path):
            self._data, self._path, self._stamp = None, source, _stamp(source)
        else:
            self._data, self._path, self._stamp = source, None, None

    @classmethod
    def from_path(cls, path: str | os.PathLike[str], *, track: int | None = None) -> AudioClip:
        """A clip that reads from a regular file when needed.

        Args:
            path: Of the file.
            track: Which of its audio tracks, from 1; `None` for the first (see `facts.tracks`).

        Raises:
            FileAccessError: There is no such regular file, or it cannot be read.
            MalformedAudioError: The content is not audio that ossicle knows.
        """
        where = Path(path).absolute()
        try:
            with _reading(where) as file:
                facts = sniff(file, where.stat().st_size, track=track)
        except FileAccessError:
            if not looks_like_base64(os.fspath(path)):
                raise
            # From None: the first error quotes the text.
            raise FileAccessError(
                "there is no such file; the path looks like base64 text",
                fix="Build the clip with AudioClip.from_base64.",
            ) from None
        return cls(where, facts=facts)

    @classmethod
    def from_bytes(
        cls, data: bytes | bytearray | memoryview, *, track: int | None = None
    ) -> AudioClip:
        """A clip over bytes in memory; `track` as for `from_path`.

        Raises:
            MalformedAudioError: The content is not audio that ossicle knows.
        """
        data = _as_bytes(data)
        return cls(data, facts=sniff(io.BytesIO(data), len(data), track=track))

    @classmethod
    def from_base64(cls, text: str | bytes, *, max_bytes: int = 25 << 20) -> AudioClip:
        """A clip from canonical base64, with or without a `data:` prefix.

        Args:
            text: RFC 4648 section 4 base64: padded, no white space. A `data:…;base64,` prefix is
                cut off and its media type ignored.
            max_bytes: Refuse more decoded bytes than this before decoding anything.

        Raises:
            AudioLimitError: It would decode to more than `max_bytes`.
            MalformedAudioError: The text is not base64, or the content is not audio.
        """
        from ossicle.audio.base64 import decode_base64

        return cls.from_bytes(decode_base64(text, max_bytes=max_bytes))

    @classmethod
    def from_file(
        cls, file: IO[bytes], *, max_bytes: int = 25 << 20, track: int | None = None
    ) -> AudioClip:
        """A clip from a readable binary file object, read from where it stands into memory.

        Read to its end, however little each read gives; from its start where it stands at its end.
        Its name is never looked at, and it is left open.

        Raises:
            AudioLimitError: It holds more than `max_bytes`.
            ConfigurationError: It gives text, or is asynchronous; `AsyncClient` takes those.
            FileAccessError: It is closed, does not block, or reading it fails in any way.
            MalformedAudioError: The content is not audio that ossicle knows.
        """
        from ossicle.audio.file_objects import read_to_end

        return cls.from_bytes(read_to_end(file, max_bytes=max_bytes), track=track)

    @classmethod
    def from_pcm(
        cls,
        data: bytes | bytearray | memoryview | Path,
        *,
        sample_rate: int,
        channels: int = 1,
        sample_format: SampleFormat = "s16",
    ) -> AudioClip:
        """A clip over raw interleaved samples; the only case in which the caller has to say what.

        Args:
            data: Little-endian samples, or the path of a file of them. A last part of a frame is
                left unread.
            sample_rate: In Hz.
            channels: A count.
            sample_format: How one sample is stored.
        """
        form = AudioFormat.pcm(
            sample_rate=sample_rate, channels=channels, sample_format=sample_format
        )
        return cls.from_raw(data, form)

    @classmethod
    def from_raw(
        cls, data: bytes | bytearray | memoryview | Path, format: AudioFormat | str
    ) -> AudioClip:
        """A clip over headerless audio, as telephone streams and speech engines send it.

        Args:
            data: The bytes, or the path of a file of them. A last part of a frame is left unread.
            format: With rate and channels; or its name, such as `"pcmu:8000:1"` or
                `"pcm_s16le:16000:2"` (see `parse_input_format`).

        Raises:
            UnsupportedFormatError: The format has a container, or says too little.
        """
        from ossicle.audio.raw_format import parse_input_format

        form = parse_input_format(format) if isinstance(format, str) else format
        samples_per_byte = _RAW_SAMPLES_PER_BYTE.get(form.encoding)
        if form.container != "raw" or form.sample_rate is None or form.channels is None:
            raise UnsupportedFormatError(
                f"{form} does not say all about headerless audio",
                format=str(form),
                fix="Give container='raw', an encoding, sample_rate and channels.",
            )
        width = form.frame_width or form.channels
        if form.sample_width is None and samples_per_byte is None:
            raise UnsupportedFormatError(
                f"{form.encoding} cannot be headerless",
                format=str(form),
                fix="Give it in its container.",
            )
        if isinstance(data, Path):
            data = data.absolute()
            n_bytes = _stamp(data)[0]
        else:
            data = _as_bytes(data)
            n_bytes = len(data)
        frames = n_bytes // width * (samples_per_byte or 1)
        facts = AudioFacts(
            format=form,
            n_bytes=n_bytes,
            frames=frames,
            duration_s=frames / form.sample_rate,
            data_offset=0,
            data_bytes=n_bytes // width * width,
            bit_depth=None if form.sample_width is None else form.sample_width * 8,
            notes=() if n_bytes % width == 0 else ("truncated",),
        )
        return cls(data, facts=facts)

    @classmethod
    def from_samples(cls, samples: Any, *, sample_rate: int) -> AudioClip:
        """A clip over decoded samples, kept as a WAV in memory.

        Args:
            samples: An array of shape `(frames,)` or `(frames, channels)`: floats with full scale
                ±1.0, or int16, int32, uint8 as they are.
            sample_rate: In Hz.

        Raises:
            ConfigurationError: It is no such array.
        """
        from ossicle.audio.from_samples import wav_of_samples

        return cls.from_bytes(wav_of_samples(samples, sample_rate))

    def with_track(self, track: int) -> AudioClip:
        """The same file with another of its audio tracks, from 1 (see `facts.tracks`).

        Raises:
            ConfigurationError: It has no track of this number.
        """
        if track == self.facts.track:
            return self
        with self.open() as file:
            facts = sniff(file, self.n_bytes, track=track)
        return AudioClip(self._path or self.read_bytes(), facts=facts)

    @property
    def format(self) -> AudioFormat:
        """What it is encoded as."""
        return self.facts.format

    @property
    def n_bytes(self) -> int:
        """Encoded size in bytes."""
        return self.facts.n_bytes

    @property
    def duration_s(self) -> float | None:
        """Seconds as far as the header tells (see `AudioFacts.is_estimate`); `None` if unknown."""
        return self.facts.duration_s

    @property
    def path(self) -> Path | None:
        """The file it reads from, or `None` for a clip in memory."""
        return self._path

    def open(self) -> BinaryIO:
        """A new seekable binary file object over the encoded bytes; it has no name.

        Raises:
            FileAccessError: The file is gone or was changed since the clip was built.
        """
        if self._data is not None:
            return io.BytesIO(self._data)
        assert self._path is not None
        if _stamp(self._path) != self._stamp:
            raise FileAccessError(
                f"{_short(self._path)} changed after its clip was built",
                fix="Build the clip again, or read the file into memory first.",
            )
        return _open_regular(self._path)

    def read_bytes(self) -> bytes:
        """All encoded bytes, from memory or the file."""
        if self._data is not None:
            return self._data
        with self.open() as file:
            return file.read()

    @cached_property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of the encoded bytes, in hexadecimal; a track enters it."""
        digest = hashlib.sha256()
        if self.facts.track != 1:
            # Other audio in the same bytes must not be taken for the same.
            digest.update(b"track %d of " % self.facts.track)
        with self.open() as file:
            while piece := file.read(_COPY_BYTES):
                digest.update(piece)
        return f"sha256:{digest.hexdigest()}"

    def to_pcm(self) -> Pcm:
        """The decoded samples, within the default limits of `ossicle.intake`.

        Raises:
            AudioLimitError: It decodes to more than the limits allow.
            MalformedAudioError: The bytes do not decode.
            UnsupportedFormatError: Nothing installed reads this format.
        """
        return self._decoded().read()

    def convert(
        self,
        format: str,
        *,
        sample_rate: int | None = None,
        channels: int | None = None,
        bit_rate: int | None = None,
        preprocess: Sequence[str] = (),
    ) -> Conversion:
        """This audio in another format, in memory, within the default limits of `ossicle.intake`.

        What is in the format already comes back untouched. `ossicle.convert` writes audio of any
        length to a file.

        Args:
            format: A short name such as `"mp3"`.
            sample_rate: In Hz; `None` keeps this clip's as far as the format can.
            channels: A count; `None` keeps this clip's as far as the format can.
            bit_rate: Of a lossy format in bit/s; `None` means its default.
            preprocess: Names of preprocessors to run, in order, such as `ossicle.SPEECH`.

        Returns:
            The new `clip`, and the `receipt` of what was done.

        Raises:
            AudioLimitError: It decodes to more than the limits allow.
            ConfigurationError: No plugin announces a preprocessor of this name.
            MalformedAudioError: The bytes do not decode.
            UnsupportedFormatError: No such format, or nothing installed reads or writes it.
        """
        from ossicle.conversion.conversion import convert_named

        return convert_named(
            self,
            format,
            sample_rate=sample_rate,
            channels=channels,
            bit_rate=bit_rate,
            preprocess=preprocess,
        )

    def _decoded(self) -> BlockStream:
        # With `convert` the one door from this low room to higher ones; resolved when used, never
        # at import.
        from ossicle.intake import decode

        return decode(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file, all or nothing, in the format that the extension says.

        The bytes are written untouched unless the extension says another kind of audio than they
        are: WAV saved as `answer.mp3` becomes MP3, as `convert` does it. An extension that says no
        kind of audio, or none, changes nothing. Conversion keeps the default limits of
        `ossicle.intake`; `ossicle.convert` takes others.

        The bytes go to a temporary file beside the target, which then takes its place: a crash or
        a full disk leaves what was there before.

        Returns:
            The absolute path.

        Raises:
            AudioLimitError: It has to be converted and decodes to more than the limits allow.
            FileAccessError: The folder is missing, not writable, or full.
            MalformedAudioError: It has to be converted and does not decode.
            UnsupportedFormatError: Nothing installed writes what the extension says; the message
                names the extra that would, or what to call the file.
        """
        target = Path(path).absolute()
        if contradicts(target, self.format.container):
            from ossicle.conversion import convert
            from ossicle.intake import DEFAULT

            convert(self, target, limits=DEFAULT)
            return target
        with atomic_writer(target) as file:
            for piece in self._pieces():
                file.write(piece)
        return target

    def _pieces(self) -> Iterator[bytes]:
        if self._data is not None:
            yield self._data
            return
        with self.open() as file:
            while piece := file.read(_COPY_BYTES):
                yield piece

    def __eq__(self, other: object) -> bool:
        """Equal when the formats and the bytes are."""
        if not isinstance(other, AudioClip):
            return NotImplemented
        if self.format != other.format or self.n_bytes != other.n_bytes:
            return False
        return self.digest == other.digest

    def __hash__(self) -> int:
        """By content."""
        return hash(self.digest)

    def __repr__(self) -> str:
        """Format, length and size; never content or path."""
        length = "" if self.duration_s is None else f", {self.duration_s:.2f} s"
        return f"AudioClip({self.format}{length}, {self.n_bytes} bytes)"

    def _repr_html_(self) -> str:
        """For notebooks: facts, waveform and a player with the audio inside, where it is short."""
        from ossicle.audio.html import clip_html

        return clip_html(self, AudioClip._decoded)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the bytes, or the path of a clip that reads from a file."""
        return _unpickle, (self._data if self._path is None else self._path, self.facts)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Valid in memory as itself; in JSON as format and base64 (see `ossicle.audio.json`)."""
        from ossicle.audio.json import clip_schema

        return clip_schema(cls)


def _unpickle(source: bytes | Path, facts: AudioFacts) -> AudioClip:
    return AudioClip(source, facts=facts)


def _as_bytes(data: bytes | bytearray | memoryview) -> bytes:
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ConfigurationError(
            f"a {type(data).__name__} holds no bytes",
            fix="Give bytes, or use the class method for what you have, such as from_path.",
        )
    return bytes(data)


def _short(path: Path) -> str:
    """The file's name for a message; what is no name but text does not belong into one."""
    name = path.name
    if len(name) <= _NAME_CHARACTERS and name.isprintable():
        return repr(name)
    return f"a path whose name has {len(name)} characters"


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise FileAccessError(
            f"cannot read {_short(path)}: {error.strerror}", fix="Check the path."
        ) from error
    return status.st_size, status.st_mtime_ns


def _open_regular(path: Path) -> BinaryIO:
    """Open without a name that a library could believe, and nothing but a regular file."""
    try:
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
    except OSError as error:
        raise FileAccessError(
            f"cannot open {_short(path)}: {error.strerror}", fix="Check the path and its rights."
        ) from error
    import stat

    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileAccessError(
            f"{_short(path)} is not a regular file",
            fix="Give the path of a file; read a pipe or a device first, and give its bytes.",
        )
    return os.fdopen(handle, "rb")


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    with _open_regular(path) as file:
        try:
            yield file
        except OSError as error:
            if isinstance(error, FileAccessError):
                raise
            raise FileAccessError(
                f"cannot read {_short(path)}: {error.strerror}", fix="Check the file system."
            ) from error
