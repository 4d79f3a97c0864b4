"""The client from end to end, with the echo: what is said comes back, whatever the way."""

from __future__ import annotations

import io
import threading
import traceback
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from ossicle import (
    SPEECH,
    AsyncClient,
    AudioClip,
    AudioDelta,
    Client,
    Finished,
    Message,
    Pcm,
    PipelineSettings,
    TextPart,
    Tool,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
    TranscriptDelta,
)
from ossicle.errors import (
    AudioMissingError,
    ConfigurationError,
    DeadlineExceededError,
    FileAccessError,
    MalformedAudioError,
    ProviderUnavailableError,
    QualityRefusedError,
    StreamIncompleteError,
    UnknownProviderError,
    UnknownVoiceError,
    UnsupportedFeatureError,
    UnsupportedFormatError,
    UnsupportedModalityError,
)
from ossicle.messages import Modality

SENTENCE = "The ossicles are three small bones."


@pytest.fixture(scope="module")
def client() -> object:
    with Client("echo") as made:
        yield made


@pytest.fixture(scope="module")
def spoken(client: Client) -> AudioClip:
    """The sentence as audio."""
    audio = client.speak(SENTENCE).audio
    assert audio is not None
    return audio


def heard_by(client: Client, clip: AudioClip | None) -> str:
    assert clip is not None
    return client.transcribe(clip).text


def test_text_to_audio(client: Client) -> None:
    reply = client.respond(SENTENCE)
    assert reply.text == f"You said: {SENTENCE}"
    assert heard_by(client, reply.audio) == reply.text


@pytest.mark.parametrize("output", [{"text"}, {"text", "audio"}])
@pytest.mark.parametrize("text", [None, "Listen."])
def test_audio_alone_or_with_text_to_text_or_both(
    client: Client, spoken: AudioClip, output: set[Modality], text: str | None
) -> None:
    reply = client.respond(text, audio=spoken, output=output)
    assert SENTENCE in reply.text
    assert reply.heard == SENTENCE
    assert (reply.audio is not None) == ("audio" in output)
    if reply.audio is not None:
        assert heard_by(client, reply.audio) == reply.text


def test_text_to_text_is_refused_with_the_fix(client: Client) -> None:
    with pytest.raises(UnsupportedModalityError, match="Ask for audio as well"):
        client.respond("hello", output={"text"})


@pytest.mark.parametrize("name", ["wav", "mp3", "flac", "opus", "aac", "pcm16", "mulaw", "alaw"])
def test_every_output_format_still_carries_the_text(client: Client, name: str) -> None:
    reply = client.respond("hi there", output_format=name)
    assert reply.audio is not None
    assert reply.audio.format.name == name
    assert heard_by(client, reply.audio) == "You said: hi there"


@pytest.mark.parametrize("name", [None, "wav", "mp3", "flac", "opus", "aac"])
def test_a_stream_carries_the_same_and_ends_with_finished(client: Client, name: str | None) -> None:
    with client.stream("hi there", output_format=name) as stream:
        events = list(stream)
    assert isinstance(events[-1], Finished)
    words = "".join(event.text for event in events if isinstance(event, TranscriptDelta))
    assert words == "You said: hi there"
    data = b"".join(event.data for event in events if isinstance(event, AudioDelta))
    assert stream.reply.audio is not None
    if name != "wav":  # a stream's header cannot know the length; the reply's is repaired
        assert stream.reply.audio.read_bytes() == data
    assert heard_by(client, stream.reply.audio) == words
    if name is not None:
        assert heard_by(client, AudioClip.from_bytes(data)) == words


@pytest.mark.slow
def test_mp3_comes_while_the_answer_is_still_spoken(client: Client) -> None:
    slowly = {"echo": {"pause_s": 0.005}}
    with client.stream("a " * 60, output_format="mp3", provider_options=slowly) as stream:
        audio_events = [event for event in stream if isinstance(event, AudioDelta)]
    assert len(audio_events) > 3


def test_audio_may_be_a_path_bytes_a_file_a_clip_or_a_list(
    client: Client, spoken: AudioClip, tmp_path: Path
) -> None:
    path = spoken.save(tmp_path / "question.bin")
    data = spoken.read_bytes()
    for source in (path, str(path), data, bytearray(data), io.BytesIO(data), spoken):
        assert client.respond(audio=source, output={"text"}).heard == SENTENCE
    both = client.respond(audio=[spoken, path], output={"text"})
    assert both.heard == f"{SENTENCE}\n{SENTENCE}"


