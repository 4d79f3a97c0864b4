from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import pytest
from pydantic import SecretStr
from tests.providers.calls import collect
from tests.providers.gemini.vendor import KEY, ask, ask_once, fake, with_provider
from tests.providers.gemini.wire import (
    CHAT,
    OLD_SPEECH,
    SPEECH,
    asking,
    heard,
    response,
    said,
    speaking,
    sse,
    transcribing,
    user,
)

from ossicle.abc import ProviderSettings
from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioLimitError,
    AudioMissingError,
    AuthenticationError,
    ConfigurationError,
    ContentRefusedError,
    DeadlineExceededError,
    InvalidReplyError,
    MissingKeyError,
    ModelNotFoundError,
    UnknownModelError,
    UnsupportedFeatureError,
)
from ossicle.messages import (
    AudioDelta,
    Message,
    NamedTool,
    Part,
    TextDelta,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from ossicle_gemini.provider import GeminiProvider
from ossicle_gemini.response_audio import PCM16
from ossicle_testing.vendors import FakeVendor, Fault, FaultKind, LedgerEntry, Response

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
LOOK = Tool(
    name="look",
    description="Look at something.",
    parameters={"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
)

ROWS: list[tuple[Part, ...]] = [
    (TextPart(text="Hello"),),
    (said("Hello"),),
    (TextPart(text="Hello"), said("you")),
    (said("you"), TextPart(text="Hello"), said("there")),
]


@BACKENDS
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("parts", ROWS)
def test_every_row_of_the_modality_matrix(
    parts: tuple[Part, ...], stream: bool, backend: str
) -> None:
    with fake(thoughts=12) as vendor:
        request = asking(messages=(user(*parts),), stream=stream)
        reply = ask_once(vendor.base_url, request, backend=backend)
        (entry,) = vendor.ledger.executed
    words = [part.text if isinstance(part, TextPart) else None for part in parts]
    assert reply.text.startswith("You said: ")
    assert "Hello" in reply.text
    assert len(reply.text.split()) == 2 + len(words)
    assert (reply.audio, reply.reference, reply.finish_reason) == (None, None, "stop")
    bill, usage = entry.bill, reply.usage
    assert usage.input_tokens == bill.input_tokens
    assert (usage.input_audio_tokens or 0) == bill.input_audio_tokens
    assert (usage.input_text_tokens or 0) == bill.input_text_tokens
    assert usage.output_tokens == usage.output_text_tokens == bill.output_text_tokens
    assert reply.model == CHAT
    assert reply.id
    assert reply.server_time_s is None


@BACKENDS
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [SPEECH, OLD_SPEECH])
def test_speech_is_raw_little_endian_pcm_in_every_voice(
    model: str, stream: bool, backend: str
) -> None:
    with fake() as vendor:
        for voice in ("Kore", "Puck", None):
            request = speaking("Good morning.", model=model, voice=voice, stream=stream)
            reply = ask_once(vendor.base_url, request, backend=backend)
            assert heard(reply) == "Good morning."
            assert reply.audio is not None
            assert reply.audio.format.sample_rate == 24_000
        bill = vendor.ledger.executed[-1].bill
    assert reply.usage.output_audio_tokens == bill.output_audio_tokens > 0
    assert reply.usage.input_text_tokens == bill.input_text_tokens


def test_a_style_stands_beside_the_text_or_before_it() -> None:
    with fake() as vendor:
        new = speaking("Hello.", instructions="Whisper", language="en-US")
        old = speaking("Hello.", instructions="Say cheerfully:", model=OLD_SPEECH)
        assert heard(ask_once(vendor.base_url, new)) == "Hello."
        assert heard(ask_once(vendor.base_url, old)) == "Say cheerfully:\nHello."


def test_speech_may_come_as_a_wav_file_although_samples_were_expected() -> None:
    with fake(whole_wav=True) as vendor:
        events = with_provider(
            vendor.base_url, lambda provider: collect(provider, speaking("Good morning."))
        )
        reply = ask_once(vendor.base_url, speaking("Good morning."))
    (audio,) = [event for event in events if isinstance(event, AudioDelta)]
    assert audio.format.container == "wav"
    assert heard(reply) == "Good morning."


def test_a_designed_voice_and_a_voice_that_nobody_has() -> None:
    with fake() as vendor:
        assert ask_once(vendor.base_url, speaking("Hello", voice="voice_123")).audio
        with pytest.raises(Exception, match="Voice name Nobody"):
            ask_once(vendor.base_url, speaking("Hello", voice="Nobody"))


def test_a_temperature_is_refused_where_the_model_would_refuse_it() -> None:
    with fake() as vendor:
        with pytest.raises(UnsupportedFeatureError, match="temperature"):
            ask_once(vendor.base_url, speaking("Hello", temperature=0.7))
        assert ask_once(vendor.base_url, speaking("Hello", temperature=0.7, model=OLD_SPEECH)).audio
        assert len(vendor.ledger) == 1


@BACKENDS
def test_transcription(backend: str) -> None:
    with fake() as vendor:
        reply = ask_once(
            vendor.base_url, transcribing(said("Good morning all"), language="en"), backend=backend
        )
        (entry,) = vendor.ledger.executed
    assert reply.text == "Good morning all"
    assert reply.usage.input_audio_tokens == entry.bill.input_audio_tokens > 0
    assert not reply.segments


def test_words_with_times_and_speakers() -> None:
    options = {"word_timestamps": True, "diarization": True, "vocabulary": ["Ossicle"]}
    part = said("Good morning all")
    with fake() as vendor:
        reply = ask_once(vendor.base_url, transcribing(part, provider_options={"gemini": options}))
    assert reply.text == "Good morning all"
    assert reply.language == "en-US"
    whole, *words = reply.segments
    assert (whole.text, whole.speaker, whole.is_word) == ("Good morning all", "spk_1", False)
    assert [word.text for word in words] == ["Good", "morning", "all"]
    assert all(word.is_word and word.speaker == "spk_1" for word in words)
    assert words[0].start_s == 0.0
    assert words[-1].end_s == pytest.approx(part.clip.duration_s, abs=1e-3)


@BACKENDS
@pytest.mark.parametrize("names_calls", [True, False])
@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_and_answered(stream: bool, names_calls: bool, backend: str) -> None:
    async def talk(provider: GeminiProvider) -> None:
        how: dict[str, Any] = {"tools": (LOOK,), "stream": stream}
        question = user(said("please look"))
        first = await ask(provider, asking(messages=(question,), **how))
        (call,) = first.tool_calls
        assert call.parsed() == {"at": "please look"}
        assert first.finish_reason == "tool_calls"
        messages = (
            question,
            Message(role="assistant", parts=(ToolCallPart(call=call),)),
            Message(role="tool", parts=(ToolResultPart(call_id=call.id, content="a door"),)),
        )
        second = await ask(provider, asking(messages=messages, **how))
        assert second.text == "The tool said: a door"
        assert not second.tool_calls
        # The same by another process, which knows no signature.
        with_new = GeminiProvider(_settings(vendor.base_url))
        assert (await ask(with_new, asking(messages=messages, **how))).text == second.text
        await with_new.aclose()

    with fake(names_calls=names_calls) as vendor:
        with_provider(vendor.base_url, talk, backend=backend)


def _settings(url: str) -> ProviderSettings:
    return ProviderSettings(base_url=url, api_key=SecretStr(KEY))


def test_two_tools_at_once_are_answered_together() -> None:
    wait = LOOK.model_copy(update={"name": "wait"})

    async def talk(provider: GeminiProvider) -> None:
        question = user(TextPart(text="look and wait"))
        first = await ask(provider, asking(messages=(question,), tools=(LOOK, wait)))
        assert [call.name for call in first.tool_calls] == ["look", "wait"]
        assert len({call.id for call in first.tool_calls}) == 2
        messages = (
            question,
            first.message,
            *(
                Message(role="tool", parts=(ToolResultPart(call_id=call.id, content=call.name),))
                for call in first.tool_calls
            ),
        )
        second = await ask(provider, asking(messages=messages, tools=(LOOK, wait)))
        assert second.text == "The tool said: look wait"

    with fake() as vendor:
        with_provider(vendor.base_url, talk)


@pytest.mark.parametrize(
    ("choice", "called"),
    [(NamedTool(name="look"), 1), ("required", 1), ("none", 0), ("auto", 0), (None, 0)],
)
def test_a_tool_choice_is_obeyed(choice: Any, called: int) -> None:
    with fake() as vendor:
        reply = ask_once(vendor.base_url, asking(tools=(LOOK,), tool_choice=choice))
    assert len(reply.tool_calls) == called


def test_instructions_limits_and_sampling_arrive() -> None:
    request = asking(
        "one two three four five six seven eight nine",
        instructions="Be brief.",
        max_output_tokens=4,
        temperature=0.5,
        seed=7,
        provider_options={"top_k": 3, "stop": ["END"], "thinking_level": "low"},
    )
    with fake() as vendor:
        reply = ask_once(vendor.base_url, request)
    assert reply.finish_reason == "length"
    assert reply.text == "You said: one tw"


@pytest.mark.parametrize("stream", [False, True])
def test_a_blocked_prompt_and_a_blocked_answer(stream: bool) -> None:
    with fake(blocks={"bomb": "PROHIBITED_CONTENT"}, endings={"sad": "SAFETY"}) as vendor:
        for word, code in (("bomb", "PROHIBITED_CONTENT"), ("sad", "SAFETY")):
            with pytest.raises(ContentRefusedError) as caught:
                ask_once(vendor.base_url, asking(f"a {word} story", stream=stream))
            assert caught.value.vendor_code == code
            assert not caught.value.retryable
            assert "story" not in str(caught.value)


@pytest.mark.parametrize("stream", [False, True])
def test_speech_without_sound_is_an_error_however_it_ends(stream: bool) -> None:
    with fake(endings={"mute": "OTHER", "short": "MAX_TOKENS"}) as vendor:
        with pytest.raises(InvalidReplyError, match="empty"):
            ask_once(vendor.base_url, speaking("mute", stream=stream))
        with pytest.raises(AudioMissingError):
            ask_once(vendor.base_url, speaking("short", stream=stream))


def test_a_wrong_key_no_key_and_an_unknown_model() -> None:
    with fake(keys=[KEY]) as vendor:
        with pytest.raises(AuthenticationError) as caught:
            ask_once(vendor.base_url, asking(), key="AIzaSyWrong-0123456789")
        assert caught.value.vendor_code == "API_KEY_INVALID"
        assert "AIza" not in str(caught.value)
        with pytest.raises(MissingKeyError):
            ask_once(vendor.base_url, asking(), key=" ")
        with pytest.raises(ModelNotFoundError):
            ask_once(vendor.base_url, asking(model="gemini-9-flash"))
        assert not vendor.ledger.executed


@BACKENDS
def test_a_deadline_that_has_passed_sends_nothing(backend: str) -> None:
    async def late(provider: GeminiProvider) -> None:
        with pytest.raises(DeadlineExceededError):
            await ask(provider, asking(deadline=anyio.current_time() - 1))

    with fake() as vendor:
        with_provider(vendor.base_url, late, backend=backend)
        assert len(vendor.ledger) == 0


@pytest.mark.slow
@BACKENDS
def test_a_silent_vendor_is_waited_for_no_longer_than_the_deadline(backend: str) -> None:
    async def wait(provider: GeminiProvider) -> None:
        with anyio.fail_after(20), pytest.raises(AmbiguousOutcomeError):
            await ask(provider, asking(deadline=anyio.current_time() + 1.0))

    with fake(FaultKind.NO_ANSWER) as vendor:
        with_provider(vendor.base_url, wait, backend=backend, read_timeout_s=60.0)


def test_the_end_mark_that_gateways_add_is_passed_over() -> None:
    body = sse([response({"text": "Well"}, finish="STOP")]) + b"data: [DONE]\n\n"
    head = (("content-type", "text/event-stream"),)
    route = Response(headers=head, body=(body,), executed=True)
    path = f"/v1beta/models/{CHAT}:streamGenerateContent"
    with FakeVendor({("POST", path): lambda request: route}) as server:
        assert ask_once(server.url, asking(stream=True)).text == "Well"


def any_complete(entries: Sequence[LedgerEntry]) -> bool:
    return any(entry.complete for entry in entries)


@BACKENDS
def test_cancelling_frees_the_connection_and_the_provider_goes_on(backend: str) -> None:
    async def cancel(provider: GeminiProvider) -> None:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask, provider, asking())
                arrived = partial(vendor.ledger.wait_for, lambda entries: any_complete(entries))
                assert await anyio.to_thread.run_sync(arrived)
                scope.cancel()
        assert scope.cancelled_caught
        assert (await ask(provider, asking())).text == "You said: Hello"

    with fake(FaultKind.NO_ANSWER) as vendor:
        with_provider(vendor.base_url, cancel, backend=backend)
        assert vendor.ledger.wait_idle(n_entries=2)
        assert vendor.ledger.entries[0].aborted


