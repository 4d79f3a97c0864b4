"""What a request asks reaches the stage it is meant for, and what a stage says comes back."""

from __future__ import annotations

from collections.abc import Iterable
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
    vendor_record,
)

from ossicle import Cascade, Client
from ossicle.audio import AudioClip
from ossicle.cascade import (
    CallableThinker,
    CascadeProvider,
    Heard,
    Piece,
    ProviderLanguageModel,
    ProviderRecognizer,
    ProviderSynthesizer,
)
from ossicle.errors import (
    AudioMissingError,
    InvalidReplyError,
    UnsupportedFeatureError,
)
from ossicle.messages import (
    AudioDelta,
    Event,
    Finished,
    Message,
    RefusalDelta,
    Reply,
    ReplyFold,
    Request,
    TextDelta,
    ToolCallDelta,
)
from ossicle.messages.events import FinishReason

BOTH = frozenset({"text", "audio"})
WORST_LAST: tuple[FinishReason, ...] = ("stop", "tool_calls", "length", "content_filter")
REASONS = st.sampled_from(WORST_LAST)
CALL = ToolCallDelta(index=0, id="c", name="look", arguments="{}")
SOUND = AudioDelta(data=b"\1\1" * 80, format=RAW)


def vendor(*events: Event, **record: object) -> ScriptedVendor:
    return ScriptedVendor(lambda _: events, record=vendor_record(**record))


def reply_of(cascade: CascadeProvider, asked: Request) -> Reply:
    async def main() -> Reply:
        fold = ReplyFold(provider="cascade", model="cascade")
        async for event in cascade.respond(asked):
            fold.add(event)
        assert fold.is_complete
        return fold.reply()

    return anyio.run(main)


class Vendors:
    """A cascade of three vendors, and what each of them was asked."""

    def __init__(self, **record: object) -> None:
        self.recognizer = vendor(TextDelta(text="heard"), Finished(), **record)
        self.language_model = vendor(TextDelta(text="Thought."), Finished(), **record)
        self.synthesizer = vendor(SOUND, Finished(), **record)
        self.cascade = CascadeProvider(
            recognizer=ProviderRecognizer(self.recognizer, "m"),
            language_model=ProviderLanguageModel(self.language_model, "m"),
            synthesizer=ProviderSynthesizer(self.synthesizer, "m"),
        )

    def settings(self, *names: str) -> list[tuple[Any, ...]]:
        """Of the one request that recognizer, language_model and synthesizer got each."""
        asked = [
            one.asked[0]
            for one in (self.recognizer, self.language_model, self.synthesizer)
            if one.asked
        ]
        return [tuple(getattr(one, name) for name in names) for one in asked]


# ---- down: temperature, seed, language, deadline, instructions


@given(
    temperature=st.none() | st.floats(0, 2),
    seed=st.none() | st.integers(0, 2**31),
    deadline=st.none() | st.floats(1, 1e9),
    limit=st.none() | st.integers(1, 99),
)
def test_sampling_goes_to_the_thinker_and_the_deadline_to_all(
    temperature: float | None, seed: int | None, deadline: float | None, limit: int | None
) -> None:
    vendors = Vendors()
    asked = request(
        spoken("x"), output=BOTH, temperature=temperature, seed=seed, deadline=deadline,
        max_output_tokens=limit, language="de",
    )  # fmt: skip
    reply_of(vendors.cascade, asked)
    assert vendors.settings("temperature", "seed", "deadline", "max_output_tokens", "language") == [
        (None, None, deadline, None, "de"),
        (temperature, seed, deadline, limit, None),
        (None, None, deadline, None, None),
    ]


def test_a_single_stage_gets_all_of_its_task() -> None:
    vendors = Vendors(instructions=True)
    more: dict[str, Any] = {
        "temperature": 0.5,
        "seed": 7,
        "instructions": "Slowly.",
        "language": "de",
    }
    reply_of(vendors.cascade, request("hi", task="speak", output={"audio"}, **more))
    reply_of(vendors.cascade, request(spoken("x"), task="transcribe", max_output_tokens=9, **more))
    assert vendors.settings(*more) == [tuple(more.values())] * 2
    assert vendors.recognizer.asked[0].max_output_tokens == 9


def test_the_language_is_the_speakers_where_nothing_is_heard() -> None:
    vendors = Vendors()
    reply_of(vendors.cascade, request("hi", output=BOTH, language="de"))
    assert vendors.settings("language") == [(None,), ("de",)]
    # In a later round of tools the question is history; its language is not the voice's.
    asked = request("hi", output=BOTH, language="de", history=(
        Message(role="user", parts=(spoken("x", transcript="known"),)),
    ))  # fmt: skip
    vendors = Vendors()
    reply_of(vendors.cascade, asked)
    assert vendors.settings("language") == [(None,), (None,)]


