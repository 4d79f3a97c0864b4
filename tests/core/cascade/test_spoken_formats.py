"""What a speaking provider gives is believed by its format, never by what was asked for."""

from __future__ import annotations

import io
import math
from collections.abc import AsyncIterator, Sequence

import anyio
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.core.cascade.scripted import (
    RATE,
    RAW,
    ScriptedSpeaker,
    ScriptedVendor,
    request,
    vendor_record,
)

from ossicle.abc import AudioOutput, Capabilities, FormatRule
from ossicle.audio import AudioFormat
from ossicle.audio.wav import UNKNOWN_SIZE, wav_header
from ossicle.cascade import CascadeProvider, ProviderSynthesizer
from ossicle.errors import InvalidReplyError, OssicleError, PluginContractError
from ossicle.messages import AudioDelta, Event, Finished

TONE_HZ = 440.0


def spoken_by(events: Sequence[Event], *, record: Capabilities | None = None) -> list[AudioDelta]:
    """The audio of a cascade whose synthesizer answers with these events."""
    vendor = ScriptedVendor(lambda _: events, record=record or vendor_record())
    synthesizer = ProviderSynthesizer(vendor, "m")

    async def main() -> list[AudioDelta]:
        asked = request("One.", task="speak", output={"audio"})
        provider = CascadeProvider(synthesizer=synthesizer)
        return [one async for one in provider.respond(asked) if isinstance(one, AudioDelta)]

    return anyio.run(main)


def samples_of(deltas: Sequence[AudioDelta]) -> NDArray[np.int16]:
    assert all(delta.format == RAW for delta in deltas)
    return np.frombuffer(b"".join(delta.data for delta in deltas), "<i2")


def tone(sample_rate: int, channels: int, *, frames: int) -> NDArray[np.int16]:
    """A sine of half full scale in every channel, shape `(frames, channels)`."""
    phase = 2 * math.pi * TONE_HZ * np.arange(frames) / sample_rate
    mono = np.rint(np.sin(phase) * 16384).astype("<i2")
    return np.repeat(mono[:, None], channels, axis=1)


