"""What the user said is written down where that pays, by nobody who was not given it already."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.core.conversation.worlds import World

from ossicle import AudioClip, PipelineSettings, RetryPolicy
from ossicle.abc import Prices
from ossicle.conversation import HistoryPolicy
from ossicle.errors import RateLimitedError, RequestRefusedError
from ossicle.messages import AudioPart

pytestmark = pytest.mark.anyio

DEAR = {
    "chat": Prices(text_in=Decimal(1), audio_in=Decimal(100), text_out=Decimal(1)),
    "transcribe": Prices(audio_in=Decimal(5), text_out=Decimal(20)),
}
COSTLY = DEAR | {"transcribe": Prices(audio_in=Decimal(5000))}


@pytest.fixture
def world() -> World:
    world = World()
    for vendor in (world.provider, world.second):
        vendor.tells_heard = False
        vendor.prices = DEAR
    return world


@pytest.fixture
async def spoken(world: World) -> AudioClip:
    async with world.client() as client:
        audio = (await client.speak("my name is Ada")).audio
    assert audio is not None
    world.provider.tasks.clear()
    return audio


def clips_sent(world: World) -> int:
    parts = (part for message in world.provider.last_messages for part in message.parts)
    return sum(isinstance(part, AudioPart) for part in parts)


async def test_the_vendor_that_heard_it_writes_it_down_and_the_newest_stay_audio(
    world: World, spoken: AudioClip
) -> None:
    async with world.client() as client:
        talk = client.conversation()
        for _ in range(5):
            await talk.send(audio=spoken)
    assert world.provider.tasks.count("transcribe") == 2
    assert clips_sent(world) == 3  # the newest two, and that of the turn itself
    assert [turn.user.text for turn in talk.turns] == ["my name is Ada"] * 2 + [""] * 3
    report = talk.report
    assert report is not None
    assert report.written_down == (talk.turns[1].id,)
    assert "history: 1 × written down for this call" in talk.receipt.notes
    tasks = [receipt.task for turn in talk.turns for receipt in turn.receipts]
    assert tasks.count("transcribe") == 2
    # Two clips of 1.08 s: 11 tokens heard at 5, and 4 words written at 20 millionths each.
    written = sum(
        receipt.cost.amount
        for turn in talk.turns
        for receipt in turn.receipts
        if receipt.task == "transcribe" and receipt.cost is not None
    )
    assert written == 2 * Decimal("0.000135")


@pytest.mark.parametrize("case", ["off", "no gain", "free", "unknown price", "not speech"])
async def test_nothing_is_written_down_where_it_should_not_be(
    world: World, spoken: AudioClip, case: str
) -> None:
    policy = HistoryPolicy(transcriber=None if case == "off" else "auto", audio_turns=0)
    if case == "no gain":
        world.provider.prices = COSTLY
    if case == "free":
        world.provider.prices = {}
    if case == "unknown price":
        world.provider.prices = DEAR | {"transcribe": Prices()}
    settings = PipelineSettings(quality="warn")
    audio = spoken
    if case == "not speech":
        audio = AudioClip.from_pcm(bytes(48_000), sample_rate=24_000)
    async with world.client(settings=settings) as client:
        talk = client.conversation(history_policy=policy)
        for _ in range(3):
            await talk.send("what is this?", audio=audio)
    assert "transcribe" not in world.provider.tasks
    assert clips_sent(world) == 3


async def test_audio_goes_to_no_vendor_that_was_not_given_it(
    world: World, spoken: AudioClip
) -> None:
    policy = HistoryPolicy(audio_turns=0)
    async with world.client(plugins=(world.second_plugin(),)) as client:
        talk = client.conversation(history_policy=policy)
        await talk.switch("second:chat")
        await talk.send(audio=spoken)
        await talk.switch("echo:chat")
        await talk.send("go on")
        # Only the second one heard it, so only that one writes it down.
        assert world.second.tasks == ["respond", "transcribe"]
        assert world.provider.tasks == ["respond"]
        assert clips_sent(world) == 0


@pytest.mark.parametrize("transcriber", ["auto", "echo:transcribe"])
@pytest.mark.parametrize("is_passing", [True, False])
async def test_a_transcriber_that_fails_costs_no_turn_and_is_given_up(
    world: World, spoken: AudioClip, transcriber: str, is_passing: bool
) -> None:
    error = RateLimitedError if is_passing else RequestRefusedError
    world.provider.broken["transcribe"] = error("no", provider="echo")
    policy = HistoryPolicy(audio_turns=0, transcriber=transcriber)
    async with world.client(retry=RetryPolicy(attempts=1)) as client:
        talk = client.conversation(history_policy=policy)
        for _ in range(5):
            assert (await talk.send(audio=spoken)).audio is not None
        assert [turn.state for turn in talk.turns] == ["committed"] * 5
        assert clips_sent(world) == 5
        # One that may come back is asked three times in all; one that says no, never again.
        assert world.provider.tasks.count("transcribe") == (3 if is_passing else 1)
        [note] = [note for note in talk.receipt.notes if "did not write down" in note]
        assert error.code in note
        world.provider.broken.clear()
        await talk.send("go on")
        assert clips_sent(world) == 5


async def test_a_transcriber_has_half_of_the_time_that_the_turn_has(
    world: World, spoken: AudioClip
) -> None:
    async with world.client() as client:
        talk = client.conversation(history_policy=HistoryPolicy(audio_turns=0))
        await talk.send(audio=spoken)
        world.provider.deadlines.clear()
        await talk.send("go on", timeout_s=40.0)
        # The clock stands still until someone moves it.
        assert world.provider.deadlines == {"respond": 40.0, "transcribe": 20.0}


async def test_words_that_are_none_leave_the_audio_and_are_not_asked_for_again(
    world: World, spoken: AudioClip
) -> None:
    world.provider.tells_heard = False
    hum = AudioClip.from_pcm(bytes(48_000), sample_rate=24_000)
    policy = HistoryPolicy(audio_turns=0)
    async with world.client(settings=PipelineSettings(quality="off")) as client:
        talk = client.conversation(history_policy=policy)
        await talk.send("what is this?", audio=[hum, spoken])
        for _ in range(3):
            await talk.send("go on")
        assert world.provider.tasks.count("transcribe") == 2
        assert clips_sent(world) == 2
        parts = [part for part in talk.turns[0].user.parts if isinstance(part, AudioPart)]
        assert [part.transcript for part in parts] == ["", "my name is Ada"]
