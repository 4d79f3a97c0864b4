from __future__ import annotations

from contextlib import aclosing
from typing import Any

import anyio
import numpy as np
import pytest
from tests.providers.calls import collect
from tests.providers.openai.vendor import ask, ask_once, fake, with_provider
from tests.providers.openai.wire import OPENAI, asking, wav

from ossicle.abc import ProviderSettings
from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import (
    AudioReferenceNotFoundError,
    AuthenticationError,
    ConfigurationError,
    DeadlineExceededError,
    MissingKeyError,
    ModelNotFoundError,
    UnsupportedModalityError,
)
from ossicle.messages import (
    AudioDelta,
    AudioPart,
    Message,
    NamedTool,
    Part,
    Reply,
    ReplyFold,
    ReplyStarted,
    Request,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from ossicle_openai.catalogue import record_for
from ossicle_openai.endpoint import find_endpoint
from ossicle_openai.exchange import Exchange
from ossicle_openai.options import CallOptions
from ossicle_openai.provider import OpenAIProvider
from ossicle_openai.response_audio import PCM16
from ossicle_openai.transcribing import transcribe_events
from ossicle_testing.vendors.tones import tone_ear, tone_voice

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
BOTH = frozenset({"text", "audio"})
WAV = AudioFormat.named("wav", sample_rate=24_000, channels=1)


def said(text: str) -> AudioPart:
    pcm = (np.clip(tone_voice(text), -1, 1) * 32767).astype("<i2").tobytes()
    return AudioPart(clip=AudioClip.from_bytes(wav(pcm)))


def user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)


def heard(reply: Reply) -> str:
    assert reply.audio is not None
    facts = reply.audio.facts
    start = facts.data_offset or 0
    data = reply.audio.read_bytes()[start : start + (facts.data_bytes or 0)]
    samples = np.frombuffer(data, "<i2").astype(np.float32) * np.float32(1 / 32768)
    return tone_ear(samples, 24_000)


ROWS = [
    ((TextPart(text="Hello"),), BOTH),
    ((said("Hello"),), BOTH),
    ((said("Hello"),), frozenset({"text"})),
    ((TextPart(text="Hello"), said("you")), BOTH),
    ((said("you"), TextPart(text="Hello"), said("there")), frozenset({"text"})),
]


@BACKENDS
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("parts", "output"), ROWS)
def test_every_row_of_the_modality_matrix(
    parts: tuple[Part, ...], output: frozenset[Any], stream: bool, backend: str
) -> None:
    request = asking(
        messages=(user(*parts),),
        output=output,
        output_format=(PCM16 if stream else WAV) if "audio" in output else None,
        stream=stream,
    )
    with fake() as vendor:
        reply = ask_once(vendor.base_url, request, backend=backend)
        (entry,) = vendor.ledger.executed
    assert reply.text.startswith("You said: ")
    assert "Hello" in reply.text
    if "audio" in output:
        assert heard(reply) == reply.transcript
        assert reply.content is None
        assert reply.reference is not None
        assert reply.reference.expires_at is not None
        # An hour by the vendor's clock.
        assert reply.reference.expires_at - entry.received_at == pytest.approx(3600, abs=5)
    else:
        assert reply.audio is None
    assert reply.usage.input_tokens == entry.bill.input_tokens
    assert reply.usage.output_audio_tokens == entry.bill.output_audio_tokens
    assert reply.request_id is not None
    assert reply.finish_reason == "stop"


@pytest.mark.parametrize("name", ["wav", "mp3", "flac", "opus", "pcm16"])
def test_every_format_of_a_whole_answer(name: str) -> None:
    form = PCM16 if name == "pcm16" else AudioFormat.named(name)
    with fake() as vendor:
        reply = ask_once(vendor.base_url, asking(output=BOTH, output_format=form))
    assert reply.audio is not None
    assert reply.audio.format.container == form.container