def test_two_requests_at_once_do_not_share_settings() -> None:
    vendors = Vendors()

    async def main() -> None:
        async def ask(temperature: float) -> None:
            async for _ in vendors.cascade.respond(request("hi", temperature=temperature)):
                pass

        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(ask, number / 10)

    anyio.run(main)
    assert sorted(one.temperature or 0 for one in vendors.language_model.asked) == [
        0,
        0.1,
        0.2,
        0.3,
        0.4,
    ]


@pytest.mark.parametrize("setting", ["temperature", "seed"])
@pytest.mark.parametrize(
    "language_model", [CallableThinker(str.upper), ScriptedThinker(pieces=["x"])]
)
def test_what_a_thinker_cannot_take_is_refused_before_anything_is_paid(
    language_model: Any, setting: str
) -> None:
    recognizer = vendor(TextDelta(text="heard"), Finished())
    cascade = CascadeProvider(
        recognizer=ProviderRecognizer(recognizer, "m"), language_model=language_model
    )
    asked = request(spoken("x")).model_copy(update={setting: 1})
    with pytest.raises(UnsupportedFeatureError, match=setting) as caught:
        reply_of(cascade, asked)
    assert caught.value.feature == setting
    assert not recognizer.asked
    assert reply_of(cascade, request(spoken("x"))).text


@pytest.mark.parametrize("setting", ["temperature", "seed", "instructions", "max_output_tokens"])
@pytest.mark.parametrize("task", ["speak", "transcribe"])
def test_what_the_stage_of_a_task_cannot_take_is_refused(task: str, setting: str) -> None:
    cascade = CascadeProvider(
        recognizer=ScriptedHearer(), language_model=ScriptedThinker(), synthesizer=ScriptedSpeaker()
    )
    part = "hi" if task == "speak" else spoken("x")
    value = "x" if setting == "instructions" else 1
    asked = request(part, task=task, output={"audio" if task == "speak" else "text"})
    with pytest.raises(UnsupportedFeatureError, match=setting):
        reply_of(cascade, asked.model_copy(update={setting: value}))
    reply_of(cascade, asked)


def test_what_a_vendors_model_cannot_take_is_refused() -> None:
    cases: tuple[tuple[Any, str, dict[str, Any]], ...] = (
        ("hi", "speak", {"instructions": "Slowly."}),
        ("hi", "speak", {"max_output_tokens": 9}),
        (spoken("x"), "transcribe", {"instructions": "Names."}),
    )
    for part, task, setting in cases:
        vendors = Vendors(instructions=setting.keys() == {"max_output_tokens"})
        with pytest.raises(UnsupportedFeatureError, match=next(iter(setting))):
            reply_of(vendors.cascade, request(part, task=task, **setting))
        assert not vendors.recognizer.asked
        assert not vendors.synthesizer.asked


def test_a_refused_setting_lets_the_next_model_answer() -> None:
    """It is no doubtful end: nothing was asked, so the receipt has no attempt in doubt."""
    with Client(Cascade(think=str.upper)) as client:
        with pytest.raises(UnsupportedFeatureError) as caught:
            client.respond("hi", output={"text"}, temperature=0.1)
        outcomes = [attempt.outcome for attempt in caught.value.receipt.attempts]
        assert outcomes == ["clean"]


# ---- up: why it ended, and refusals


@given(reason=REASONS, has_call=st.booleans(), is_spoken=st.booleans())
def test_the_thinkers_reason_to_finish_comes_out(
    reason: FinishReason, has_call: bool, is_spoken: bool
) -> None:
    calls = [CALL] if has_call else []
    language_model = vendor(TextDelta(text="cut off in the"), *calls, Finished(reason=reason))
    cascade = CascadeProvider(
        language_model=ProviderLanguageModel(language_model, "m"),
        synthesizer=ProviderSynthesizer(vendor(SOUND, Finished()), "m"),
    )
    reply = reply_of(cascade, request("hi", output=BOTH if is_spoken else {"text"}))
    expected = "tool_calls" if has_call and reason == "stop" else reason
    assert reply.finish_reason == expected
    assert len(reply.tool_calls) == has_call


@given(thought=REASONS, said=REASONS)
def test_the_speakers_reason_comes_out_and_the_words_go_on(
    thought: FinishReason, said: FinishReason
) -> None:
    """The sound ends where the voice was stopped; a hole in its middle would go unnoticed."""
    synthesizer = vendor(SOUND, Finished(reason=said))
    text = "One. Two. Three. Four. Five. Six. Seven. Eight."
    language_model = vendor(TextDelta(text=text), Finished(reason=thought))
    cascade = CascadeProvider(
        language_model=ProviderLanguageModel(language_model, "m"),
        synthesizer=ProviderSynthesizer(synthesizer, "m"),
    )
    reply = reply_of(cascade, request("hi", output=BOTH))
    assert reply.finish_reason == max(thought, said, key=WORST_LAST.index)
    assert reply.transcript == text
    assert len(synthesizer.asked) == (8 if said == "stop" else 1)

    synthesizer.asked.clear()
    reply = reply_of(cascade, request(text, task="speak", output={"audio"}))
    assert reply.finish_reason == said
    assert len(synthesizer.asked) == (8 if said == "stop" else 1)