def test_a_clip_in_another_format_is_converted_and_the_receipt_says_so(
    client: Client, spoken: AudioClip
) -> None:
    flac = client.speak(SENTENCE, output_format="flac").audio
    assert flac is not None
    reply = client.respond(audio=flac, output={"text"})
    assert reply.heard == SENTENCE
    assert reply.receipt is not None
    record = reply.receipt.inputs[0]
    assert [step.action for step in record.steps] == ["decode", "encode"]
    assert "flac" in record.source
    assert "wav" in record.result
    untouched = client.respond(audio=spoken, output={"text"}).receipt
    assert untouched is not None
    assert [step.action for step in untouched.inputs[0].steps] == ["pass_through"]


def test_the_receipt_accounts_for_the_call(client: Client, spoken: AudioClip) -> None:
    receipt = client.respond(audio=spoken).receipt
    assert receipt is not None
    assert receipt.usage is not None
    assert receipt.estimate is not None
    assert receipt.usage.input_audio_tokens == receipt.estimate.input_audio_tokens
    assert [attempt.outcome for attempt in receipt.attempts] == ["settled"]
    assert set(receipt.timings) == {"prepare", "provider", "first_audio", "total"}
    assert receipt.cost is not None
    assert receipt.cost.amount == 0
    assert "echo:chat" in str(receipt)


def test_history_and_audio_references_go_back(client: Client) -> None:
    first = client.respond("My name is Ada.")
    history = [Message(role="user", parts=(TextPart(text="My name is Ada."),)), first.message]
    assert client.respond("recall", history=history).text == f"I said: {first.text}"


def test_a_tool_is_called_and_its_result_is_answered(client: Client) -> None:
    tool = Tool(name="clock", description="The time.")
    asked = 'call clock {"zone": "UTC"}'
    reply = client.respond(asked, tools=[tool])
    assert reply.finish_reason == "tool_calls"
    assert reply.audio is None
    [call] = reply.tool_calls
    assert call.parsed() == {"zone": "UTC"}
    history = [
        Message(role="user", parts=(TextPart(text=asked),)),
        reply.message,
        Message(role="tool", parts=(ToolResultPart(call_id=call.id, content="12:00"),)),
    ]
    assert "12:00" in client.respond(history=history, tools=[tool]).text


# ---- what is refused before anything is sent


def test_an_unknown_voice_names_the_known_ones(client: Client) -> None:
    with pytest.raises(UnknownVoiceError, match="plain"):
        client.respond("hi", voice="nobody")


def test_unknown_formats_providers_and_outputs_are_refused(client: Client) -> None:
    with pytest.raises(UnsupportedFormatError, match="'ra'"):
        client.respond("hi", output_format="ra")
    with pytest.raises(ConfigurationError, match="impossible"):
        client.respond("hi", output={"video"})  # type: ignore[arg-type]
    with pytest.raises(UnknownProviderError, match="nobody"):
        Client("nobody")


@pytest.mark.parametrize("name", ["opnai:gpt-audio", "ecko", ["echo", "gemeni:x"]])
def test_an_unknown_provider_is_refused_at_once_with_the_one_that_was_meant(
    name: str | list[str],
) -> None:
    with pytest.raises(UnknownProviderError, match=r"Did you mean '(openai|echo|gemini)'"):
        Client(name)


def test_repr_of_a_client_says_whom_it_asks_and_no_secret() -> None:
    client = Client("openai:gpt-audio-1.5", api_key="sk-secret", base_url="http://127.0.0.1:1/v1")
    assert repr(client) == "Client('openai:gpt-audio-1.5', tenant='default')"
    assert repr(client.for_tenant("ada")) == "Client('openai:gpt-audio-1.5', tenant='ada')"


def test_settings_of_another_kind_are_refused_with_what_to_give() -> None:
    for name, wrong in {"settings": SPEECH, "retry": 3, "budget": 5.0, "cache": {}}.items():
        wrong_settings: dict[str, Any] = {name: wrong}
        with pytest.raises(ConfigurationError, match=f"{name} is of type .* Give {name}="):
            Client("echo", **wrong_settings)


def test_a_history_whose_calls_and_results_do_not_pair_up_is_refused(client: Client) -> None:
    asked = Message(role="user", parts=(TextPart(text="call clock"),))
    call = ToolCallPart(call=ToolCall(id="t1", name="clock"))
    called = Message(role="assistant", parts=(call,))
    told = Message(role="tool", parts=(ToolResultPart(call_id="t1", content="12:00"),))
    for history in ([asked, called], [asked, called, asked], [asked, called, called, told]):
        with pytest.raises(ConfigurationError, match=r"'clock' .*without a result"):
            client.respond("never mind", history=history)
    with pytest.raises(ConfigurationError, match="which it does not hold"):
        client.respond("hi", history=[asked, told])
    assert client.respond("thanks", history=[asked, called, told]).text