@BACKENDS
def test_a_conversation_goes_on_by_reference_and_a_dead_one_names_its_turn(backend: str) -> None:
    async def talk(provider: OpenAIProvider) -> None:
        first = await ask(provider, asking("My name is Ann", output=BOTH, output_format=WAV))
        assert first.reference is not None
        history = (
            user(TextPart(text="My name is Ann")),
            Message(role="assistant", parts=(first.reference,)),
            user(TextPart(text="Go on")),
        )
        second = asking(messages=history, output=BOTH, output_format=WAV, instructions="Be brief.")
        assert (await ask(provider, second)).audio is not None
        vendor.forget()
        with pytest.raises(AudioReferenceNotFoundError) as caught:
            await ask(provider, second)
        assert caught.value.message_index == 1
        assert caught.value.reference_id == first.reference.id

    with fake() as vendor:
        with_provider(vendor.base_url, talk, backend=backend)


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_and_answered(stream: bool) -> None:
    tool = Tool(
        name="look",
        parameters={"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
    )
    question = user(TextPart(text="Please have a look"))
    asking_more: dict[str, Any] = {
        "tools": (tool,),
        "output": BOTH,
        "output_format": PCM16 if stream else WAV,
        "stream": stream,
    }
    with fake(tool_talk="One moment.") as vendor:
        first = ask_once(
            vendor.base_url,
            asking(messages=(question,), tool_choice=NamedTool(name="look"), **asking_more),
        )
        (call,) = first.tool_calls
        assert "at" in call.parsed()
        assert first.finish_reason == "tool_calls"
        assert first.transcript == "One moment."
        assert first.audio is not None
        messages = (
            question,
            Message(role="assistant", parts=(ToolCallPart(call=call),)),
            Message(role="tool", parts=(ToolResultPart(call_id=call.id, content="a door"),)),
        )
        second = ask_once(
            vendor.base_url, asking(messages=messages, tool_choice="auto", **asking_more)
        )
    assert second.audio is not None
    assert not second.tool_calls


@pytest.mark.parametrize("model", ["gpt-4o-mini-tts", "tts-1"])
@pytest.mark.parametrize("stream", [False, True])
def test_speech(model: str, stream: bool) -> None:
    backend = "trio" if stream else "asyncio"
    request = asking(
        "Good morning.",
        task="speak",
        model=model,
        output=frozenset({"audio"}),
        output_format=PCM16 if stream else WAV,
        stream=stream,
    )
    with fake() as vendor:
        reply = ask_once(vendor.base_url, request, backend=backend)
        (entry,) = vendor.ledger.executed
    assert heard(reply) == "Good morning."
    if model == "tts-1":
        assert reply.usage.characters == entry.bill.characters == 13
    elif stream:
        assert reply.usage.output_audio_tokens == entry.bill.output_audio_tokens


@pytest.mark.slow
def test_a_long_text_is_spoken_in_pieces_that_join() -> None:
    text = " ".join(f"This is sentence number {number} of a long text." for number in range(120))
    request = asking(text, task="speak", model="tts-1", output=frozenset({"audio"}),
                     output_format=AudioFormat.named("mp3"))  # fmt: skip
    with fake() as vendor:
        reply = ask_once(vendor.base_url, request)
        assert len(vendor.ledger.executed) == 2
        assert reply.usage.characters == vendor.ledger.total.characters
    assert reply.audio is not None
    assert reply.audio.format == PCM16
    assert heard(reply) == text


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_model_reads_a_text_aloud(stream: bool) -> None:
    backend = "trio" if stream else "asyncio"
    request = asking(
        "The sky is blue today.",
        task="speak",
        output=frozenset({"audio"}),
        output_format=PCM16 if stream else WAV,
        stream=stream,
    )

    def read(turns: Any) -> str:
        return str(turns[-1][1])

    with fake(chat_model=read) as vendor:
        reply = ask_once(vendor.base_url, request, backend=backend)
    assert heard(reply) == "The sky is blue today."
    assert reply.reference is None
    with fake() as vendor, pytest.raises(Exception, match="as it stands") as caught:
        ask_once(vendor.base_url, request, backend=backend)
    assert "sky" not in str(caught.value)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "model", ["gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-transcribe-diarize", "whisper-1"]
)
def test_transcription(model: str, stream: bool) -> None:
    backend = "trio" if stream else "asyncio"
    request = asking(
        task="transcribe", model=model, messages=(user(said("Good morning")),), stream=stream
    )
    with fake() as vendor:
        reply = ask_once(vendor.base_url, request, backend=backend)
        (entry,) = vendor.ledger.executed
    assert (reply.content or "").strip() == "Good morning"
    if model in ("whisper-1", "gpt-4o-transcribe-diarize"):
        assert reply.segments[0].start_s is not None
    if reply.usage.input_audio_s is not None:
        assert entry.bill.seconds > 0
    else:
        assert reply.usage.input_tokens == entry.bill.input_tokens