@BACKENDS
def test_leaving_a_stream_early_frees_the_connection(backend: str) -> None:
    async def leave(provider: GeminiProvider) -> None:
        request = speaking("A rather long text, spoken in many pieces.", stream=True)
        async with aclosing(provider.respond(request)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, AudioDelta):
                    break
        assert (await ask(provider, asking())).text == "You said: Hello"

    with fake(Fault(kind=FaultKind.BANDWIDTH, bytes_per_s=400_000)) as vendor:
        with_provider(vendor.base_url, leave, backend=backend)
        assert vendor.ledger.wait_idle(n_entries=2)


def test_one_connection_serves_one_call_after_the_other() -> None:
    async def twice(provider: GeminiProvider) -> None:
        for stream in (True, False, True):
            await ask(provider, asking(stream=stream))

    with fake() as vendor:
        with_provider(vendor.base_url, twice)
        assert vendor.connections == 1


def test_a_stream_comes_in_pieces() -> None:
    with fake() as vendor:
        events = with_provider(
            vendor.base_url, lambda provider: collect(provider, asking("Hello you", stream=True))
        )
        sound = with_provider(
            vendor.base_url, lambda provider: collect(provider, speaking("Hello", stream=True))
        )
    assert len([event for event in events if isinstance(event, TextDelta)]) > 1
    pieces = [event for event in sound if isinstance(event, AudioDelta)]
    assert len(pieces) > 1
    assert {piece.format for piece in pieces} == {PCM16}
    assert any(len(piece.data) % 2 for piece in pieces)


