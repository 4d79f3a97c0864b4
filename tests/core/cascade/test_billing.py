"""Once a paid stage has worked, nothing is asked again by itself, and the books tell its use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.cascade.scripted import (
    RAW,
    ScriptedHearer,
    ScriptedSpeaker,
    ScriptedThinker,
    ScriptedVendor,
    request,
    spoken,
)

from ossicle import Cascade, Client, PipelineSettings
from ossicle.abc import AudioProvider
from ossicle.audio import AudioClip
from ossicle.cascade import (
    CallableThinker,
    CascadeProvider,
    Heard,
    ProviderLanguageModel,
    ProviderRecognizer,
    ProviderSynthesizer,
)
from ossicle.errors import (
    AudioMissingError,
    DeadlineExceededError,
    MalformedAudioError,
    OssicleError,
    ProviderError,
    RateLimitedError,
)
from ossicle.messages import (
    AudioDelta,
    AudioPart,
    Event,
    Finished,
    Request,
    Segment,
    TextDelta,
    Usage,
    UsageReported,
)

Answer = Callable[[Request], Iterable[Event | Exception]]


def hears(_: Request) -> list[Event]:
    return [TextDelta(text="heard words"), Finished()]


def thinks(_: Request) -> list[Event]:
    return [TextDelta(text="Hello there. "), Finished()]


def speaks(_: Request) -> list[Event]:
    return [AudioDelta(data=b"\1\1" * 800, format=RAW), Finished()]


def says_nothing(_: Request) -> list[Event]:
    return [Finished()]


def busy(_: Request) -> list[Exception]:
    return [RateLimitedError("too many", provider="vendor", billed=False)]


def stage_of(kind: Any, answer: Answer) -> Any:
    return kind(ScriptedVendor(answer), "m")


def ended_by(provider: AudioProvider, asked: Request) -> tuple[OssicleError, Usage | None]:
    """The error an answer ends with, and what was reported as used before it."""
    usage: Usage | None = None

    async def main() -> OssicleError:
        nonlocal usage
        try:
            async for event in provider.respond(asked):
                if isinstance(event, UsageReported):
                    usage = event.usage
        except OssicleError as error:
            return error
        raise AssertionError("it was answered")

    return anyio.run(main), usage


def clip_of_unknown_length() -> AudioClip:
    """One whose header does not tell, as that of a live WebM."""
    known = spoken("x").clip
    return AudioClip(known.read_bytes(), facts=replace(known.facts, duration_s=None, frames=None))


@given(
    hears_by_vendor=st.booleans(),
    thinks_by_vendor=st.booleans(),
    speaks_by_vendor=st.booleans(),
    fails_at=st.sampled_from(["think", "speak", "say"]),
)
def test_the_error_is_billed_whenever_a_paid_stage_had_answered(
    hears_by_vendor: bool, thinks_by_vendor: bool, speaks_by_vendor: bool, fails_at: str
) -> None:
    refusal = RateLimitedError("too many", provider="vendor", billed=False)
    language_model: Any = ScriptedThinker(pieces=["Hello there. "])
    if thinks_by_vendor:
        language_model = stage_of(ProviderLanguageModel, busy if fails_at == "think" else thinks)
    elif fails_at == "think":
        language_model = ScriptedThinker(pieces=[refusal])
    synthesizer: Any = ScriptedSpeaker(error=refusal if fails_at == "speak" else None)
    if fails_at == "say":
        synthesizer = ScriptedSpeaker(silent=frozenset("Hello there. "))
    if speaks_by_vendor:
        synthesizer = stage_of(ProviderSynthesizer, busy if fails_at == "speak" else says_nothing)
    cascade = CascadeProvider(
        recognizer=stage_of(ProviderRecognizer, hears) if hears_by_vendor else ScriptedHearer(),
        language_model=language_model,
        synthesizer=synthesizer,
    )

    error, usage = ended_by(cascade, request(spoken("x"), output={"text", "audio"}))

    assert isinstance(error, AudioMissingError if fails_at == "say" else RateLimitedError)
    was_paid = hears_by_vendor
    was_paid |= thinks_by_vendor and fails_at != "think"
    was_paid |= speaks_by_vendor and fails_at == "say"
    assert error.billed is was_paid
    assert (usage is not None) is was_paid
    if usage is not None:
        assert usage.input_audio_tokens == 1
        assert usage.output_text_tokens == (0 if fails_at == "think" else 2)


def test_hearing_a_clip_of_unknown_length_was_paid_too() -> None:
    clip = clip_of_unknown_length()
    assert clip.duration_s is None
    cascade = CascadeProvider(
        recognizer=stage_of(ProviderRecognizer, hears),
        language_model=stage_of(ProviderLanguageModel, busy),
    )
    error, usage = ended_by(cascade, request(AudioPart(clip=clip)))
    assert isinstance(error, RateLimitedError)
    assert error.billed is True
    assert usage is not None


def test_the_last_words_stand_for_a_length_that_nobody_tells() -> None:
    class Timed(ScriptedHearer):
        async def hear(self, clip: AudioClip, *, language: str | None) -> Heard:
            ends = (Segment(text="a", end_s=1.0), Segment(text="b", end_s=2.5), Segment(text="c"))
            return Heard(text="a b c", segments=ends)

    cascade = CascadeProvider(recognizer=Timed(), language_model=ScriptedThinker(pieces=["x"]))

    async def main() -> Usage:
        asked = request(AudioPart(clip=clip_of_unknown_length()))
        return [e.usage async for e in cascade.respond(asked) if isinstance(e, UsageReported)][-1]

    assert anyio.run(main).input_audio_tokens == 25


def test_a_stage_of_ones_own_may_say_that_it_is_billed() -> None:
    class Paid(ScriptedHearer):
        is_billed = True

    refused = stage_of(ProviderLanguageModel, busy)
    for recognizer in (Paid(), ScriptedHearer()):
        error, _ = ended_by(
            CascadeProvider(recognizer=recognizer, language_model=refused), request(spoken("x"))
        )
        assert isinstance(error, ProviderError)
        assert error.billed is isinstance(recognizer, Paid)


def test_speech_under_way_counts_when_the_thinking_fails() -> None:
    """The synthesizer was asked and has not answered yet: it may be executed all the same."""

    class Waiting(ScriptedVendor):
        async def respond(self, request: Request) -> AsyncIterator[Event]:
            asked.set()
            await anyio.sleep_forever()
            yield Finished()

    async def main() -> None:
        refusal = RateLimitedError("too many", provider="own", billed=False)
        cascade = CascadeProvider(
            language_model=ScriptedThinker(pieces=["One. ", "Two. ", asked.wait, refusal]),
            synthesizer=ProviderSynthesizer(Waiting(speaks), "m"),
        )
        with pytest.raises(RateLimitedError) as caught:
            async for _ in cascade.respond(request("hi", output={"text", "audio"})):
                pass
        assert caught.value.billed is True

    for backend in ("asyncio", "trio"):
        asked = anyio.Event()
        anyio.run(main, backend=backend)


def test_a_stage_that_breaks_off_after_its_first_words_was_paid() -> None:
    """Whatever its error says of the request that failed in the end."""
    refusal = RateLimitedError("too many", provider="vendor", billed=False)
    language_model = stage_of(ProviderLanguageModel, lambda _: [TextDelta(text="Hello "), refusal])
    error, usage = ended_by(CascadeProvider(language_model=language_model), request("hi"))
    assert isinstance(error, RateLimitedError)
    assert error.billed is True
    assert usage is not None
    assert usage.output_text_tokens == 1


def test_until_a_stage_has_answered_its_error_stands_for_itself() -> None:
    """The start of a reply is not reported earlier, which would make any error a doubtful one."""
    cascade = CascadeProvider(language_model=stage_of(ProviderLanguageModel, busy))

    async def main() -> None:
        events: list[Event] = []
        with pytest.raises(RateLimitedError):
            async for event in cascade.respond(request("hi")):
                events.append(event)
        assert events == []

    anyio.run(main)


# ---- through a client: receipts, fallbacks


def second() -> tuple[ScriptedThinker, Cascade]:
    """What a client asks where the first one failed, and who answers in it."""
    language_model = ScriptedThinker(pieces=["second"])
    return language_model, Cascade(hear=ScriptedHearer(), think=language_model, name="other")


def client_of(cascade: Cascade, *others: Any) -> Client:
    return Client([cascade, *others], settings=PipelineSettings(quality="off"))


@pytest.mark.parametrize("synthesizer", [busy, says_nothing])
def test_no_fallback_is_paid_after_a_paid_stage(synthesizer: Answer) -> None:
    language_model = ScriptedVendor(thinks)
    cascade = Cascade(
        think=ProviderLanguageModel(language_model, "m"),
        speak=stage_of(ProviderSynthesizer, synthesizer),
    )
    with (
        client_of(cascade, "echo") as client,
        pytest.raises((RateLimitedError, AudioMissingError)) as caught,
    ):
        client.respond("hi", output={"text", "audio"})
    assert len(language_model.asked) == 1
    receipt = caught.value.receipt
    assert [attempt.outcome for attempt in receipt.attempts] == ["settled"]
    assert receipt.provider == "cascade"
    assert receipt.usage.output_text_tokens == 2
    assert receipt.cost is None  # unknown, not zero


def test_a_conversation_does_not_pay_for_the_same_answer_again() -> None:
    """What repairs a chat model that forgot to speak would only ask all parts once more."""
    language_model, synthesizer = ScriptedVendor(thinks), ScriptedVendor(says_nothing)
    cascade = Cascade(
        think=ProviderLanguageModel(language_model, "m"),
        speak=ProviderSynthesizer(synthesizer, "m"),
    )
    with client_of(cascade, "echo") as client, pytest.raises(AudioMissingError):
        client.conversation().send("hi", output={"text", "audio"})
    assert (len(language_model.asked), len(synthesizer.asked)) == (1, 1)


def test_a_clip_of_unknown_length_is_heard_once_and_no_fallback_asked() -> None:
    recognizer = ScriptedVendor(hears)
    answering, other = second()
    cascade = Cascade(
        hear=ProviderRecognizer(recognizer, "m"), think=stage_of(ProviderLanguageModel, busy)
    )
    clip = clip_of_unknown_length()
    with client_of(cascade, other) as client, pytest.raises(RateLimitedError):
        client.respond(audio=clip, output={"text"})
    assert (len(recognizer.asked), len(answering.calls)) == (1, 0)


def test_an_error_that_is_no_vendors_leaves_a_paid_call_in_doubt() -> None:
    answering, other = second()
    cascade = Cascade(
        hear=stage_of(ProviderRecognizer, hears),
        think=ScriptedThinker(pieces=[MalformedAudioError("not audio")]),
    )
    clip = AudioClip.from_pcm(b"\1\x10" * 800, sample_rate=8000)
    with client_of(cascade, other) as client, pytest.raises(MalformedAudioError) as caught:
        client.respond(audio=clip, output={"text"})
    assert [attempt.outcome for attempt in caught.value.receipt.attempts] == ["ambiguous"]
    assert not answering.calls


def test_a_free_function_that_fails_lets_the_next_one_answer() -> None:
    answering, other = second()

    def broken(_: str) -> str:
        raise KeyError

    with client_of(Cascade(think=CallableThinker(broken)), other) as client:
        assert client.respond("hi", output={"text"}).text == "second"
    assert len(answering.calls) == 1


@pytest.mark.slow
def test_what_was_heard_stands_on_the_receipt_of_a_call_out_of_time() -> None:
    class Endless(ScriptedThinker):
        async def think(self, messages: Any, **_: Any) -> AsyncIterator[Any]:
            await anyio.sleep_forever()
            yield ""

    cascade = Cascade(hear=stage_of(ProviderRecognizer, hears), think=Endless())
    clip = AudioClip.from_pcm(b"\1\x10" * 8000, sample_rate=8000)
    with client_of(cascade) as client, pytest.raises(DeadlineExceededError) as caught:
        client.respond(audio=clip, output={"text"}, timeout_s=0.3)
    assert caught.value.receipt.usage.input_audio_tokens == 10