@BACKENDS
def test_a_long_recording_is_cut_at_silence_and_told_as_one(backend: str) -> None:
    words = ("Good morning", "how are you", "good bye")
    pause = np.zeros(24_000 * 6, np.float32)
    sound = np.concatenate([part for text in words for part in (tone_voice(text), pause)])
    pcm = (sound.clip(-1, 1) * 32767).astype("<i2").tobytes()
    clip = AudioClip.from_bytes(wav(pcm))
    model = record_for("whisper-1", OPENAI)
    assert model.transcription is not None
    facts = model.transcription.model_copy(update={"max_duration_s": 15.5, "max_bytes": 300_000})
    record = model.model_copy(update={"transcription": facts})
    request = asking(task="transcribe", model="whisper-1", messages=(user(AudioPart(clip=clip)),))

    async def main(url: str) -> Reply:
        settings = ProviderSettings(base_url=url)
        exchange = Exchange(find_endpoint(settings, environment={}))
        folding = ReplyFold(provider="openai", model="whisper-1")
        events = transcribe_events(exchange, request, options=CallOptions(), record=record)
        async with aclosing(events):
            async for event in events:
                folding.add(event)
        await exchange.aclose()
        return folding.reply()

    with fake() as vendor:
        reply = anyio.run(main, vendor.base_url, backend=backend)
        assert len(vendor.ledger.executed) == 4
        assert reply.usage.input_audio_s == pytest.approx(vendor.ledger.total.seconds, abs=4)
    assert (reply.content or "").split() == " ".join(words).split()
    starts = [segment.start_s for segment in reply.segments if segment.start_s is not None]
    assert starts == sorted(starts)
    # The last words are spoken 13.4 s from the start of the whole.
    assert 10.0 < starts[-1] < 13.5


def test_forbidden_and_missing_things_are_told_before_a_byte_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)

    async def without_key() -> None:
        provider = OpenAIProvider(ProviderSettings())
        assert provider.capabilities("gpt-audio-1.5").model == "gpt-audio-1.5"
        with pytest.raises(MissingKeyError):
            await collect(provider, asking(output=BOTH))
        await provider.aclose()

    anyio.run(without_key)
    with fake() as vendor:
        with pytest.raises(UnsupportedModalityError):
            ask_once(vendor.base_url, asking(), profile="openai")
        assert vendor.ledger.entries == ()


def test_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> Reply:
        provider = OpenAIProvider(ProviderSettings())
        try:
            return await ask(provider, asking(output=BOTH, output_format=PCM16, stream=True))
        finally:
            await provider.aclose()

    with fake() as vendor:
        monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "x")
        assert heard(anyio.run(main)) == "You said: Hello"


def test_a_wrong_key_and_a_model_that_ended() -> None:
    with fake(keys=["sk-other"]) as vendor, pytest.raises(AuthenticationError) as caught:
        ask_once(vendor.base_url, asking(output=BOTH))
    assert "cdef" not in str(caught.value)
    gone = asking(model="gpt-4o-audio-preview", output=BOTH)
    with fake() as vendor, pytest.raises(ModelNotFoundError, match=r"gpt-audio-1\.5"):
        ask_once(vendor.base_url, gone)


def test_a_deadline_that_has_passed_sends_nothing() -> None:
    async def late(provider: OpenAIProvider) -> None:
        request = asking(output=BOTH, deadline=anyio.current_time() - 1)
        with pytest.raises(DeadlineExceededError):
            await collect(provider, request)

    with fake() as vendor:
        with_provider(vendor.base_url, late)
        assert vendor.ledger.entries == ()


