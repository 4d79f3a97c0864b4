from __future__ import annotations

import doctest
import io
import math
import wave

import anyio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried
from tests.providers.echo.exchange import (
    audio_bytes,
    collect,
    events_of,
    heard_in,
    humming,
    message,
    reply_to,
    request,
    spoken,
    text,
    wav_clip,
    words_of,
)

import ossicle_echo.provider
from ossicle.audio import AudioFormat
from ossicle.errors import (
    AudioReferenceNotFoundError,
    ConfigurationError,
    PluginContractError,
    ProviderConnectionError,
    RateLimitedError,
    RequestRefusedError,
    UnknownModelError,
    UnknownVoiceError,
)
from ossicle.messages import (
    CHAT_AUDIO_ROWS,
    AudioDelta,
    AudioPart,
    AudioReference,
    Finished,
    NamedTool,
    Part,
    ReferenceIssued,
    ReplyFold,
    ReplyStarted,
    Request,
    Tool,
    ToolCallPart,
    ToolResultPart,
    TranscriptDelta,
    UsageReported,
)
from ossicle_echo import EchoProvider, EchoScript
from ossicle_echo.models import MODELS, VOICES
from ossicle_echo.tones import text_to_samples

WEATHER = Tool(name="weather")


def test_docstring_is_true() -> None:
    assert doctest.testmod(ossicle_echo.provider).attempted > 0
    assert doctest.testmod(ossicle_echo.provider).failed == 0


# The five rows of the matrix.