@pytest.mark.parametrize("output", [BOTH, {"text"}])
def test_a_refusal_is_no_answer_and_no_missing_audio(output: frozenset[Any]) -> None:
    language_model = vendor(RefusalDelta(text="I will "), RefusalDelta(text="not."), Finished())
    synthesizer = vendor(SOUND, Finished())
    cascade = CascadeProvider(
        language_model=ProviderLanguageModel(language_model, "m"),
        synthesizer=ProviderSynthesizer(synthesizer, "m"),
    )
    reply = reply_of(cascade, request("hi", output=output))
    assert reply.refusal == "I will not."
    assert reply.content is None
    assert reply.transcript is None
    assert reply.usage.output_text_tokens == 3
    assert not synthesizer.asked


@pytest.mark.parametrize("events", [(Finished(reason="content_filter"),),
                                    (RefusalDelta(text="No."), Finished())])  # fmt: skip
def test_a_voice_that_declines_is_a_filtered_answer(events: Iterable[Event]) -> None:
    synthesizer = ProviderSynthesizer(vendor(*events), "m")
    cascade = CascadeProvider(
        language_model=ScriptedThinker(pieces=["One. Two."]), synthesizer=synthesizer
    )
    for asked in (request("hi", output=BOTH), request("hi", task="speak", output={"audio"})):
        reply = reply_of(cascade, asked)
        assert reply.finish_reason == "content_filter"
        assert reply.audio is None


def test_a_voice_cut_short_before_it_began_is_missing_audio() -> None:
    cascade = CascadeProvider(
        synthesizer=ProviderSynthesizer(vendor(Finished(reason="length")), "m")
    )
    with pytest.raises(AudioMissingError):
        reply_of(cascade, request("hi", task="speak", output={"audio"}))


@given(reasons=st.lists(REASONS.filter(lambda one: one != "tool_calls"), min_size=1, max_size=3))
def test_half_heard_speech_is_told_and_not_answered(reasons: list[FinishReason]) -> None:
    class Listener(ScriptedHearer):
        async def hear(self, clip: AudioClip, *, language: str | None) -> Heard:
            return Heard(text="half", finish_reason=waiting.pop(0))

    language_model = ScriptedThinker(pieces=["x"])
    cascade = CascadeProvider(recognizer=Listener(), language_model=language_model)
    parts = [spoken(str(number)) for number in range(len(reasons))]
    worst = max(reasons, key=WORST_LAST.index)

    waiting: list[FinishReason] = [*reasons]
    assert reply_of(cascade, request(*parts, task="transcribe")).finish_reason == worst
    waiting = [*reasons]
    if worst == "stop":
        assert reply_of(cascade, request(*parts)).text == "x"
    else:
        with pytest.raises(InvalidReplyError, match=worst):
            reply_of(cascade, request(*parts))
        assert not language_model.calls


def test_a_hearers_reason_and_refusal_come_out() -> None:
    for events, reason in (
        ((TextDelta(text="ha"), Finished(reason="length")), "length"),
        ((RefusalDelta(text="No."), Finished()), "content_filter"),
    ):
        cascade = CascadeProvider(recognizer=ProviderRecognizer(vendor(*events), "m"))
        reply = reply_of(cascade, request(spoken("x"), task="transcribe"))
        assert reply.finish_reason == reason
        assert "No." not in reply.text


def test_a_thinker_of_ones_own_says_why_it_ends() -> None:
    pieces: list[Piece] = ["half ", RefusalDelta(text="No."), Finished(reason="length")]
    for language_model in (ScriptedThinker(pieces=pieces), CallableThinker(lambda _: pieces)):
        reply = reply_of(CascadeProvider(language_model=language_model), request("hi"))
        assert (reply.content, reply.refusal, reply.finish_reason) == ("half ", "No.", "length")


# ---- the synthesizer's limit


@given(
    text=st.text(alphabet="ab .,!\n", min_size=1, max_size=200).filter(lambda one: one.strip()),
    limit=st.integers(1, 60),
)
def test_no_more_is_spoken_at_once_than_the_model_takes(text: str, limit: int) -> None:
    synthesizer = vendor(SOUND, Finished(), max_text_chars=limit)
    cascade = CascadeProvider(
        language_model=ScriptedThinker(pieces=list(text)),
        synthesizer=ProviderSynthesizer(synthesizer, "m"),
    )
    for asked in (request(text, task="speak", output={"audio"}), request("hi", output=BOTH)):
        synthesizer.asked.clear()
        reply_of(cascade, asked)
        said = [one.messages[0].text for one in synthesizer.asked]
        assert max(map(len, said)) <= limit
        assert "".join("".join(said).split()) == "".join(text.split())
