from __future__ import annotations

import threading
from pathlib import Path

import anyio
import numpy as np
import pytest
from tests.providers.local.speech import (
    SENTENCES,
    ask,
    english_recordings,
    file_clip,
    hear,
    hearable,
    heard_clip,
    reply_samples,
    say,
)

from ossicle.audio import AudioClip
from ossicle.cascade import CallableThinker, CascadeProvider
from ossicle.errors import AudioMissingError, UnknownVoiceError, UnsupportedFeatureError
from ossicle.messages import (
    CHAT_AUDIO_ROWS,
    TEXT_TO_TEXT,
    AudioDelta,
    Finished,
    Message,
    Modality,
    ModalityRow,
    Request,
    TextPart,
    Tool,
)
from ossicle.words import total_errors, word_error_rate
from ossicle_local.provider import local_assistant

pytestmark = [pytest.mark.anyio, pytest.mark.models]

BOTH = {"text", "audio"}


@pytest.fixture
def anyio_backend() -> str:
    """One is enough here: the cascade itself is tested on both, and models take their time."""
    return "asyncio"


async def test_real_speech_is_heard(assistant: CascadeProvider, shared_audio: Path) -> None:
    recordings = english_recordings(shared_audio)
    assert len(recordings) >= 10
    for recording in recordings:
        heard = await hear(assistant, file_clip(recording.path))
        assert word_error_rate(recording.transcript, heard) <= 0.1, recording.path.name


@pytest.mark.parametrize("voice", ["heart", "low", "deep", "high"])
async def test_what_is_spoken_is_heard(assistant: CascadeProvider, voice: str) -> None:
    pairs = []
    for sentence in SENTENCES if voice == "heart" else SENTENCES[:6]:
        spoken = await say(assistant, sentence, voice=voice)
        pairs.append((sentence, await hear(assistant, hearable(spoken))))
    assert total_errors(pairs).rate < 0.03


async def test_voices_differ_in_pitch(assistant: CascadeProvider) -> None:
    def periods(samples: np.ndarray) -> np.ndarray:
        """Frames of one period in each 50 ms of what is below 400 Hz, by autocorrelation."""
        spectrum = np.fft.rfft(samples)
        spectrum[int(400 * len(samples) / 24000) :] = 0
        low = np.fft.irfft(spectrum, len(samples))
        windows = low[: len(low) // 1200 * 1200].reshape(-1, 1200)
        return np.array([np.correlate(w, w, "full")[1199:][60:300].argmax() + 60 for w in windows])

    text = "Now we all know where you are."
    sounds = {
        voice: reply_samples(await say(assistant, text, voice=voice))
        for voice in ("heart", "low", "deep", "high")
    }
    # All voices keep the same time, so each window is compared with itself.
    own = periods(sounds["heart"])
    loud = np.argsort(-(sounds["heart"][: len(own) * 1200].reshape(-1, 1200) ** 2).sum(axis=1))[:12]
    for voice, factor in (("low", 0.8), ("deep", 0.65), ("high", 1.2)):
        ratio = float(np.median((own / periods(sounds[voice]))[loud]))
        assert ratio == pytest.approx(factor, rel=0.08), voice


async def test_speech_is_loud_enough_and_not_clipped(assistant: CascadeProvider) -> None:
    for sentence in SENTENCES[:5]:
        samples = reply_samples(await say(assistant, sentence))
        assert 20 * np.log10(np.sqrt(np.mean(samples**2))) == pytest.approx(-20, abs=2)
        assert np.abs(samples).max() < 0.9


def non_speech() -> dict[str, np.ndarray]:
    time = np.arange(5 * 16000) / 16000
    noise = np.random.default_rng(5).standard_normal(len(time))
    spectrum = np.fft.rfft(noise)
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), len(time))
    clicks = np.zeros(len(time))
    clicks[::8000] = 0.9
    return {
        "nothing": np.zeros(0),
        "one frame": np.full(1, 0.5),
        "odd length": np.zeros(12345),
        "silence": np.zeros(len(time)),
        "white noise": 0.2 * noise / np.abs(noise).max(),
        "pink noise": 0.5 * pink / np.abs(pink).max(),
        "tone": 0.5 * np.sin(2 * np.pi * 440 * time),
        "chord": sum(0.2 * np.sin(2 * np.pi * hertz * time) for hertz in (262, 330, 392)),
        "clicks": clicks,
        "buzz": 0.5 * ((time * 120) % 1 - 0.5),
        "50 ms": 0.3 * noise[:800] / np.abs(noise).max(),
        "faint": 1e-4 * noise,
    }