def test_audio_alone_of_a_model_that_gives_both_says_what_to_write(client: Client) -> None:
    with pytest.raises(UnsupportedModalityError, match=r"output={'text', 'audio'}"):
        client.respond("hi", output="audio")


def test_nothing_to_answer_is_refused(client: Client) -> None:
    with pytest.raises(ConfigurationError, match="neither text nor audio"):
        client.respond()


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_none(client: Client, text: str) -> None:
    with pytest.raises(ConfigurationError, match="neither text nor audio"):
        client.respond(text)
    with pytest.raises(ConfigurationError, match="text to speak is empty"):
        client.speak(text)
    audio = client.speak("hello").audio
    assert client.respond(text, audio=audio).heard == "hello"


@pytest.mark.parametrize(
    "argument",
    [
        {"max_output_tokens": 0},
        {"output_format": 3},
        {"output": None},
        {"seed": "one"},
        {"timeout_s": "5"},
        {"tool_choice": "never"},
        {"history": ["my secret prompt"]},
        {"provider_options": {"echoo": {}}},
        {"provider_options": {"echo": 5}},
        {"instructions": "my secret \ud800"},
    ],
    ids=lambda argument: next(iter(argument)),
)
def test_a_wrong_argument_is_named_and_never_quoted(
    client: Client, argument: dict[str, Any]
) -> None:
    """Pydantic's own errors once left the client, prompts in their text."""
    with pytest.raises(ConfigurationError) as caught:
        client.respond("hi", **argument)
    told = "".join(traceback.format_exception(caught.value))
    assert next(iter(argument)) in str(caught.value)
    assert "secret" not in told
    assert caught.value.fix


@pytest.mark.parametrize(
    "argument",
    [{"max_output_tokens": 0}, {"output_format": 3}, {"timeout_s": "5"}],
    ids=lambda argument: next(iter(argument)),
)
def test_a_conversation_names_wrong_arguments_too(client: Client, argument: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(argument))):
        client.conversation().send("hi", **argument)


def test_half_of_a_surrogate_pair_is_refused(client: Client) -> None:
    """No wire and no disk takes it; on a command line it stands for a byte that is no UTF-8."""
    with pytest.raises(ConfigurationError, match="surrogate"):
        client.respond("caf\udce9")
    with pytest.raises(ConfigurationError, match="surrogate"):
        client.conversation().send("caf\udce9")


def test_a_text_of_any_length_is_estimated(client: Client) -> None:
    small, large = (client.explain("word " * n).estimate.input_tokens or 0 for n in (1000, 10_000))
    assert large == pytest.approx(10 * small, rel=0.01)


def test_what_is_no_text_or_provider_is_refused(client: Client) -> None:
    with pytest.raises(ConfigurationError, match="text is of type int"):
        client.respond(5)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ConfigurationError, match="no provider"):
        Client(None)  # type: ignore[arg-type]  # what is tested


def test_what_a_model_cannot_do_is_refused(client: Client) -> None:
    with pytest.raises(UnsupportedFeatureError, match="cannot respond"):
        client.respond("hi", model="echo:speak")


def test_files_that_are_not_there_or_not_audio_are_refused(client: Client, tmp_path: Path) -> None:
    with pytest.raises(FileAccessError):
        client.respond(audio=tmp_path / "missing.wav")
    with pytest.raises(FileAccessError):
        client.respond(audio=tmp_path)
    (tmp_path / "page.wav").write_text("<html>not audio</html>")
    with pytest.raises(MalformedAudioError):
        client.respond(audio=tmp_path / "page.wav")
    with pytest.raises(MalformedAudioError):
        client.respond(audio=b"")


def test_silence_is_refused_before_paying_unless_told_otherwise(client: Client) -> None:
    silence = AudioClip.from_pcm(bytes(48000), sample_rate=24000)
    with pytest.raises(QualityRefusedError) as caught:
        client.respond(audio=silence, output={"text"})
    assert caught.value.findings[0].severity == "error"
    with Client("echo", settings=PipelineSettings(quality="warn")) as lenient:
        receipt = lenient.respond(audio=silence, output={"text"}).receipt
    assert receipt is not None
    assert receipt.inputs[0].findings


