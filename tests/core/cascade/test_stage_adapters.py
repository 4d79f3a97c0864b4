from __future__ import annotations

import functools
import threading
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
from tests.core.cascade.scripted import (
    ScriptedHearer,
    ScriptedSpeaker,
    ScriptedThinker,
    request,
    spoken,
)

from ossicle.abc import AudioProvider, Capabilities
from ossicle.cascade import (
    CallableThinker,
    CascadeProvider,
    Piece,
    ProviderLanguageModel,
    ProviderRecognizer,
    ProviderSynthesizer,
)
from ossicle.errors import (
    ConfigurationError,
    ProviderError,
    RateLimitedError,
    StreamIncompleteError,
    UnsupportedFeatureError,
)
from ossicle.messages import (
    Event,
    Finished,
    Message,
    Request,
    TextPart,
    ToolCall,
    UsageReported,
)

pytestmark = pytest.mark.anyio

TURN = (Message(role="user", parts=(TextPart(text="old"),)),
        Message(role="user", parts=(TextPart(text="new"),)))  # fmt: skip


async def thought(language_model: CallableThinker) -> list[Piece]:
    return [piece async for piece in language_model.think(TURN)]


async def test_functions_of_every_kind_think() -> None:
    async def coroutine(text: str) -> str:
        return text.upper()

    async def stream(text: str) -> AsyncIterator[str]:
        for letter in text:
            yield letter

    def pieces(text: str) -> Iterator[str]:
        yield from text

    def count(messages: Sequence[Message]) -> str:
        return str(len(messages))

    assert await thought(CallableThinker(str.upper)) == ["NEW"]
    assert await thought(CallableThinker(coroutine)) == ["NEW"]
    assert await thought(CallableThinker(functools.partial(coroutine))) == ["NEW"]
    assert await thought(CallableThinker(stream)) == ["n", "e", "w"]
    assert await thought(CallableThinker(pieces)) == ["n", "e", "w"]
    assert await thought(CallableThinker(lambda text: [text, "!"])) == ["new", "!"]
    assert await thought(CallableThinker(count, takes="messages")) == ["2"]


async def test_plain_functions_leave_the_event_loop_free() -> None:
    threads: list[int] = []

    def pieces(text: str) -> Iterator[str]:
        threads.append(threading.get_ident())
        yield text

    def function(text: str) -> str:
        threads.append(threading.get_ident())
        return text

    await thought(CallableThinker(pieces))
    await thought(CallableThinker(function))
    assert len(threads) == 2
    assert threading.get_ident() not in threads


async def test_what_a_function_raises_is_typed() -> None:
    def broken(text: str) -> str:
        raise KeyError(text)

    def limited(text: str) -> str:
        raise RateLimitedError("slow down", provider="inner")

    with pytest.raises(ProviderError, match="KeyError") as caught:
        await thought(CallableThinker(broken))
    assert "new" not in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(RateLimitedError):
        await thought(CallableThinker(limited))


async def test_a_cascade_of_cascades_hears_thinks_and_speaks() -> None:
    call = ToolCall(id="c", name="look")
    inner = CascadeProvider(
        recognizer=ScriptedHearer(),
        language_model=ScriptedThinker(pieces=["Yes, ", "no.", call]),
        synthesizer=ScriptedSpeaker(),
    )
    outer = CascadeProvider(
        recognizer=ProviderRecognizer(inner, "cascade"),
        language_model=ProviderLanguageModel(inner, "cascade"),
        synthesizer=ProviderSynthesizer(inner, "cascade"),
    )
    asked = request(spoken("x"), output={"text", "audio"}, language="en")
    kinds = [type(event) async for event in outer.respond(asked)]
    # Paid hearing is reported before the thinking begins; the stages inside are nobody's bill.
    assert kinds.pop(2) is UsageReported
    assert [kind async for kind in _strip(inner, asked)] == kinds
    assert outer.capabilities("cascade").audio_input == inner.capabilities("cascade").audio_input


async def _strip(provider: AudioProvider, asked: Request) -> AsyncIterator[type[Event]]:
    async for event in provider.respond(asked):
        yield type(event)


class Broken(CascadeProvider):
    """Ends without its end marker."""

    async def respond(self, request: Request) -> AsyncIterator[Event]:
        async for event in super().respond(request):
            if not isinstance(event, Finished):
                yield event


async def test_a_provider_that_breaks_off_is_noticed() -> None:
    broken = Broken(
        recognizer=ScriptedHearer(),
        language_model=ScriptedThinker(pieces=["x"]),
        synthesizer=ScriptedSpeaker(),
    )
    with pytest.raises(StreamIncompleteError):
        await ProviderRecognizer(broken, "cascade").hear(spoken("x").clip, language=None)
    with pytest.raises(StreamIncompleteError):
        language_model = ProviderLanguageModel(broken, "cascade")
        async for _ in language_model.think(
            TURN, instructions=None, tools=(), tool_choice=None, max_output_tokens=None
        ):
            pass
    with pytest.raises(StreamIncompleteError):
        async for _ in ProviderSynthesizer(broken, "cascade").speak("x", voice=None, speed=1.0):
            pass


async def test_unfit_providers_are_refused_when_the_stage_is_built() -> None:
    deaf = CascadeProvider(synthesizer=ScriptedSpeaker())
    with pytest.raises(ConfigurationError, match="transcribe"):
        ProviderRecognizer(deaf, "cascade")
    with pytest.raises(ConfigurationError, match="respond"):
        ProviderLanguageModel(deaf, "cascade")
    mute = CascadeProvider(recognizer=ScriptedHearer())
    with pytest.raises(ConfigurationError, match="speak"):
        ProviderSynthesizer(mute, "cascade")
    only_mp3 = CascadeProvider(
        synthesizer=ScriptedSpeaker(), capabilities=_without_output(deaf.capabilities("cascade"))
    )
    with pytest.raises(ConfigurationError, match="PCM"):
        ProviderSynthesizer(only_mp3, "cascade")


def _without_output(record: Capabilities) -> Capabilities:
    return record.model_copy(update={"audio_output": None})


async def test_a_speed_that_cannot_be_kept_is_refused() -> None:
    synthesizer = ProviderSynthesizer(CascadeProvider(synthesizer=ScriptedSpeaker()), "cascade")
    with pytest.raises(UnsupportedFeatureError, match="speed"):
        async for _ in synthesizer.speak("x", voice=None, speed=2.0):
            pass


async def test_a_stage_closes_only_what_it_owns() -> None:
    inner_speaker = ScriptedSpeaker()
    inner = CascadeProvider(synthesizer=inner_speaker)
    await ProviderSynthesizer(inner, "cascade").aclose()
    assert inner_speaker.closed == 0
    await ProviderSynthesizer(inner, "cascade", owns_provider=True).aclose()
    assert inner_speaker.closed == 1