@pytest.mark.parametrize("kind", list(non_speech()))
async def test_what_is_no_speech_gives_no_words(assistant: CascadeProvider, kind: str) -> None:
    clip = heard_clip(non_speech()[kind].astype(np.float32), 16000)
    assert await hear(assistant, clip) == ""
    reply = await ask(assistant, clip, output=BOTH)
    assert reply.text == "I did not hear any words."
    assert reply.audio is not None


async def test_long_speech_is_cut_at_pauses(assistant: CascadeProvider) -> None:
    text = " ".join(SENTENCES[:12])
    clip = hearable(await say(assistant, text))
    assert clip.duration_s is not None
    assert clip.duration_s > 25
    reply = await ask(assistant, clip, task="transcribe")
    assert word_error_rate(text, reply.text) < 0.05
    assert len(reply.segments) >= 3
    at = 0.0
    for segment in reply.segments:
        assert segment.start_s is not None
        assert segment.end_s is not None
        assert at <= segment.start_s < segment.end_s <= clip.duration_s
        at = segment.end_s
    assert " ".join(segment.text for segment in reply.segments) == reply.text


@pytest.mark.parametrize("condition", ["telephone", "quiet", "noise", "offset"])
async def test_poor_recordings_are_still_heard(assistant: CascadeProvider, condition: str) -> None:
    pairs = []
    for number, sentence in enumerate(SENTENCES[:8]):
        samples = reply_samples(await say(assistant, sentence))
        rate = 24000
        if condition == "telephone":
            samples, rate = mu_law_8k(samples), 8000
        elif condition == "quiet":
            samples = samples * np.float32(0.01)
        elif condition == "offset":
            samples = samples * np.float32(0.5) + np.float32(0.1)
        else:
            noise = np.random.default_rng(number).standard_normal(len(samples))
            samples = samples + np.float32(0.01) * noise.astype(np.float32)
        pairs.append((sentence, await hear(assistant, heard_clip(samples, rate))))
    assert total_errors(pairs).rate <= 0.05


def mu_law_8k(samples: np.ndarray) -> np.ndarray:
    """Through a telephone: 8 kHz, 8-bit mu-law (the continuous law of ITU-T G.711)."""
    narrow = samples[: len(samples) // 3 * 3].reshape(-1, 3).mean(axis=1)
    code = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)
    code = np.rint(code * 127) / 127
    expanded: np.ndarray = np.sign(code) * (256 ** np.abs(code) - 1) / 255
    return expanded.astype(np.float32)


@pytest.mark.parametrize("row", [*CHAT_AUDIO_ROWS, TEXT_TO_TEXT], ids=lambda row: row.name)
async def test_every_row_is_answered(assistant: CascadeProvider, row: ModalityRow) -> None:
    question = hearable(await say(assistant, "What is seven times eight?"))
    choices: dict[frozenset[Modality], tuple[str | AudioClip, ...]] = {
        frozenset({"text"}): ("What is seven times eight?",),
        frozenset({"audio"}): (question,),
        frozenset({"text", "audio"}): ("Please answer this question.", question),
    }
    reply = await ask(assistant, *choices[row.inputs], output=row.outputs)
    if "audio" in row.inputs:
        assert word_error_rate("What is seven times eight?", reply.heard or "") == 0
    assert reply.text.lower().replace("7", "seven").replace("8", "eight").endswith("is 56.")
    assert (reply.audio is not None) == ("audio" in row.outputs)
    if reply.audio is not None:
        heard = await hear(assistant, hearable(reply.audio))
        assert word_error_rate(reply.text, heard) == 0


async def test_several_spoken_turns_are_one_conversation(assistant: CascadeProvider) -> None:
    history: tuple[Message, ...] = ()
    answers = []
    for said in ("My favorite color is green.", "What is my favorite color?",
                 "What did I say before?"):  # fmt: skip
        clip = hearable(await say(assistant, said))
        reply = await ask(assistant, clip, history=history, output=BOTH)
        answers.append(reply.text)
        newest = Message.model_validate({
            "role": "user", "parts": [{"kind": "audio", "clip": clip}],
        })  # fmt: skip
        history = (*history, newest, reply.message)
    assert "green" in answers[1]
    assert "What is my favorite color" in answers[2]