@BACKENDS
def test_leaving_early_and_being_cancelled_free_the_connection(backend: str) -> None:
    long = "a long text that takes some time to say " * 20

    async def leave(provider: OpenAIProvider) -> None:
        request = asking(long, output=BOTH, output_format=PCM16, stream=True)
        for _ in range(3):
            async with aclosing(provider.respond(request)) as events:  # type: ignore[type-var]
                async for event in events:
                    if isinstance(event, AudioDelta):
                        break
        with anyio.move_on_after(0.01):
            await collect(provider, request)
        assert (await ask(provider, asking(output=BOTH))).audio is not None

    with fake() as vendor:
        with_provider(vendor.base_url, leave, backend=backend)


def test_connections_are_used_again() -> None:
    async def twice(provider: OpenAIProvider) -> None:
        for stream in (True, False, True):
            request = asking(output=BOTH, output_format=PCM16, stream=stream)
            assert (await ask(provider, request)).audio is not None

    with fake() as vendor:
        with_provider(vendor.base_url, twice)
        assert vendor.connections == 1


def test_the_answer_starts_with_what_the_headers_tell() -> None:
    with fake() as vendor:
        events = with_provider(
            vendor.base_url, lambda provider: collect(provider, asking(output=BOTH))
        )
    assert isinstance(events[0], ReplyStarted)
    assert events[0].request_id is not None


PROFILES = [
    ("openrouter", "respond", True),
    ("openrouter-lyria", "respond", True),
    ("qwen-omni", "respond", True),
    ("vllm-omni", "respond", True),
    ("speaches", "respond", True),
    ("localai", "respond", False),
    ("azure", "respond", True),
    ("mistral", "speak", True),
    ("openrouter", "speak", True),
    ("localai", "speak", True),
    ("speaches", "speak", True),
    ("vllm", "transcribe", False),
    ("groq", "transcribe", False),
    ("localai", "transcribe", False),
    ("speaches", "transcribe", False),
    ("openrouter", "transcribe", False),
    ("mistral", "transcribe", False),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("quirks", "task", "speaks"), PROFILES)
def test_servers_that_speak_the_protocol_their_own_way(
    quirks: str, task: str, speaks: bool, stream: bool
) -> None:
    profile = quirks.removesuffix("-lyria")
    models = {"respond": "some-omni", "speak": "some-tts", "transcribe": "some-whisper"}
    fields: dict[str, Any] = {"task": task, "model": models[task], "stream": stream}
    if speaks:
        fields["output"] = BOTH if task == "respond" else frozenset({"audio"})
        fields["output_format"] = PCM16 if stream else WAV
        if quirks == "openrouter" and task == "speak":
            fields["output_format"] = PCM16
    if task == "transcribe" or not speaks:
        fields["messages"] = (user(said("Hello")),)
    request: Request = asking("Hello", **fields)
    with fake(quirks=quirks) as vendor:
        reply = ask_once(vendor.base_url, request, profile=profile)
    assert "Hello" in (reply.text or (heard(reply) if task == "speak" else ""))
    if speaks:
        assert reply.audio is not None
        if quirks == "openrouter-lyria":
            assert reply.audio.format.container == "mp3"
        else:
            assert heard(reply).endswith("Hello")


def test_azure_by_deployment() -> None:
    with fake(quirks="azure") as vendor:
        reply = ask_once(
            vendor.url,
            asking(output=BOTH, output_format=WAV),
            profile="azure",
            api_version="2025-04-01-preview",
        )
        assert vendor.ledger.entries[0].path.startswith("/openai/deployments/gpt-audio-1.5/chat")
    assert heard(reply) == "You said: Hello"


@pytest.mark.parametrize("model", [".", "..", "%2e%2e"])
def test_a_deployment_of_dots_chooses_no_other_endpoint(model: str) -> None:
    with fake(quirks="azure") as vendor:
        with pytest.raises(ConfigurationError, match="cannot name a deployment"):
            ask_once(
                vendor.url,
                asking(model=model, output=BOTH, output_format=WAV),
                profile="azure",
                api_version="2025-04-01-preview",
            )
        assert not vendor.ledger.entries
