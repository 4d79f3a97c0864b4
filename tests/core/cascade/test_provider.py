from __future__ import annotations

import itertools
from collections.abc import Sequence

import anyio
import pytest
from tests.core.cascade.scripted import (
    RATE,
    RAW,
    ScriptedHearer,
    ScriptedSpeaker,
    ScriptedThinker,
    request,
    spoken,
)

from ossicle.cascade import CascadeProvider
from ossicle.errors import (
    AudioMissingError,
    ConfigurationError,
    MalformedAudioError,
    RateLimitedError,
    UnknownModelError,
    UnsupportedFeatureError,
    UnsupportedModalityError,
)
from ossicle.messages import (
    CHAT_AUDIO_ROWS,
    TEXT_TO_TEXT,
    AudioDelta,
    AudioReference,
    Event,
    Finished,
    Message,
    Modality,
    ModalityRow,
    Part,
    Reply,
    ReplyFold,
    Request,
    TextPart,
    Tool,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
    TranscriptDelta,
)

pytestmark = pytest.mark.anyio

BOTH: frozenset[Modality] = frozenset({"text", "audio"})


def said(text: str) -> bytes:
    """What the scripted synthesizer makes of a text."""
    return b"".join((ord(letter) % 256).to_bytes(2, "little") * (RATE // 1000) for letter in text)


async def events_of(provider: CascadeProvider, asked: Request) -> list[Event]:
    return [event async for event in provider.respond(asked)]


async def reply_of(provider: CascadeProvider, asked: Request) -> Reply:
    fold = ReplyFold(provider="cascade", model=asked.model)
    async for event in provider.respond(asked):
        fold.add(event)
    assert fold.is_complete
    return fold.reply()


def cascade(*pieces: str | ToolCall | Exception, echo: bool = False) -> CascadeProvider:
    return CascadeProvider(
        recognizer=ScriptedHearer(),
        language_model=ScriptedThinker(pieces=pieces, echo=echo),
        synthesizer=ScriptedSpeaker(),
    )


@pytest.mark.parametrize("row", [*CHAT_AUDIO_ROWS, TEXT_TO_TEXT], ids=lambda row: row.name)
@pytest.mark.parametrize("stream", [False, True])
async def test_every_row_is_answered(row: ModalityRow, stream: bool) -> None:
    parts: list[Part | str] = []
    parts += ["written"] if "text" in row.inputs else []
    parts += [spoken("x")] if "audio" in row.inputs else []
    asked = request(*parts, output=row.outputs, stream=stream)
    provider = cascade("One. ", "Two.")
    assert provider.capabilities("cascade").row_for("respond", asked.inputs, asked.output) == row

    reply = await reply_of(provider, asked)

    assert reply.text == "One. Two."
    assert reply.finish_reason == "stop"
    if "audio" in row.outputs:
        assert reply.transcript == "One. Two."
        assert reply.audio is not None
        assert reply.audio.read_bytes() == said("One. Two.")
    else:
        assert reply.content == "One. Two."
        assert reply.audio is None
    assert reply.heard == ("hello" if "audio" in row.inputs else None)


async def test_speak_is_verbatim() -> None:
    provider = cascade()
    reply = await reply_of(
        provider, request("Hi. There, 3.5!", task="speak", output={"audio"}, voice="other")
    )
    assert reply.audio is not None
    assert reply.audio.read_bytes() == said("Hi. There, 3.5!")
    assert reply.text == ""
    assert reply.usage.input_text_tokens == 4


async def test_transcribe_gives_text_segments_and_language() -> None:
    reply = await reply_of(cascade(), request(spoken("x"), task="transcribe", language="en"))
    assert reply.content == "hello"
    assert reply.language == "en"
    assert [(s.text, s.start_s, s.end_s) for s in reply.segments] == [("hello", 0.0, 0.1)]
    assert reply.usage.input_audio_tokens == 1


async def test_the_thinker_reads_what_was_spoken_in_every_turn() -> None:
    recognizer, language_model = ScriptedHearer(), ScriptedThinker(pieces=["ok"])
    provider = CascadeProvider(
        recognizer=recognizer, language_model=language_model, synthesizer=ScriptedSpeaker()
    )
    first, second, last = spoken("first"), spoken("second", transcript="known"), spoken("last")
    recognizer.said = {first.clip.digest: "heard one", last.clip.digest: "heard two"}
    old = AudioReference(provider="other", id="a1", transcript="an old answer")
    call = ToolCall(id="c1", name="look", arguments="{}")
    history = (
        Message(role="user", parts=(first,)),
        Message(role="assistant", parts=(old, ToolCallPart(call=call))),
        Message(role="tool", parts=(ToolResultPart(call_id="c1", content="seen"),)),
        Message(role="user", parts=(second,)),
        Message(role="assistant", parts=(spoken("x", transcript="my answer"),)),
    )
    tool = Tool(name="look")
    await reply_of(
        provider,
        request("and", last, history=history, instructions="Be kind.", tools=(tool,),
                tool_choice="auto", max_output_tokens=9),
    )  # fmt: skip
    call_seen = language_model.calls[0]
    messages = call_seen.pop("messages")
    assert isinstance(messages, tuple)
    assert [message.text for message in messages] == [
        "heard one", "an old answer", "", "known", "my answer", "and\nheard two",
    ]  # fmt: skip
    assert messages[1].parts[1] == history[1].parts[1]
    assert messages[2] == history[2]
    assert call_seen == {
        "instructions": "Be kind.", "tools": (tool,), "tool_choice": "auto",
        "max_output_tokens": 9,
    }  # fmt: skip
    assert recognizer.heard == [first.clip, last.clip]


async def test_a_reference_without_transcript_is_refused() -> None:
    history = (Message(role="assistant", parts=(AudioReference(provider="other", id="secret"),)),)
    with pytest.raises(UnsupportedFeatureError, match="'other'") as caught:
        await events_of(cascade("x"), request("hi", history=history))
    assert "secret" not in str(caught.value)


async def test_tool_calls_pass_through_and_finish_the_answer() -> None:
    calls = [ToolCall(id=f"c{i}", name="look", arguments=f'{{"at": {i}}}') for i in range(2)]
    reply = await reply_of(cascade(*calls), request("hi", output=BOTH))
    assert list(reply.tool_calls) == calls
    assert reply.finish_reason == "tool_calls"
    assert reply.audio is None


async def test_the_first_sentence_sounds_while_the_second_is_thought() -> None:
    sounded = anyio.Event()
    language_model = ScriptedThinker(pieces=["One. ", "T", sounded.wait, "wo."])
    provider = CascadeProvider(language_model=language_model, synthesizer=ScriptedSpeaker())
    kinds = []
    with anyio.fail_after(5):
        async for event in provider.respond(request("hi", output=BOTH, stream=True)):
            kinds.append(type(event))
            if isinstance(event, AudioDelta):
                sounded.set()
    assert kinds.index(AudioDelta) < len(kinds) - 1 - kinds[::-1].index(TranscriptDelta)
    assert kinds[-1] is Finished


async def test_the_thinker_does_not_run_far_ahead() -> None:
    language_model = ScriptedThinker(pieces=["Go on. "] * 1000)
    provider = CascadeProvider(language_model=language_model, synthesizer=ScriptedSpeaker())
    events = provider.respond(request("hi", output=BOTH))
    async for event in events:
        if isinstance(event, AudioDelta):
            break
    await anyio.wait_all_tasks_blocked()
    assert language_model.thought < 60
    await events.aclose()  # type: ignore[attr-defined]  # an async generator
    assert language_model.was_closed_early


@pytest.mark.parametrize("stage", ["recognizer", "language_model", "synthesizer"])
async def test_an_error_of_any_stage_comes_out_bare(stage: str) -> None:
    error = RateLimitedError("too many", provider="inner")
    provider = CascadeProvider(
        recognizer=ScriptedHearer(error=error if stage == "recognizer" else None),
        language_model=ScriptedThinker(
            pieces=["One. ", *([error] if stage == "language_model" else []), *["Two. "] * 50]
        ),
        synthesizer=ScriptedSpeaker(error=error if stage == "synthesizer" else None),
    )
    with pytest.raises(RateLimitedError) as caught:
        await events_of(provider, request(spoken("x"), output=BOTH))
    assert caught.value is error


async def test_nothing_goes_on_after_the_consumer_left() -> None:
    language_model, synthesizer = ScriptedThinker(pieces=["Word. "] * 1000), ScriptedSpeaker()
    provider = CascadeProvider(language_model=language_model, synthesizer=synthesizer)
    for stop_after in range(8):
        events = provider.respond(request("hi", output=BOTH))
        for _ in range(stop_after):
            await anext(events)
        await events.aclose()  # type: ignore[attr-defined]  # an async generator
        before = (language_model.thought, len(synthesizer.spoken))
        await anyio.wait_all_tasks_blocked()
        assert (language_model.thought, len(synthesizer.spoken)) == before


async def test_cancelling_the_consumer_stops_all_stages() -> None:
    language_model = ScriptedThinker(pieces=["One. ", "Two. ", anyio.sleep_forever])
    synthesizer = ScriptedSpeaker()
    provider = CascadeProvider(language_model=language_model, synthesizer=synthesizer)
    with anyio.CancelScope() as scope:
        async for event in provider.respond(request("hi", output=BOTH)):
            if isinstance(event, AudioDelta):
                scope.cancel()
    assert scope.cancelled_caught
    assert language_model.was_closed_early


async def test_each_event_may_be_awaited_in_a_scope_of_its_own() -> None:
    provider = cascade(*["One. "] * 20)
    fold = ReplyFold(provider="cascade", model="cascade")
    events = provider.respond(request("hi", output=BOTH))
    while True:
        with anyio.fail_after(5):
            event = await anext(events, None)
        if event is None:
            break
        fold.add(event)
    assert fold.reply().text == "One. " * 20


async def test_a_slow_consumer_gets_everything() -> None:
    provider = cascade(*["One two. "] * 30)
    fold = ReplyFold(provider="cascade", model="cascade")
    async for event in provider.respond(request("hi", output=BOTH)):
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        fold.add(event)
    reply = fold.reply()
    assert reply.audio is not None
    assert reply.audio.read_bytes() == said("One two. " * 30)


async def test_many_answers_at_once_do_not_mix() -> None:
    provider = cascade(echo=True)
    replies: dict[int, Reply] = {}

    async def ask(number: int) -> None:
        replies[number] = await reply_of(provider, request(f"Number {number}. Yes.", output=BOTH))

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(ask, number)
    for number, reply in replies.items():
        assert reply.audio is not None
        assert reply.audio.read_bytes() == said(f"Number {number}. Yes.")


async def test_usage_follows_the_declared_rates() -> None:
    reply = await reply_of(
        cascade("Three words here."),
        request("two words", spoken("x"), output=BOTH, instructions="only one?"),
    )
    usage = reply.usage
    assert (usage.input_text_tokens, usage.input_audio_tokens, usage.input_tokens) == (4, 1, 5)
    # 17 letters of a millisecond each, at 20 tokens a second, are a third of a token.
    assert (usage.output_text_tokens, usage.output_audio_tokens) == (3, 1)


@pytest.mark.parametrize("output", [frozenset({"text"}), BOTH])
async def test_a_longer_answer_is_cut_at_the_limit(output: frozenset[Modality]) -> None:
    reply = await reply_of(
        cascade("One tw", "o thr", "ee. four"), request("hi", output=output, max_output_tokens=3)
    )
    assert reply.text == "One two three."
    assert reply.finish_reason == "length"


async def test_an_answer_of_exactly_the_limit_is_not_cut() -> None:
    reply = await reply_of(cascade("One ", "two."), request("hi", max_output_tokens=2))
    assert (reply.text, reply.finish_reason) == ("One two.", "stop")


@pytest.mark.parametrize("pieces", [["…"], ["   "], []])
async def test_an_answer_that_cannot_be_spoken_is_an_error(pieces: Sequence[str]) -> None:
    provider = CascadeProvider(
        language_model=ScriptedThinker(pieces=pieces),
        synthesizer=ScriptedSpeaker(silent=frozenset("… ")),
    )
    with pytest.raises(AudioMissingError):
        await events_of(provider, request("hi", output=BOTH))
    with pytest.raises(AudioMissingError):
        await events_of(provider, request("…", task="speak", output={"audio"}))


@pytest.mark.parametrize("stages", list(itertools.product([False, True], repeat=3)))
async def test_missing_stages_narrow_the_matrix(stages: tuple[bool, bool, bool]) -> None:
    hears, thinks, speaks = stages
    build = {
        "recognizer": ScriptedHearer() if hears else None,
        "language_model": ScriptedThinker(pieces=["x"]) if thinks else None,
        "synthesizer": ScriptedSpeaker() if speaks else None,
    }
    if not any(stages):
        with pytest.raises(ConfigurationError):
            CascadeProvider(**build)  # type: ignore[arg-type]  # a table of stages
        return
    provider = CascadeProvider(**build)  # type: ignore[arg-type]  # a table of stages
    record = provider.capabilities("cascade")
    assert ("transcribe" in record.tasks, "respond" in record.tasks, "speak" in record.tasks) == (
        hears, thinks, speaks,
    )  # fmt: skip
    for task in {"transcribe", "respond", "speak"} - record.tasks:
        asked = request(spoken("x"), task=task, output={"audio"} if task == "speak" else {"text"})
        with pytest.raises(UnsupportedModalityError):
            await events_of(provider, asked)
    for row in record.rows["respond"]:
        assert "audio" not in row.inputs or hears
        assert "audio" not in row.outputs or speaks


async def test_capabilities_follow_the_stages() -> None:
    record = cascade().capabilities("cascade")
    assert record.audio_output is not None
    assert record.audio_output.whole == record.audio_output.streamed
    assert record.audio_output.whole[0].accepts(RAW)
    assert record.languages == ("en",)
    assert record.voices == ("plain", "other")
    assert record.tools
    assert not record.audio_references
    with pytest.raises(UnknownModelError, match="'nope'"):
        cascade().capabilities("nope")


async def test_options_are_checked() -> None:
    with pytest.raises(ConfigurationError, match="speed"):
        await events_of(cascade("x"), request("hi", provider_options={"speed": 9}))
    with pytest.raises(ConfigurationError, match="pitch"):
        await events_of(cascade("x"), request("hi", provider_options={"pitch": 1}))


async def test_closing_closes_every_stage() -> None:
    stages = ScriptedHearer(), ScriptedThinker(), ScriptedSpeaker()
    provider = CascadeProvider(
        recognizer=stages[0], language_model=stages[1], synthesizer=stages[2]
    )
    await provider.aclose()
    await provider.aclose()
    assert [stage.closed for stage in stages] == [2, 2, 2]


async def test_an_ordinary_error_of_a_stage_is_not_swallowed() -> None:
    provider = cascade("One. ", MalformedAudioError("bad"))
    with pytest.raises(MalformedAudioError):
        await events_of(provider, request("hi", output=BOTH))


async def test_text_of_the_newest_message_is_what_is_spoken() -> None:
    history = (Message(role="user", parts=(TextPart(text="old"),)),)
    reply = await reply_of(
        cascade(), request("new", history=history, task="speak", output={"audio"})
    )
    assert reply.audio is not None
    assert reply.audio.read_bytes() == said("new")
