from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.cascade.scripted import (
    ScriptedHearer,
    ScriptedThinker,
    ScriptedVendor,
    clip,
    request,
    spoken,
)

from ossicle import AudioClip, Cascade, Client, PipelineSettings
from ossicle.cascade import CascadeProvider, Heard, Piece, ProviderRecognizer
from ossicle.cascade.transcript_cache import TranscriptCache
from ossicle.messages import (
    AudioPart,
    Finished,
    Message,
    TextDelta,
    Tool,
    ToolCall,
    ToolResultPart,
    UsageReported,
)
from ossicle.messages.events import FinishReason


class AsksThrice(ScriptedThinker):
    """Asks for a tool until it has three results."""

    async def think(self, messages: Any, **settings: Any) -> AsyncIterator[Piece]:
        self.calls.append({"messages": messages})
        results = [p for one in messages for p in one.parts if isinstance(p, ToolResultPart)]
        yield "Done." if len(results) == 3 else ToolCall(id=f"c{len(results)}", name="look")


def tool_loop(client: Client, question: AudioClip) -> int:
    """Answer tool calls by hand until there is an answer; how many rounds it took."""
    history = [Message(role="user", parts=(AudioPart(clip=question),))]
    for number in range(1, 9):
        reply = client.respond(history=history, tools=[Tool(name="look")], output={"text"})
        if not reply.tool_calls:
            return number
        results = [ToolResultPart(call_id=call.id, content="seen") for call in reply.tool_calls]
        history += [reply.message, Message(role="tool", parts=tuple(results))]
    raise AssertionError("no answer")


def test_the_rounds_of_a_tool_loop_hear_the_question_once() -> None:
    vendor = ScriptedVendor(lambda _: [TextDelta(text="look at it"), Finished()])
    language_model = AsksThrice()
    cascade = Cascade(hear=ProviderRecognizer(vendor, "m"), think=language_model)
    with Client(cascade, settings=PipelineSettings(quality="off")) as client:
        question = AudioClip.from_pcm(b"\1\x10" * 8000, sample_rate=8000)
        assert tool_loop(client, question) == 4
        assert len(vendor.asked) == 1
        # Another question is another clip.
        assert tool_loop(client, AudioClip.from_pcm(b"\2\x10" * 8000, sample_rate=8000)) == 4
        assert len(vendor.asked) == 2
    for call in language_model.calls:
        messages: Any = call["messages"]
        assert messages[0].text == "look at it"


def test_what_is_remembered_counts_as_words_and_the_newest_is_always_heard() -> None:
    recognizer = ScriptedHearer(said={clip("x").digest: "three small words"})
    provider = CascadeProvider(recognizer=recognizer, language_model=ScriptedThinker(pieces=["ok"]))
    earlier = Message(role="user", parts=(spoken("x"),))

    async def usages() -> list[tuple[int | None, int | None]]:
        found = []
        for asked in (
            request(spoken("x")), request(spoken("x")), request("and", history=[earlier]),
            request("and", history=[earlier], language="de"),
        ):  # fmt: skip
            [usage] = [
                e.usage async for e in provider.respond(asked) if isinstance(e, UsageReported)
            ]
            found.append((usage.input_text_tokens, usage.input_audio_tokens))
        return found

    assert anyio.run(usages) == [(0, 1), (0, 1), (4, 0), (1, 1)]
    assert len(recognizer.heard) == 3


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_half_of_a_clip_is_not_remembered(reason: FinishReason) -> None:
    class Half(ScriptedHearer):
        async def hear(self, clip: AudioClip, *, language: str | None) -> Heard:
            self.heard.append(clip)
            return Heard(text="half", finish_reason=reason)

    recognizer = Half()
    provider = CascadeProvider(recognizer=recognizer, language_model=ScriptedThinker(pieces=["x"]))
    history = [Message(role="user", parts=(spoken("x"),))]

    async def main() -> None:
        for _ in range(2):
            with pytest.raises(Exception, match="not all"):
                async for _ in provider.respond(request("and", history=history)):
                    pass

    anyio.run(main)
    assert len(recognizer.heard) == 2


def test_a_closed_cascade_has_forgotten() -> None:
    recognizer = ScriptedHearer()
    provider = CascadeProvider(recognizer=recognizer, language_model=ScriptedThinker(pieces=["x"]))
    history = [Message(role="user", parts=(spoken("x"),))]

    async def main() -> None:
        for _ in range(2):
            async for _ in provider.respond(request("and", history=history)):
                pass
        assert len(recognizer.heard) == 1
        await provider.aclose()
        async for _ in provider.respond(request("and", history=history)):
            pass

    anyio.run(main)
    assert len(recognizer.heard) == 2


@given(
    steps=st.lists(
        st.tuples(st.sampled_from("abcde"), st.text(alphabet="w", max_size=12), st.floats(0, 4))
    ),
    max_clips=st.integers(1, 4),
    max_chars=st.integers(1, 30),
)
def test_memory_is_bounded_and_never_wrong(
    steps: list[tuple[str, str, float]], max_clips: int, max_chars: int
) -> None:
    """Against a plain list of all that was kept: what is found was kept last, and lately."""
    now_s = 0.0
    memory = TranscriptCache(
        max_clips=max_clips, max_chars=max_chars, max_age_s=10, clock=lambda: now_s
    )
    clips = {name: clip(name) for name in "abcde"}

    async def main() -> None:
        nonlocal now_s
        kept: list[tuple[str, str, float]] = []
        for name, words, pause_s in steps:
            now_s += pause_s
            await memory.keep(clips[name], words, language=None)
            kept = [one for one in kept if one[0] != name] + [(name, words, now_s)]
            kept = [one for one in kept if one[2] > now_s - 10][-max_clips:]
            while sum(len(one[1]) for one in kept) > max_chars:
                kept.pop(0)
            expected = {one[0]: one[1] for one in kept}
            for asked, sound in clips.items():
                assert await memory.find(sound, language=None) == expected.get(asked)
                assert await memory.find(sound, language="de") is None

    anyio.run(main)


def test_a_clip_in_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = clip("x").save(tmp_path / "x.pcm")
    memory = TranscriptCache()

    async def main() -> None:
        await memory.keep(clip("x"), "words", language=None)
        in_file = AudioClip.from_pcm(path, sample_rate=8000)
        assert await memory.find(in_file, language=None) == "words"

    anyio.run(main)