def test_a_request_that_is_too_large_is_not_sent() -> None:
    with fake() as vendor:
        with pytest.raises(AudioLimitError) as caught:
            ask_once(
                vendor.base_url,
                asking(messages=(user(said("Hello")),)),
                max_request_bytes=10_000,
            )
        assert len(vendor.ledger) == 0
    assert caught.value.allowed == 10_000


def test_extra_fields_go_along_and_wrong_options_do_not() -> None:
    with fake() as vendor:
        with pytest.raises(Exception, match='Unknown name "novelty"'):
            ask_once(
                vendor.base_url,
                asking(provider_options={"extra_body": {"generationConfig": {"novelty": 1}}}),
            )
        with pytest.raises(ConfigurationError, match="top_k"):
            ask_once(vendor.base_url, asking(provider_options={"top_k": 0}))


def test_safety_settings_arrive() -> None:
    settings = {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"}
    with fake() as vendor:
        assert ask_once(
            vendor.base_url, asking(provider_options={"safety_settings": settings})
        ).text


@pytest.mark.parametrize("model", [".", "..", "models/..", "%2e%2e", "a/../b", "models/models/x"])
def test_a_model_of_dots_chooses_no_other_endpoint(model: str) -> None:
    with fake() as vendor:
        with pytest.raises((UnknownModelError, ModelNotFoundError)):
            ask_once(vendor.base_url, asking(model=model))
        for entry in vendor.ledger.entries:
            assert entry.path.startswith("/v1beta/models/")
            assert entry.path.count("/") == 3
