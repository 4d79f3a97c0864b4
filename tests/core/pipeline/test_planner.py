"""The planner: pure, refuses early, and touches nothing that may stay as it is."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Sequence

import pytest

from ossicle.abc import (
    AudioInput,
    AudioOutput,
    Capabilities,
    CodecRule,
    ConverterSpec,
    FormatConverter,
    FormatRule,
    Requirement,
)
from ossicle.audio import AudioClip, AudioFacts, AudioFormat
from ossicle.errors import (
    AudioLimitError,
    UnknownModelError,
    UnsupportedFeatureError,
    UnsupportedFormatError,
    UnsupportedModalityError,
)
from ossicle.messages import (
    CHAT_AUDIO_ROWS,
    AudioPart,
    Message,
    ModalityRow,
    Part,
    TextPart,
    Tool,
    ToolResultPart,
)
from ossicle.pipeline.call_request import CallRequest
from ossicle.pipeline.plan import Plan
from ossicle.pipeline.planner import plan_call
from ossicle.pipeline.settings import PipelineSettings

TODAY = datetime.date(2026, 11, 23)
WAV = FormatRule(container="wav", encodings=("pcm_s16le",), max_sample_rate=48000, channels=(1, 2))
MP3 = FormatRule(container="mp3", encodings=("mp3",), bit_rate=64000)
RAW24 = FormatRule(container="raw", encodings=("pcm_s16le",), sample_rates=(24000,), channels=(1,))


def no_factory() -> FormatConverter:
    raise AssertionError("planning builds no converter")


def converter(
    name: str, *, reads: Sequence[str] = (), writes: Sequence[str] = (), needs: str | None = None
) -> ConverterSpec:
    def rules(names: Sequence[str]) -> tuple[CodecRule, ...]:
        return tuple(
            CodecRule(container=AudioFormat.named(n).container, is_incremental=True) for n in names
        )

    requires = () if needs is None else (Requirement(package="no_such_package_x", extra=needs),)
    return ConverterSpec(
        name=name,
        summary="",
        factory=no_factory,
        reads=rules(reads),
        writes=rules(writes),
        requires=requires,
    )


PCM = converter("pcm", reads=["wav", "pcm16"], writes=["wav", "pcm16"])
CODECS = converter("codecs", reads=["mp3", "flac"], writes=["mp3", "flac"])
EXTRA = converter("extra", reads=["aac"], writes=["aac"], needs="av")


def model(**changes: object) -> Capabilities:
    fields: dict[str, object] = {
        "provider": "p",
        "model": "m",
        "rows": {"respond": CHAT_AUDIO_ROWS},
        "audio_input": AudioInput(formats=(WAV, MP3), max_bytes=1 << 20, max_clips=2),
        "audio_output": AudioOutput(whole=(WAV,), streamed=(RAW24,)),
        "voices": ("ada",),
        "streaming": True,
        "source": "test",
        "as_of": TODAY,
    }
    return Capabilities.model_validate(fields | changes)


def clip(
    name: str, *, duration_s: float = 1.0, rate: int = 16000, n_bytes: int = 32000
) -> AudioClip:
    named = AudioFormat.named(name, sample_rate=rate, channels=1)
    facts = AudioFacts(format=named, n_bytes=n_bytes, duration_s=duration_s)
    return AudioClip(b"", facts=facts)


def wanted(*parts: Part, **fields: object) -> CallRequest:
    message = Message(role="user", parts=parts)
    return CallRequest.model_validate(
        {"messages": (message,), "output": frozenset({"text", "audio"})} | fields
    )


def planned(
    wanted: CallRequest,
    capabilities: Capabilities | None = None,
    *,
    settings: PipelineSettings | None = None,
    converters: Sequence[ConverterSpec] = (PCM, CODECS, EXTRA),
) -> Plan:
    return plan_call(
        wanted,
        capabilities or model(),
        converters,
        settings=settings or PipelineSettings(),
        today=TODAY,
    )


@pytest.mark.parametrize("row", CHAT_AUDIO_ROWS, ids=lambda row: row.name)
def test_every_row_of_the_matrix_is_found(row: ModalityRow) -> None:
    parts: list[Part] = []
    if "text" in row.inputs:
        parts.append(TextPart(text="hi"))
    if "audio" in row.inputs:
        parts.append(AudioPart(clip=clip("wav")))
    assert planned(wanted(*parts, output=row.outputs)).row == row


def test_a_combination_outside_the_matrix_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(UnsupportedModalityError, match=r"text → text\+audio"):
        planned(wanted(TextPart(text="hi"), output=frozenset({"text"})))
    with pytest.raises(UnsupportedModalityError):
        planned(wanted(TextPart(text="hi"), output=frozenset({"audio"})))


def test_audio_of_an_earlier_turn_counts_where_the_newest_is_text() -> None:
    earlier = Message(role="user", parts=(AudioPart(clip=clip("wav")),))
    newest = Message(role="user", parts=(TextPart(text="and now?"),))
    wanted = CallRequest(messages=(earlier, newest), output=frozenset({"text"}))
    assert planned(wanted).row.name == "mixed_to_text"


def test_a_clip_that_the_model_takes_passes_untouched() -> None:
    for name in ("wav", "mp3"):
        [plan] = planned(wanted(AudioPart(clip=clip(name)))).clips
        assert plan.is_pass_through
        assert [step.action for step in plan.steps] == ["pass_through"]


def test_a_clip_in_another_format_is_converted_at_its_own_rate() -> None:
    [plan] = planned(wanted(AudioPart(clip=clip("flac", rate=22050)))).clips
    assert [step.action for step in plan.steps] == ["decode", "encode"]
    assert (plan.target.name, plan.target.sample_rate) == ("wav", 22050)


def test_a_rate_beyond_the_models_is_resampled() -> None:
    [plan] = planned(wanted(AudioPart(clip=clip("wav", rate=96000)))).clips
    assert plan.preprocess == ("resample",)
    assert plan.target.sample_rate == 48000


def test_a_clip_too_large_as_wav_goes_as_mp3() -> None:
    long = clip("flac", duration_s=60.0)  # 1.92 MB as WAV, 0.48 MB as MP3
    [plan] = planned(wanted(AudioPart(clip=long))).clips
    assert plan.target.name == "mp3"


def test_a_clip_too_large_in_every_format_is_refused() -> None:
    with pytest.raises(AudioLimitError) as caught:
        planned(wanted(AudioPart(clip=clip("flac", duration_s=600.0))))
    assert caught.value.allowed == 1 << 20


def test_preprocessing_is_done_when_asked_for_and_only_then() -> None:
    settings = PipelineSettings(preprocess=("trim_silence",))
    [plan] = planned(wanted(AudioPart(clip=clip("wav"))), settings=settings).clips
    assert [step.action for step in plan.steps] == ["decode", "trim_silence", "encode"]


def test_a_wav_without_sizes_is_written_anew() -> None:
    streamed = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ", 16, 1, 1,
                           16000, 32000, 2, 16, b"data", 0xFFFFFFFF) + bytes(32000)  # fmt: skip
    [plan] = planned(wanted(AudioPart(clip=AudioClip.from_bytes(streamed)))).clips
    assert not plan.is_pass_through
    assert "no size" in plan.steps[0].reason


def test_a_format_that_only_an_extra_reads_names_the_extra() -> None:
    with pytest.raises(UnsupportedFormatError) as caught:
        planned(wanted(AudioPart(clip=clip("aac"))))
    assert caught.value.extra == "av"
    with pytest.raises(UnsupportedFormatError) as caught:
        planned(wanted(TextPart(text="hi"), output_format="aac"))
    assert caught.value.extra == "av"


def test_too_many_clips_are_refused() -> None:
    with pytest.raises(AudioLimitError, match="3 clips"):
        planned(wanted(*(AudioPart(clip=clip("wav")) for _ in range(3))))


def test_tools_and_instructions_are_refused_where_the_model_has_none() -> None:
    with pytest.raises(UnsupportedFeatureError, match="tools"):
        planned(wanted(TextPart(text="hi"), tools=(Tool(name="f"),)))
    with pytest.raises(UnsupportedFeatureError, match="instructions"):
        planned(wanted(TextPart(text="hi"), instructions="be kind"))


def test_audio_or_results_in_the_wrong_message_are_refused() -> None:
    result = ToolResultPart(call_id="c", content="x")
    with pytest.raises(UnsupportedFeatureError, match="tool result in a user message"):
        planned(wanted(TextPart(text="hi"), result))
    in_tool = Message(role="tool", parts=(AudioPart(clip=clip("wav")),))
    said = Message(role="user", parts=(TextPart(text="hi"),))
    with pytest.raises(UnsupportedFeatureError, match="no vendor takes it"):
        planned(CallRequest(messages=(said, in_tool), output=frozenset({"text", "audio"})))


# ---- the answer's audio


def test_raw_samples_are_asked_for_and_encoded_where_streams_give_nothing_else() -> None:
    plan = planned(wanted(TextPart(text="hi"), stream=True, output_format="mp3"))
    assert plan.streams_upstream
    assert plan.output is not None
    assert plan.output.native.container == "raw"
    assert plan.output.delivered.name == "mp3"


def test_a_format_that_the_model_gives_is_asked_for_natively() -> None:
    gives = model(audio_output=AudioOutput(whole=(WAV, MP3)))
    plan = planned(wanted(TextPart(text="hi"), output_format="mp3"), gives)
    assert plan.output is not None
    assert plan.output.native == plan.output.delivered


def test_what_loses_least_is_asked_for_when_it_must_be_encoded_anyway() -> None:
    gives = model(audio_output=AudioOutput(whole=(MP3, WAV)))
    plan = planned(wanted(TextPart(text="hi"), output_format="flac"), gives)
    assert plan.output is not None
    assert plan.output.native.name == "wav"


def test_a_model_that_only_streams_audio_is_streamed_for_a_whole_answer_too() -> None:
    gives = model(audio_output=AudioOutput(streamed=(RAW24,)))
    plan = planned(wanted(TextPart(text="hi")), gives)
    assert plan.streams_upstream
    assert plan.output is not None
    assert plan.output.delivered.name == "wav"


def test_telephone_formats_are_delivered_at_the_telephones_rate() -> None:
    plan = planned(
        wanted(TextPart(text="hi"), output_format="mulaw"),
        model(audio_output=AudioOutput(whole=(RAW24,))),
    )
    assert plan.output is not None
    assert plan.output.delivered.sample_rate == 8000


# ---- the model's life


def test_a_model_near_its_end_is_warned_about_with_its_successor() -> None:
    soon = model(shutdown=TODAY + datetime.timedelta(days=90), successor="n")
    assert "p:n" in planned(wanted(TextPart(text="hi")), soon).notes[0]
    later = model(shutdown=TODAY + datetime.timedelta(days=91))
    assert planned(wanted(TextPart(text="hi")), later).notes == ()


def test_a_model_past_its_end_is_refused_with_its_successor() -> None:
    gone = model(shutdown=TODAY - datetime.timedelta(days=1), successor="n")
    with pytest.raises(UnknownModelError, match="Use p:n instead"):
        planned(wanted(TextPart(text="hi")), gone)


def test_the_plan_reads_as_a_table_and_as_json() -> None:
    plan = planned(wanted(AudioPart(clip=clip("flac"))))
    assert "flac" in str(plan)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