def cut(data: bytes, n_pieces: int) -> list[bytes]:
    size = max(1, math.ceil(len(data) / n_pieces))
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(
    sample_rate=st.sampled_from([8000, 11025, 16000, 22050, 24000, 44100, 48000]),
    channels=st.integers(1, 2),
    is_file=st.booleans(),
    has_sizes=st.booleans(),
    n_pieces=st.integers(1, 5),
)
def test_any_sound_comes_out_in_the_agreed_format(
    sample_rate: int, channels: int, is_file: bool, has_sizes: bool, n_pieces: int
) -> None:
    frames = sample_rate // 4
    data = tone(sample_rate, channels, frames=frames).tobytes()
    form = AudioFormat.pcm(sample_rate=sample_rate, channels=channels)
    if is_file:
        data = wav_header(form, frames if has_sizes else None) + data
        assert has_sizes or UNKNOWN_SIZE.to_bytes(4, "little") in data
        form = AudioFormat(
            container="wav", encoding="pcm_s16le", sample_rate=sample_rate, channels=channels
        )
    events = [AudioDelta(data=piece, format=form) for piece in cut(data, n_pieces)]

    got = samples_of(spoken_by([*events, Finished()]))

    wanted = tone(RATE, 1, frames=RATE // 4)[:, 0]
    assert len(got) == len(wanted)
    if sample_rate == RATE:
        assert np.array_equal(got, wanted)
    # The resampler's edges aside, it is the same sine at the same level.
    middle = slice(RATE // 20, -RATE // 20)
    assert np.abs(got[middle].astype(int) - wanted[middle]).max() < 0.01 * 16384


@given(
    sentences=st.lists(st.binary(max_size=40), min_size=1, max_size=4),
    n_pieces=st.integers(1, 9),
)
def test_no_part_of_a_sample_is_carried_over_a_sentence(
    sentences: list[bytes], n_pieces: int
) -> None:
    waiting = [*sentences]

    def answer(_: object) -> list[Event]:
        pieces = cut(waiting.pop(0), n_pieces)
        return [*(AudioDelta(data=piece, format=RAW) for piece in pieces), Finished()]

    synthesizer = ProviderSynthesizer(ScriptedVendor(answer), "m")

    async def main() -> bytes:
        found = b""
        asked = request("Go on. " * len(sentences), task="speak", output={"audio"})
        try:
            async for event in CascadeProvider(synthesizer=synthesizer).respond(asked):
                if isinstance(event, AudioDelta):
                    assert event.data
                    assert len(event.data) % 2 == 0
                    found += event.data
        except OssicleError:
            assert not found  # nothing was said at all
        return found

    wanted = b"".join(data[: len(data) - len(data) % 2] for data in sentences)
    assert anyio.run(main) == wanted


def test_a_speaker_of_ones_own_is_cut_at_whole_frames_too() -> None:
    class Odd(ScriptedSpeaker):
        async def speak(
            self, text: str, *, voice: str | None, speed: float
        ) -> AsyncIterator[bytes]:
            for piece in (b"\x01", b"\x10\x01", b"\x10\x01\x10\x01"):
                yield piece

    async def main() -> bytes:
        asked = request("One. Two.", task="speak", output={"audio"})
        provider = CascadeProvider(synthesizer=Odd())
        return b"".join(
            [one.data async for one in provider.respond(asked) if isinstance(one, AudioDelta)]
        )

    assert anyio.run(main) == b"\x01\x10" * 6


def test_a_compressed_file_is_decoded() -> None:
    wanted = tone(RATE, 1, frames=RATE // 4)
    file = io.BytesIO()
    soundfile.write(file, wanted, RATE, format="FLAC", subtype="PCM_16")
    form = AudioFormat(container="flac", encoding="flac")
    got = samples_of(spoken_by([AudioDelta(data=file.getvalue(), format=form), Finished()]))
    assert np.array_equal(got, wanted[:, 0])


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"certainly no sound", AudioFormat(container="mp3", encoding="mp3")),
        (b"OggS" + bytes(60), AudioFormat(container="ogg", encoding="opus")),
        (bytes(60), AudioFormat.pcm(sample_rate=RATE, channels=3)),
    ],
    ids=["letters", "an empty shell", "channels nobody mixes"],
)
def test_what_cannot_be_made_raw_samples_is_an_error_that_was_paid(
    data: bytes, form: AudioFormat
) -> None:
    stereo = AudioOutput(whole=(FormatRule(
        container="raw", encodings=("pcm_s16le",), sample_rates=(RATE,), channels=(5,)
    ),))  # fmt: skip
    record = vendor_record(streaming=False, audio_output=stereo)
    with pytest.raises(InvalidReplyError) as caught:
        spoken_by([AudioDelta(data=data, format=form), Finished()], record=record)
    assert caught.value.billed is True
    assert caught.value.provider == "vendor"
    assert caught.value.fix


def test_raw_samples_of_no_known_rate_are_refused() -> None:
    form = AudioFormat(container="raw", encoding="pcm_s16le")
    with pytest.raises(PluginContractError, match="full format"):
        spoken_by([AudioDelta(data=bytes(60), format=form), Finished()])


def test_a_change_of_format_within_a_sentence_is_refused() -> None:
    wide = AudioFormat.pcm(sample_rate=RATE * 2)
    events = [AudioDelta(data=b"\1\1" * 80, format=form) for form in (RAW, wide)]
    with pytest.raises(PluginContractError, match="changed the audio format"):
        spoken_by([*events, Finished()])


def test_sound_after_the_end_is_refused() -> None:
    with pytest.raises(PluginContractError, match="after Finished"):
        spoken_by([Finished(), AudioDelta(data=b"\1\1", format=RAW)])