@pytest.mark.parametrize("row", CHAT_AUDIO_ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("stream", [True, False])
def test_every_row_is_answered(row: object, stream: bool) -> None:
    parts: dict[str, tuple[Part, ...]] = {
        "text_to_audio": (text("ping"),),
        "audio_to_both": (spoken("ping"),),
        "audio_to_text": (spoken("ping"),),
        "mixed_to_both": (text("ping"), spoken("pong")),
        "mixed_to_text": (text("ping"), spoken("pong")),
    }
    name = row.name  # type: ignore[attr-defined]  # parametrize gives object
    outputs = row.outputs  # type: ignore[attr-defined]  # parametrize gives object
    asked = request(message(*parts[name]), output="text+audio" if len(outputs) > 1 else "text")
    events = events_of(asked.model_copy(update={"stream": stream}))
    expected = "You said: ping pong" if name.startswith("mixed") else "You said: ping"
    assert words_of(events) == expected
    assert isinstance(events[0], ReplyStarted)
    assert events[-1] == Finished(reason="stop")
    data = audio_bytes(events)
    assert bool(data) == ("audio" in outputs)
    if data:
        assert heard_in(data if stream else data[44:]) == expected


def test_text_to_text_is_no_row_of_a_chat_audio_model() -> None:
    capabilities = EchoProvider().capabilities("chat")
    assert capabilities.row_for("respond", frozenset({"text"}), frozenset({"text"})) is None
    assert capabilities.rows["respond"] == CHAT_AUDIO_ROWS


@settings(deadline=None, max_examples=tried(15))
@given(words=st.text(max_size=60), stream=st.booleans())
def test_spoken_text_is_transcribed_exactly(words: str, stream: bool) -> None:
    provider = EchoProvider()
    say = request(message(text(words)), output="audio", task="speak", model="speak", stream=stream)
    events = events_of(say, provider)
    assert words_of(events) == ""
    data = audio_bytes(events)
    samples = np.frombuffer(data[0 if stream else 44 :], "<i2")[:, None] / np.float32(32767)
    hear = request(
        message(AudioPart(clip=wav_clip(samples.astype(np.float32)))),
        output="text",
        task="transcribe",
        model="transcribe",
        stream=stream,
    )
    assert words_of(events_of(hear, provider)) == words


# Streaming and splitting.


@settings(deadline=None, max_examples=tried(15))
@given(
    words=st.text(max_size=100),
    chunk_bytes=st.integers(1, 20000),
    chunk_chars=st.integers(1, 30),
)
def test_any_split_folds_to_the_whole(words: str, chunk_bytes: int, chunk_chars: int) -> None:
    script = EchoScript(chunk_bytes=max(chunk_bytes, 101), chunk_chars=chunk_chars)
    asked = request(message(text(words)))
    events = events_of(asked, EchoProvider(script=script))
    whole = events_of(asked.model_copy(update={"stream": False}))
    fold = ReplyFold(provider="echo", model="chat")
    for event in events:
        fold.add(event)
    reply = fold.reply()
    assert reply.transcript == words_of(whole) == f"You said: {words}"
    assert reply.audio is not None
    with wave.open(io.BytesIO(audio_bytes(whole))) as reader:
        parameters = (reader.getframerate(), reader.getnchannels(), reader.getsampwidth())
        assert parameters == (24000, 1, 2)
        assert reader.readframes(reader.getnframes()) == reply.audio.read_bytes()
    sizes = {len(event.data) for event in events if isinstance(event, AudioDelta)}
    assert max(sizes) <= script.chunk_bytes
    assert [e for e in events if isinstance(e, UsageReported)] == [
        e for e in whole if isinstance(e, UsageReported)
    ]


def test_stream_cuts_samples_in_half_and_mixes_text_in() -> None:
    events = events_of(request(message(text("one two three four five six"))))
    audio = [event for event in events if isinstance(event, AudioDelta)]
    assert len(audio[0].data) % 2 == 1
    assert {event.format for event in audio} == {AudioFormat.pcm(sample_rate=24000)}
    kinds = [type(event) for event in events]
    last_text = len(kinds) - 1 - kinds[::-1].index(TranscriptDelta)
    assert kinds.index(AudioDelta) < last_text
    assert len([kind for kind in kinds if kind is TranscriptDelta]) > 2


def test_long_text_is_spoken_in_constant_pieces() -> None:
    words = "a fairly long text " * 60
    reply = reply_to(request(message(text(words)), output="audio", task="speak", model="speak"))
    assert reply.audio is not None
    assert heard_in(reply.audio.read_bytes()) == words


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_runs_under_either_loop(backend: str) -> None:
    events = anyio.run(collect, EchoProvider(), request(message(spoken("ping"))), backend=backend)
    assert words_of(events) == "You said: ping"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_stream_can_be_left_early(backend: str) -> None:
    async def leave() -> int:
        seen = 0
        events = EchoProvider().respond(request(message(text("word " * 500))))
        async for event in events:
            seen += isinstance(event, AudioDelta)
            if seen == 2:
                break
        await events.aclose()
        return seen

    assert anyio.run(leave, backend=backend) == 2


def test_waiting_can_be_cancelled() -> None:
    provider = EchoProvider(script=EchoScript(delay_s=1e6))

    async def give_up() -> bool:
        with anyio.move_on_after(0.01) as scope:
            await collect(provider, request(message(text("x"))))
        return scope.cancelled_caught

    assert anyio.run(give_up)


# Hearing.


@pytest.mark.parametrize("sample_rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_accepted_clip_is_heard(sample_rate: int, channels: int) -> None:
    part = spoken("ping", sample_rate=sample_rate, channels=channels)
    accepted = MODELS["chat"].audio_input
    assert accepted is not None
    assert any(rule.accepts(part.clip.format) for rule in accepted.formats)
    assert words_of(events_of(request(message(part), output="text"))) == "You said: ping"


def test_audio_without_tones_is_said_to_be_other_audio() -> None:
    events = events_of(request(message(humming(2.5)), output="text"))
    assert words_of(events) == "I heard 2.5 seconds of other audio."
    events = events_of(request(message(text("hm?"), humming(2.5)), output="text"))
    assert words_of(events) == "You said: hm? (and 2.5 seconds of other audio)"


def test_audio_without_tones_is_transcribed_as_nothing() -> None:
    asked = request(message(humming(1)), output="text", task="transcribe", model="transcribe")
    assert words_of(events_of(asked)) == ""


def test_damaged_tones_are_refused() -> None:
    samples = text_to_samples("x" * 100)
    half = AudioPart(clip=wav_clip(samples[: len(samples) // 2]))
    with pytest.raises(RequestRefusedError, match="damaged") as caught:
        events_of(request(message(half)))
    assert caught.value.billed is False
    assert not caught.value.retryable


# Turns, references, tools.


def test_earlier_turns_are_known() -> None:
    history = [
        message(spoken("My name is Ada")),
        message(text("You said: My name is Ada"), role="assistant"),
    ]
    asked = request(*history, message(spoken("Repeat.")), output="text")
    assert words_of(events_of(asked)) == "Before that you said: My name is Ada"
    asked = request(*history, message(text("turn?"), spoken("")), output="text")
    assert words_of(events_of(asked)) == "This is turn 2."


def test_reference_names_the_audio_of_an_answer_until_it_expires() -> None:
    now = [1000.0]
    provider = EchoProvider(clock=lambda: now[0], script=EchoScript(reference_lifetime_s=60))
    first = reply_to(request(message(text("ping"))), provider)
    assert first.reference is not None
    assert first.reference.expires_at == 1060.0
    assert first.server_time_s == 1000.0
    asked = request(
        message(text("ping")),
        message(AudioReference(provider="echo", id=first.reference.id), role="assistant"),
        message(text("recall"), spoken("")),
        output="text",
    )
    now[0] = 1059.9
    assert reply_to(asked, provider).content == "I said: You said: ping"
    now[0] = 1060.0
    with pytest.raises(AudioReferenceNotFoundError) as caught:
        reply_to(asked, provider)
    assert caught.value.reference_id == first.reference.id
    assert caught.value.message_index == 1


def test_several_answers_stay_known() -> None:
    provider = EchoProvider()
    replies = [reply_to(request(message(text(word))), provider) for word in ("one", "two")]
    history = [message(text("hm"))]
    for reply in replies:
        assert reply.reference is not None
        history.append(message(reply.reference, role="assistant"))
        asked = request(*history, message(text("recall"), spoken("")), output="text")
        assert reply_to(asked, provider).content == f"I said: {reply.transcript}"


def test_reference_of_another_echo_or_after_closing_is_unknown() -> None:
    provider = EchoProvider()
    reply = reply_to(request(message(text("ping"))), provider)
    assert reply.reference is not None
    asked = request(message(reply.reference, role="assistant"), message(text("recall")))
    with pytest.raises(AudioReferenceNotFoundError):
        reply_to(asked)
    reply_to(asked, provider)
    anyio.run(provider.aclose)
    anyio.run(provider.aclose)
    with pytest.raises(AudioReferenceNotFoundError):
        reply_to(asked, provider)


def test_speaking_verbatim_issues_no_reference() -> None:
    events = events_of(request(message(text("x")), output="audio", task="speak", model="speak"))
    assert not any(isinstance(event, ReferenceIssued) for event in events)


def test_reference_of_a_broken_stream_is_not_kept() -> None:
    provider = EchoProvider()
    broken = request(message(text("ping")), provider_options={"cut_at": 4})
    events = events_of(broken, provider)
    (issued,) = (event for event in events if isinstance(event, ReferenceIssued))
    assert issued.id is not None
    reference = AudioReference(provider="echo", id=issued.id)
    with pytest.raises(AudioReferenceNotFoundError):
        reply_to(request(message(reference, role="assistant"), message(text("x"))), provider)


def test_tool_is_called_and_its_result_told() -> None:
    first = message(spoken('call weather {"city": "Köln"}'))
    reply = reply_to(request(first, tools=(WEATHER,)))
    (call,) = reply.tool_calls
    assert (call.name, call.parsed()) == ("weather", {"city": "Köln"})
    assert reply.finish_reason == "tool_calls"
    assert reply.audio is None
    result = ToolResultPart(call_id=call.id, content="sunny")
    called = message(ToolCallPart(call=call), role="assistant")
    reply = reply_to(request(first, called, message(result, role="tool"), tools=(WEATHER,)))
    assert reply.transcript == "The tool said: sunny"


def test_tool_choice_is_obeyed() -> None:
    def calls(words: str, choice: object) -> list[str]:
        asked = request(message(text(words)), tools=(Tool(name="a"), Tool(name="b")))
        reply = reply_to(asked.model_copy(update={"tool_choice": choice}))
        return [call.name for call in reply.tool_calls]

    assert calls("hello", None) == []
    assert calls("hello", "required") == ["a"]
    assert calls("call b", "required") == ["b"]
    assert calls("call b", "none") == []
    assert calls("call a", NamedTool(name="b")) == ["b"]


# Accounting and limits.


def test_usage_follows_from_words_and_seconds() -> None:
    part = humming(2.55)
    asked = request(
        message(text("one two"), part), instructions="be quick now", output="text+audio"
    )
    reply = reply_to(asked)
    assert reply.audio is not None
    assert reply.audio.duration_s is not None
    usage = reply.usage
    assert usage.input_text_tokens == 5
    assert usage.input_audio_tokens == 26
    assert usage.input_tokens == 31
    assert usage.output_text_tokens == len((reply.transcript or "").split())
    assert usage.output_audio_tokens == math.ceil(round(reply.audio.duration_s * 20, 6))
    assert usage.total_tokens == 31 + (usage.output_text_tokens or 0) + (
        usage.output_audio_tokens or 0
    )


def test_answer_is_cut_at_the_limit() -> None:
    events = events_of(request(message(text("one  two three")), max_output_tokens=3))
    assert words_of(events) == "You said: one"
    assert events[-1] == Finished(reason="length")


# Voices and unknown names.


@pytest.mark.parametrize("voice", VOICES)
def test_every_voice_is_understood(voice: str) -> None:
    reply = reply_to(request(message(text("ping")), voice=voice))
    assert reply.audio is not None
    assert heard_in(reply.audio.read_bytes()) == "You said: ping"


def test_voices_differ() -> None:
    asked = [request(message(text("x")), voice=voice) for voice in VOICES]
    assert len({audio_bytes(events_of(one)) for one in asked}) == 3


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownModelError, match="nope"):
        EchoProvider().capabilities("nope")
    with pytest.raises(UnknownModelError, match="nope"):
        events_of(request(message(text("x")), model="nope"))
    with pytest.raises(UnknownVoiceError, match="nope"):
        events_of(request(message(text("x")), voice="nope"))


# Scripts.


def test_options_of_a_request_win_over_the_script() -> None:
    provider = EchoProvider(script=EchoScript(answer="mine", chunk_bytes=999))
    asked = request(message(text("x")), provider_options={"answer": "yours"})
    assert reply_to(asked, provider).transcript == "yours"
    assert reply_to(request(message(text("x"))), provider).transcript == "mine"


def test_unknown_option_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'loud'"):
        events_of(request(message(text("x")), provider_options={"loud": True}))


def test_echo_recovers_after_the_scripted_failures() -> None:
    script = EchoScript(fail_with="rate_limited", fail_times=2, retry_after_s=0.5)
    provider = EchoProvider(script=script)
    for _ in range(2):
        with pytest.raises(RateLimitedError) as caught:
            reply_to(request(message(text("x"))), provider)
        assert caught.value.retryable
        assert caught.value.retry_after_s == 0.5
        assert caught.value.billed is False
    assert reply_to(request(message(text("x"))), provider).transcript == "You said: x"


def test_stream_fails_in_its_middle() -> None:
    seen = []

    async def watch(asked: Request) -> None:
        async for event in EchoProvider().respond(asked):
            seen.append(event)

    options = {"fail_with": "provider_connection", "fail_at": 5}
    with pytest.raises(ProviderConnectionError):
        anyio.run(watch, request(message(text("x")), provider_options=options))
    assert len(seen) == 5


def test_stream_ends_without_a_word() -> None:
    events = events_of(request(message(text("x")), provider_options={"cut_at": 6}))
    assert len(events) == 6
    assert not any(isinstance(event, Finished) for event in events)


def test_second_end_is_refused_by_the_fold() -> None:
    with pytest.raises(PluginContractError, match="after Finished"):
        reply_to(request(message(text("x")), provider_options={"repeat_finished": True}))


def test_audio_can_be_missing_or_mislabelled() -> None:
    omitted = request(message(text("x")), provider_options={"omit_audio": True})
    assert reply_to(omitted).audio is None
    for stream in (True, False):
        asked = request(message(text("x")), provider_options={"mislabel_audio": True})
        events = events_of(asked.model_copy(update={"stream": stream}))
        forms = {event.format for event in events if isinstance(event, AudioDelta)}
        assert forms == {AudioFormat.pcm(sample_rate=16000) if stream else AudioFormat.named("mp3")}


def test_delays_are_waited_where_the_script_says() -> None:
    waits: list[float] = []

    async def sleep(wait_s: float) -> None:
        waits.append(wait_s)

    provider = EchoProvider(script=EchoScript(delay_s=3, pause_s=0.5), sleep=sleep)
    events = events_of(request(message(spoken("x")), output="text"), provider)
    assert waits == [3.0, *[0.5] * (len(events) - 1)]
