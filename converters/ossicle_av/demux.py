"""Opens a container with the one demuxer that the sniffer named, and nothing else."""

from __future__ import annotations

from typing import Any, NoReturn

from ossicle.audio import AudioFormat
from ossicle.audio.file_views import ByteWindow
from ossicle.errors import MalformedAudioError, UnsupportedFormatError
from ossicle_av.faults import translated
from ossicle_av.rules import ADMITTED, DECODERS, DEMUXERS, RAW_DEMUXERS

_PROBE_BYTES = 1 << 16
"""FFmpeg's own default of 5 MB makes it decode for 36 ms before it says what a file is."""


class Demuxed:
    """An open container and one of its audio streams; all other streams are discarded.

    Four locks, each sufficient alone: the demuxer is named and not probed for; protocols, formats
    and decoders are white-listed; opening any other resource is refused; the file has no name.

    Args:
        window: The bytes.
        form: What the sniffer found.
        track: Which audio stream, from 1.

    Raises:
        MalformedAudioError: The container does not open.
        UnsupportedFormatError: It holds what no rule covers.
    """

    def __init__(self, window: ByteWindow, form: AudioFormat, *, track: int = 1) -> None:
        self.form = form
        decoders = DECODERS.get(form.encoding, ())
        demuxer = DEMUXERS.get(form.container)
        if form.container == "raw":
            demuxer = RAW_DEMUXERS.get(form.encoding)
        if demuxer is None or (form.container, form.encoding) not in ADMITTED:
            raise UnsupportedFormatError(
                f"no decoder is admitted for {form.container}/{form.encoding}",
                format=str(form),
                fix="Convert it to WAV or FLAC with another tool.",
            )
        self.container = _open(window, form, demuxer, decoders)
        try:
            self.stream = _audio(self.container, form, decoders, track)
        except BaseException:
            self.container.close()
            raise

    def close(self) -> None:
        """Release the decoder; twice is harmless."""
        self.container.close()


def _open(window: ByteWindow, form: AudioFormat, demuxer: str, decoders: tuple[str, ...]) -> Any:
    with translated(form, doing="open"):
        import av

        return av.open(
            window,
            format=demuxer,
            options={
                "protocol_whitelist": "pipe",
                "format_whitelist": demuxer,
                "codec_whitelist": ",".join(decoders),
                "probesize": str(_PROBE_BYTES),
            },
            io_open=_refuse,
            metadata_errors="replace",
        )


def _refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    """What FFmpeg gets that wants to open something else."""
    raise PermissionError("audio may not refer to other resources")


def _audio(container: Any, form: AudioFormat, decoders: tuple[str, ...], track: int) -> Any:
    stream = next(iter(container.streams.audio[track - 1 :]), None)
    if stream is None:
        raise MalformedAudioError(
            f"the {form.container} file holds no audio",
            format=str(form),
            fix="Check that it is an audio file.",
        )
    from av.stream import Discard

    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    context: Any = stream.codec_context
    if context is None or context.name not in decoders:
        name = "nothing known" if context is None else context.name
        raise UnsupportedFormatError(
            f"the {form.container} file holds {name}, not {form.encoding}",
            format=str(form),
            fix="Convert it to WAV or FLAC with another tool.",
        )
    if (form.container, form.encoding) == ("caf", "alac"):
        from av.codec.context import Flags2

        # The last packet of Apple Lossless is as short as its sound; FFmpeg takes off it what a
        # whole packet would have too many. The length that the container tells is enough.
        context.flags2 |= Flags2.skip_manual
    # One clip is one job: threads belong to whoever runs many.
    context.thread_count = 1
    return stream
