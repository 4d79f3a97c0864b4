"""What was made once is neither asked nor paid for again, and every receipt says which it was."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tests.core.client.cached import HEARER, SPEAKER, Heard, blocking

from ossicle import AudioClip, AudioDelta, Budget, BudgetLimits, Client, Finished
from ossicle.errors import BudgetExceededError, ConfigurationError, ProviderError
from ossicle.pipeline import CacheUse
from ossicle.policy import Allowance, RetryPolicy
from ossicle.storage import AudioCache, MemoryStore, SqliteStore
from ossicle_echo import EchoProvider
from ossicle_testing.vendors import FaultKind, ListedFaults
from ossicle_testing.vendors.openai import FakeOpenAI
from ossicle_testing.vendors.tones import tone_voice


def spoken(words: str, container: str = "WAV") -> AudioClip:
    file = io.BytesIO()
    whole = np.round(tone_voice(words) * 32767).astype(np.int16)  # Rounded here, once for all.
    soundfile.write(file, whole, 24000, format=container, subtype="PCM_16")
    return AudioClip.from_bytes(file.getvalue())


@pytest.mark.parametrize("name", ["wav", "flac", "opus", None])
def test_a_hit_is_byte_identical_and_costs_nothing(tmp_path: Path, name: str | None) -> None:
    budget = Budget(BudgetLimits(on_unknown="allow"))
    with FakeOpenAI() as vendor, SqliteStore(tmp_path / "store") as store:
        receipts, sounds = [], []
        for _ in range(2):  # The second client is another process, as far as the cache can see.
            cache = AudioCache(store)
            with blocking(vendor, cache=cache, budget=budget) as client:
                reply = client.speak("good morning", model=SPEAKER, output_format=name)
                assert reply.audio is not None
                receipts.append(reply.receipt)
                sounds.append(reply.audio.read_bytes())
        spent = budget.spent_today()
        executed = vendor.ledger.executed
    assert sounds[0] == sounds[1]
    assert len(executed) == 1
    first, second = receipts
    assert first is not None
    assert second is not None
    assert (first.cache, first.cache_hit, len(first.attempts)) == ("made", False, 1)
    assert (second.cache, second.cache_hit, second.attempts) == ("stored", True, ())
    assert second.usage is not None
    assert second.usage.total_tokens == 0
    assert second.cost is not None
    assert second.cost.amount == 0
    assert second.cost.basis == "cache"
    assert first.cost is not None
    assert spent.money == first.cost.amount == executed[0].bill.amount > 0
    assert any("spared" in note for note in second.notes)
    assert ("cache", "stored") in second.rows()


def test_the_same_speech_as_wav_or_flac_is_heard_once() -> None:
    with FakeOpenAI() as vendor, blocking(vendor, cache=AudioCache(MemoryStore())) as client:
        origins, texts = [], []
        for clip in (spoken("hello", "WAV"), spoken("hello", "FLAC"), spoken("other", "FLAC")):
            reply = client.transcribe(clip, model=HEARER)
            assert reply.receipt is not None
            origins.append(reply.receipt.cache)
            texts.append(reply.text)
        assert len(vendor.ledger.executed) == 2
    assert origins == ["made", "stored", "made"]
    assert texts == ["hello", "hello", "other"]


def test_everything_that_changes_the_answer_makes_another() -> None:
    variants: list[dict[str, Any]] = [
        {},
        {"voice": "nova"},
        {"model": "openai:tts-1-hd"},
        {"output_format": "mp3"},  # The vendor makes it itself: another native format.
        {"provider_options": {"openai": {"speed": 1.5}}},
    ]
    cache = AudioCache(MemoryStore())
    with FakeOpenAI() as vendor, FakeOpenAI() as other:
        for client in (blocking(vendor, cache=cache), blocking(other, cache=cache)):
            with client:
                for view in (client, client.for_tenant("ada")):
                    for variant in variants * 2:
                        view.speak("hello", **{"model": SPEAKER, **variant})
                    view.speak("hello ", model=SPEAKER)
        assert len(vendor.ledger.executed) == len(other.ledger.executed) == 12
    assert cache.figures.made == 24


def test_a_call_can_go_round_the_cache_or_renew_it() -> None:
    cache = AudioCache(MemoryStore())
    with FakeOpenAI() as vendor, blocking(vendor, cache=cache) as client:
        origins = []
        uses: list[CacheUse | None] = ["off", "use", "off", "renew", "use", None]
        for use in uses:
            reply = client.speak("hello", model=SPEAKER, cache=use)
            assert reply.receipt is not None
            origins.append(reply.receipt.cache)
        assert len(vendor.ledger.executed) == 4
        with pytest.raises(ConfigurationError, match="'yes'"):
            client.speak("hello", model=SPEAKER, cache="yes")  # type: ignore[arg-type]
    assert origins == [None, "made", None, "made", "stored", "stored"]


def test_an_answer_is_a_new_sample_unless_the_caller_says_otherwise() -> None:
    with FakeOpenAI() as vendor, blocking(vendor, cache=AudioCache(MemoryStore())) as client:
        for _ in range(2):
            assert client.respond("hello").receipt.cache is None  # type: ignore[union-attr]
        replies = [client.respond("hello", cache="use") for _ in range(2)]
        assert len(vendor.ledger.executed) == 3
    assert [reply.receipt.cache for reply in replies if reply.receipt] == ["made", "stored"]
    assert replies[0].reference is not None
    assert replies[1].reference is None  # The id is of another call, and dies with it.
    assert replies[0].audio is not None
    assert replies[1].audio is not None
    assert replies[0].audio.digest == replies[1].audio.digest


def test_prepared_audio_is_encoded_once_for_every_task() -> None:
    cache = AudioCache(MemoryStore())
    with FakeOpenAI() as vendor, blocking(vendor, cache=cache) as client:
        clip = spoken("hello", "FLAC")  # The chat model takes wav and mp3.
        for earlier in ([], ["cached"]):
            reply = client.respond(audio=clip, output={"text"})
            assert reply.receipt is not None
            actions = [step.action for step in reply.receipt.inputs[0].steps]
            assert actions == [*earlier, "decode", "encode"]
            assert reply.receipt.inputs[0].measurements["peak_dbfs"] < 0
        assert (cache.figures.made, cache.figures.stored) == (1, 1)
        first, second = vendor.ledger.executed
        assert first.digest == second.digest  # Byte for byte the same request.


@pytest.mark.parametrize("name", [None, "mp3"])
def test_a_stream_is_kept_at_its_end_and_replayed_as_events(name: str | None) -> None:
    listener = Heard()
    cache = AudioCache(MemoryStore())
    with FakeOpenAI() as vendor, blocking(vendor, cache=cache, plugins=[listener]) as client:
        sounds, origins = [], []
        for _ in range(2):
            with client.stream("hi", task="speak", model=SPEAKER, output_format=name) as stream:
                events = list(stream)
            assert isinstance(events[-1], Finished)
            sounds.append(b"".join(one.data for one in events if isinstance(one, AudioDelta)))
            assert stream.reply.receipt is not None
            origins.append(stream.reply.receipt.cache)
        assert len(vendor.ledger.executed) == 1
    assert sounds[0] == sounds[1]
    assert origins == ["made", "stored"]
    assert listener.names == ["started", "finished"] * 2


def test_a_stream_that_is_left_is_not_kept() -> None:
    with FakeOpenAI() as vendor, blocking(vendor, cache=AudioCache(MemoryStore())) as client:
        for _ in range(2):
            with client.stream("hello " * 50, task="speak", model=SPEAKER) as stream:
                next(stream)
        assert len(vendor.ledger.entries) == 2


def test_statistics_and_listeners_count_hits() -> None:
    listener = Heard()
    with (
        FakeOpenAI() as vendor,
        blocking(vendor, cache=AudioCache(MemoryStore()), plugins=[listener]) as client,
    ):
        for _ in range(3):
            client.speak("hello", model=SPEAKER)
        total = client.stats.snapshot().total
        (entry,) = vendor.ledger.executed
    assert (total.calls, total.cache_hits) == (3, 2)
    assert total.costs == {"USD": entry.bill.amount}
    assert total.unpriced_calls == 0
    assert listener.names == ["started", "finished"] * 3


def test_a_hit_passes_a_budget_that_the_call_would_not() -> None:
    cache, listener = AudioCache(MemoryStore()), Heard()
    nothing = Budget(BudgetLimits(day=Allowance(money=Decimal(0)), on_unknown="allow"))
    with FakeOpenAI() as vendor:
        with blocking(vendor, cache=cache) as client:
            client.speak("hello", model=SPEAKER)
        with blocking(vendor, cache=cache, budget=nothing, plugins=[listener]) as client:
            assert client.speak("hello", model=SPEAKER).receipt.cache == "stored"  # type: ignore[union-attr]
            with pytest.raises(BudgetExceededError):
                client.speak("other", model=SPEAKER)
        assert len(vendor.ledger.entries) == 1
    assert listener.names == ["started", "finished", "refused"]
    assert nothing.held_today().money == nothing.spent_today().money == 0


def test_a_failure_is_not_kept() -> None:
    schedule = ListedFaults([FaultKind.STATUS_429])
    with (
        FakeOpenAI(schedule=schedule) as vendor,
        blocking(vendor, cache=AudioCache(MemoryStore()), retry=RetryPolicy(attempts=1)) as client,
    ):
        with pytest.raises(ProviderError) as caught:
            client.speak("hello", model=SPEAKER)
        assert caught.value.receipt is not None
        assert [one.outcome for one in caught.value.receipt.attempts] == ["clean"]
        assert client.speak("hello", model=SPEAKER).receipt.cache == "made"  # type: ignore[union-attr]


def test_an_answer_that_was_cut_short_is_not_kept() -> None:
    with Client("echo", cache=AudioCache(MemoryStore())) as client:
        receipts = [
            client.respond("one two three", max_output_tokens=1, cache="use") for _ in range(2)
        ]
    for reply in receipts:
        assert reply.receipt is not None
        if reply.finish_reason == "length":
            assert reply.receipt.cache == "made"


def test_what_has_no_form_to_be_cached_under_is_no_reason_to_fail() -> None:
    class Odd(EchoProvider):
        name = "odd"

        @property
        def endpoint(self) -> Any:
            return object()

    cache = AudioCache(MemoryStore())
    with Client([Odd(), "echo"], cache=cache) as client:
        for _ in range(2):
            reply = client.speak("hello", model="odd:speak")
            assert reply.receipt is not None
            assert reply.receipt.cache is None
            assert any("not cached" in note for note in reply.receipt.notes)
    assert cache.figures.made == 0