def test_clipping_is_found_even_where_resampling_hides_it() -> None:
    with Client("echo") as client:
        audio = client.speak(SENTENCE).audio
        assert audio is not None
        samples = np.clip(audio.to_pcm().samples * 8, -1, 1)
        loud = Pcm(samples=np.repeat(samples, 4, axis=0), sample_rate=96000)  # must be resampled
        clip = AudioClip.from_pcm(loud.samples.tobytes(), sample_rate=96000, sample_format="f32")
        explanation = client.explain(audio=clip, output={"text"})
    assert "resample" in explanation.plan.clips[0].preprocess
    assert "clipping" in {finding.code for finding in explanation.inputs[0].findings}


def test_explain_sends_nothing_and_tells_what_would_be_done(client: Client) -> None:
    silence = AudioClip.from_pcm(bytes(48000), sample_rate=24000)
    explanation = client.explain(audio=silence, output={"text"})
    assert not explanation.would_send
    assert explanation.plan.clips[0].steps
    assert client.explain("hello").would_send


# ---- what goes wrong on the way


def test_a_clean_failure_is_repeated_and_the_receipt_lists_it(client: Client) -> None:
    script = {"echo": {"fail_with": "provider_unavailable", "fail_times": 1}}
    with Client("echo") as fresh:
        receipt = fresh.respond("hi", provider_options=script).receipt
    assert receipt is not None
    assert [attempt.error for attempt in receipt.attempts] == ["provider_unavailable", None]


@pytest.mark.slow
def test_an_error_carries_the_receipt_of_its_attempts(client: Client) -> None:
    script = {"echo": {"fail_with": "provider_unavailable"}}
    with pytest.raises(ProviderUnavailableError) as caught:
        client.respond("hi", provider_options=script, timeout_s=30)
    assert len(caught.value.receipt.attempts) == 3


def test_a_stream_that_breaks_off_is_an_error_with_the_part_received(client: Client) -> None:
    with pytest.raises(StreamIncompleteError) as caught:
        client.respond("hi", provider_options={"echo": {"cut_at": 4}})
    assert caught.value.partial is not None


def test_a_reply_without_the_audio_asked_for_is_an_error_with_the_text(client: Client) -> None:
    with pytest.raises(AudioMissingError) as caught:
        client.respond("hi", provider_options={"echo": {"omit_audio": True}})
    assert caught.value.partial.text == "You said: hi"


def test_the_total_time_is_kept(client: Client) -> None:
    with pytest.raises(DeadlineExceededError):
        client.respond("hi", provider_options={"echo": {"delay_s": 30}}, timeout_s=0.2)
    with pytest.raises(ConfigurationError, match="no time"):
        client.respond("hi", timeout_s=0)


# ---- life


def test_many_threads_may_share_a_client(client: Client) -> None:
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        answers[number] = client.respond(f"number {number}").text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"You said: number {number}" for number in range(8)}


def test_closing_twice_is_harmless_and_a_closed_client_says_so() -> None:
    client = Client("echo")
    client.respond("hi")
    client.close()
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        client.respond("hi")


def test_leaving_a_stream_early_ends_the_call(client: Client) -> None:
    with client.stream("a long story " * 20, output_format="mp3") as stream:
        next(iter(stream))
    with pytest.raises(ConfigurationError, match="not complete"):
        _ = stream.reply


def test_a_tenants_view_stands_on_the_receipt(client: Client) -> None:
    view = client.for_tenant("ada")
    receipt = view.respond("hi").receipt
    assert receipt is not None
    assert receipt.tenant == "ada"
    view.close()
    assert client.respond("hi").text


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_client_works_under_asyncio_and_trio(backend: str) -> None:
    async def main() -> str:
        async with AsyncClient("echo") as client:
            reply = await client.respond("hello", output_format="flac")
            assert reply.audio is not None
            async with client.stream("again", output_format="mp3") as stream:
                kinds = {type(event) async for event in stream}
            assert {AudioDelta, TranscriptDelta, Finished} <= kinds
            return (await client.transcribe(reply.audio)).text

    assert anyio.run(main, backend=backend) == "You said: hello"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_a_call_frees_it_and_the_client_goes_on(backend: str) -> None:
    async def main() -> str:
        async with AsyncClient("echo") as client:
            with anyio.move_on_after(0.05) as scope:
                await client.respond("hi", provider_options={"echo": {"delay_s": 30}})
            assert scope.cancelled_caught
            return (await client.respond("still there")).text

    assert anyio.run(main, backend=backend) == "You said: still there"