async def test_a_spoken_request_calls_a_tool(assistant: CascadeProvider) -> None:
    tool = Tool(
        name="get_weather",
        parameters={
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    )
    clip = hearable(await say(assistant, "What is the weather in London?"))
    reply = await ask(assistant, clip, tools=(tool,), output=BOTH)
    assert [call.parsed() for call in reply.tool_calls] == [{"city": "London"}]
    assert reply.finish_reason == "tool_calls"


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_the_first_sentence_sounds_before_the_last_is_thought(
    best_engines: None,
) -> None:
    sounded = threading.Event()

    def slow(text: str) -> object:
        yield "This comes first. "
        yield "And "
        # Ends the test with an error instead of hanging if nothing ever sounds.
        assert sounded.wait(20)
        yield "this comes later."

    provider = local_assistant(language_model=CallableThinker(slow))  # type: ignore[arg-type]
    events = []
    request = Request(
        task="respond",
        model="assistant",
        messages=(Message(role="user", parts=(TextPart(text="go"),)),),
        output=frozenset({"text", "audio"}),
        stream=True,
    )
    async for event in provider.respond(request):
        events.append(event)
        if isinstance(event, AudioDelta):
            sounded.set()
    assert sum(isinstance(event, AudioDelta) for event in events) >= 2
    assert isinstance(events[-1], Finished)
    await provider.aclose()


async def test_the_same_words_give_the_same_bytes(assistant: CascadeProvider) -> None:
    text = "The same words. Twice the same sound."
    alone = await say(assistant, text)
    together: list[bytes] = []

    async def once() -> None:
        together.append((await say(assistant, text)).read_bytes())

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(once)
    assert together == [alone.read_bytes()] * 4
    fresh = local_assistant()
    assert (await say(fresh, text)).read_bytes() == alone.read_bytes()
    await fresh.aclose()


async def test_hearing_at_once_mixes_nothing_up(assistant: CascadeProvider) -> None:
    clips = [hearable(await say(assistant, sentence)) for sentence in SENTENCES[:4]]
    alone = [await hear(assistant, clip) for clip in clips]
    together = [""] * len(clips)

    async def once(number: int) -> None:
        together[number] = await hear(assistant, clips[number])

    async with anyio.create_task_group() as tasks:
        for number in range(len(clips)):
            tasks.start_soon(once, number)
    assert together == alone


async def test_speed_is_obeyed(assistant: CascadeProvider) -> None:
    lengths = []
    for speed in (0.5, 1.0, 2.0):
        clip = await say(assistant, SENTENCES[0], provider_options={"speed": speed})
        lengths.append(clip.duration_s or 0.0)
    assert lengths[0] > 1.5 * lengths[1] > 2.2 * lengths[2]


@pytest.mark.parametrize("voice", ["emma", "alloy"])
async def test_voices_that_would_be_fetched_are_refused(
    assistant: CascadeProvider, voice: str
) -> None:
    with pytest.raises(UnknownVoiceError, match=rf"'{voice}'.*heart, low, deep, high"):
        await say(assistant, "Hello.", voice=voice)


@pytest.mark.parametrize("text", ["🙂", "你好", "..."])
async def test_what_cannot_be_pronounced_is_an_error(assistant: CascadeProvider, text: str) -> None:
    with pytest.raises(AudioMissingError):
        await say(assistant, text)


async def test_other_languages_are_refused(assistant: CascadeProvider) -> None:
    clip = heard_clip(np.zeros(1600, np.float32), 16000)
    with pytest.raises(UnsupportedFeatureError, match="'de'"):
        await ask(assistant, clip, task="transcribe", language="de")
    await ask(assistant, clip, task="transcribe", language="en-GB")


async def test_after_closing_the_models_are_loaded_again(best_engines: None) -> None:
    provider = local_assistant()
    before = await say(provider, "Hello.")
    await provider.aclose()
    await provider.aclose()
    assert await say(provider, "Hello.") == before
    await provider.aclose()


async def test_the_tiny_engines_hear_and_speak(tiny_assistant: CascadeProvider) -> None:
    reply = await ask(tiny_assistant, "Say hello world, this is a test", output=BOTH)
    assert reply.audio is not None
    assert reply.audio.format.sample_rate == 16000
    heard = [await hear(tiny_assistant, hearable(reply.audio)) for _ in range(2)]
    assert word_error_rate(reply.text, heard[0]) <= 0.2
    assert heard[0] == heard[1]
    assert await hear(tiny_assistant, heard_clip(np.zeros(16000, np.float32), 16000)) == ""
    with pytest.raises(UnknownVoiceError, match="'heart'"):
        await say(tiny_assistant, "Hello.", voice="heart")
    await tiny_assistant.aclose()
