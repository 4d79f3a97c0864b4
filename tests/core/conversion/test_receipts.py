"""Receipts say what happened: who decoded and encoded, who refused, and what changed nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from tests.converters.signals import encode_bytes, make_voice

import ossicle
from ossicle.abc import CodecRule, ConverterSpec, FormatConverter, hookimpl
from ossicle.audio import AudioClip, AudioFormat, BlockStream
from ossicle.conversion import convert_clip
from ossicle.conversion.encoding import find_writer
from ossicle.errors import FileAccessError, UnsupportedFormatError
from ossicle.intake import PCM_SPEC, IntakeLimits, PcmConverter
from ossicle.messages import AudioRecord
from ossicle.pipeline.delivery import deliver_whole
from ossicle.pipeline.plan import OutputPlan
from ossicle.pipeline.prepare import AudioTools
from ossicle.plugins import default_host
from ossicle.preprocess import Downmix, ResampleTo, TrimSilence
from ossicle_soundfile.plugin import SPEC as SOUNDFILE

WAV = AudioFormat.named("wav")


class Choosy(FormatConverter):
    """Announces WAV and knows no variant of it."""

    def decode(self, clip: AudioClip) -> BlockStream:
        raise UnsupportedFormatError("this variant of WAV is not known here")

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        raise AssertionError("it writes nothing")


class HalfRate(PcmConverter):
    """Decodes at half the rate that the header says, as HE-AAC without its extension does."""

    def decode(self, clip: AudioClip) -> BlockStream:
        stream = super().decode(clip)
        half = (stream.sample_rate or 2) // 2
        return stream.map((block[::2] for block in stream), sample_rate=half)


def reader(name: str, factory: Callable[[], FormatConverter]) -> ConverterSpec:
    return ConverterSpec(
        name=name,
        summary="",
        factory=factory,
        reads=(CodecRule(container="wav", cost=0.001),),
    )


CHOOSY = reader("choosy", Choosy)


def voice(sample_rate: int = 24_000, channels: int = 1, frames: int = 4800) -> AudioClip:
    pcm = make_voice(frames=frames, sample_rate=sample_rate, channels=channels)
    return AudioClip.from_bytes(
        encode_bytes(PcmConverter(), pcm, AudioFormat(container="wav", encoding="pcm_s16le"))
    )


def details(record: AudioRecord) -> list[tuple[str, str]]:
    return [(step.action, step.detail) for step in record.steps]


def test_the_converter_that_refused_and_the_one_that_did_it_are_named() -> None:
    converters = (CHOOSY, PCM_SPEC, SOUNDFILE)
    receipt = convert_clip(voice(), AudioFormat.named("flac"), converters=converters).receipt
    refused, decoded, encoded = receipt.steps
    assert refused.action == "refused"
    assert refused.detail.endswith(" by choosy")
    assert refused.reason == "this variant of WAV is not known here"
    assert (decoded.action, decoded.detail.rpartition(" ")[2]) == ("decode", PCM_SPEC.name)
    assert (encoded.action, encoded.detail.rpartition(" ")[2]) == ("encode", SOUNDFILE.name)


def test_a_call_names_who_decoded_its_audio_not_who_was_planned() -> None:
    class Plugin:
        @staticmethod
        @hookimpl
        def ossicle_register_converters() -> list[ConverterSpec]:
            return [CHOOSY]

    # What echo does not take has to be decoded: a header that names no size is one.
    data = bytearray(voice(frames=24_000).read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    settings = ossicle.PipelineSettings(quality="warn")  # the tones are no speech
    with ossicle.Client("echo", plugins=[Plugin()], settings=settings) as client:
        reply = client.respond(audio=bytes(data))
    assert reply.receipt is not None
    steps = {step.action: step for step in reply.receipt.inputs[0].steps}
    assert steps["refused"].detail.endswith(" by choosy")
    assert steps["decode"].detail.endswith(f" by {PCM_SPEC.name}")


def test_rates_and_lengths_are_those_that_were_decoded_not_those_of_the_header() -> None:
    half = reader("half", HalfRate)
    conversion = convert_clip(
        voice(sample_rate=48_000, frames=48_000),
        AudioFormat.named("flac", sample_rate=16_000),
        converters=(half, SOUNDFILE),
    )
    receipt = conversion.receipt
    half_rate = AudioFormat(container="wav", encoding="pcm_s16le", sample_rate=24_000, channels=1)
    assert receipt.steps[0].detail == f"{half_rate} by half"
    assert [step.detail for step in receipt.steps if step.action == "resample"] == [
        "24000 → 16000 Hz"
    ]
    assert receipt.duration_s == pytest.approx(1.0)
    assert receipt.result_duration_s == pytest.approx(1.0)
    assert conversion.clip.facts.frames == 16_000


def test_what_an_encoder_cannot_write_is_a_step_of_its_own() -> None:
    stereo = ConverterSpec(
        name="stereo",
        summary="",
        factory=PcmConverter,
        reads=PCM_SPEC.reads,
        writes=(CodecRule(container="wav", sample_rates=(8000, 16_000), max_channels=2),),
    )
    receipt = convert_clip(
        voice(channels=3), AudioFormat(container="wav", encoding="pcm_s24le"), converters=(stereo,)
    ).receipt
    assert details(receipt)[1:3] == [
        ("downmix", "3 → 2 channels"),
        ("resample", "24000 → 16000 Hz"),
    ]


@pytest.mark.parametrize("streams", [False, True])
def test_the_encoder_of_an_answer_is_named_by_what_encoded_it(streams: bool) -> None:
    with ossicle.Client("echo") as client:
        if streams:
            with client.stream("good morning", output_format="mp3") as stream:
                deltas = [event for event in stream if isinstance(event, ossicle.AudioDelta)]
            reply = stream.reply
            assert reply.audio is not None
            assert {delta.format.sample_rate for delta in deltas} == {
                reply.audio.format.sample_rate
            }
        else:
            reply = client.respond("good morning", output_format="mp3")
    assert reply.receipt is not None
    assert reply.receipt.output is not None
    encoded = reply.receipt.output.steps[-1]
    writer = find_writer(AudioFormat.named("mp3"), default_host().converters(), incremental=streams)
    assert (encoded.action, encoded.detail.rpartition(" ")[2]) == ("encode", writer.name)


def test_audio_of_a_bit_rate_nobody_asked_for_is_not_called_as_wanted() -> None:
    native = convert_clip(
        voice(frames=48_000),
        AudioFormat.named("mp3", bit_rate=128_000),
        converters=default_host().converters(),
    ).clip
    plan = OutputPlan(
        native=AudioFormat.pcm(sample_rate=24_000),
        delivered=AudioFormat.named("mp3", sample_rate=24_000, channels=1, bit_rate=32_000),
        steps=(),
    )
    tools = AudioTools(
        converters=default_host().converters(), preprocessors={}, limits=IntakeLimits()
    )
    reply, record = deliver_whole(
        ossicle.Reply(audio=native, provider="echo", model="echo", finish_reason="stop"),
        plan,
        tools,
    )
    assert [step.action for step in record.steps] == ["note", "decode", "encode"]
    assert reply.audio is not None
    assert reply.audio.n_bytes < native.n_bytes / 3


def test_preprocessors_that_changed_nothing_say_so() -> None:
    receipt = convert_clip(
        voice(),
        AudioFormat.named("flac"),
        converters=(PCM_SPEC, SOUNDFILE),
        preprocess=[
            ("downmix", Downmix()),
            ("resample", ResampleTo(sample_rate=24_000)),
            ("trim_silence", TrimSilence()),
        ],
    ).receipt
    changed = {step.action: step.detail for step in receipt.steps[1:-1]}
    assert changed == dict.fromkeys(("downmix", "resample", "trim_silence"), "changed nothing")


def test_what_is_in_the_format_already_stays_untouched(tmp_path: Path) -> None:
    path = voice().save(tmp_path / "in.wav")
    conversion = ossicle.convert(path, tmp_path / "out.wav")
    assert conversion.clip.read_bytes() == path.read_bytes()
    assert [step.action for step in conversion.receipt.steps] == ["pass_through"]
    clip = AudioClip.from_path(path)
    assert clip.convert("wav").clip is clip


def test_the_public_function_goes_by_the_extension_and_writes_all_or_nothing(
    tmp_path: Path,
) -> None:
    source = voice(channels=2, frames=48_000)
    conversion = ossicle.convert(
        source, tmp_path / "out.flac", sample_rate=16_000, channels=1, preprocess=ossicle.SPEECH
    )
    made = AudioClip.from_path(tmp_path / "out.flac")
    assert conversion.clip == made
    assert (made.format.encoding, made.format.sample_rate, made.format.channels) == (
        "flac", 16_000, 1,
    )  # fmt: skip
    assert conversion.receipt.result_n_bytes == made.n_bytes
    actions = [step.action for step in conversion.receipt.steps]
    assert actions == [
        "decode", "high_pass", "trim_silence", "loudness", "downmix", "resample", "encode",
    ]  # fmt: skip
    with pytest.raises(UnsupportedFormatError, match="does not say an audio format"):
        ossicle.convert(source, tmp_path / "out.xyz")
    with pytest.raises(FileAccessError, match="both what is read and what would be written"):
        ossicle.convert(tmp_path / "out.flac", tmp_path / "out.flac", format="mp3")
    assert [path.name for path in tmp_path.iterdir()] == ["out.flac"]


def test_a_clip_converts_itself_in_memory() -> None:
    conversion = voice().convert("pcm16", sample_rate=8000)
    assert conversion.clip.format == AudioFormat.pcm(sample_rate=8000)
    assert conversion.receipt.steps[-1].action == "encode"
    with pytest.raises(UnsupportedFormatError, match="unknown audio format 'xyz'"):
        voice().convert("xyz")


def test_the_function_stays_a_function_after_its_room_was_imported() -> None:
    import ossicle.conversion.conversion as room

    assert ossicle.convert is room.convert
