"""What may not be written down is in no file of the store, and what has served its time is gone."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ossicle import AudioClip, Client, Conversation
from ossicle.conversation import HistoryPolicy, RetentionChoice, RetentionPolicy
from ossicle.errors import ConfigurationError, NotStoredError, StorageError
from ossicle.pipeline import Retention
from ossicle.policy import VirtualClock
from ossicle.storage import AudioCache, SqliteStore

HOUR = 3600.0


class Time(VirtualClock):
    """A wall clock that the store reads as well."""

    def __init__(self) -> None:
        super().__init__(wall=1_800_000_000.0)
        self.passed = 0.0

    def wall(self) -> float:
        return super().wall() + self.passed


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path, time: Time) -> Iterator[SqliteStore]:
    with SqliteStore(folder, clock=time.wall) as made:
        yield made


@pytest.fixture(scope="module")
def speech() -> dict[str, AudioClip]:
    """Small enough for a row of the database, and large enough for a file."""
    with Client("echo") as client:
        made = {name: client.speak(name).audio for name in ("short", "long " * 12)}
    return {name.strip(): clip for name, clip in made.items() if clip is not None}


def client_of(store: SqliteStore, time: Time, **more: Any) -> Client:
    return Client("echo", store=store, clock=time, **more)


def traces(folder: Path, clips: list[AudioClip]) -> int:
    """How many of the clips a byte search finds a part of, in any file."""
    found = 0
    files = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    for clip in clips:
        data = clip.read_bytes()
        pieces = [data[start : start + 48] for start in range(2000, len(data) - 48, 1000)]
        whole = [piece for piece in pieces if len(set(piece)) > 12]
        assert whole
        found += any(piece in file for piece in whole for file in files)
    return found


def talk_of(client: Client, speech: dict[str, AudioClip], **more: Any) -> list[AudioClip]:
    """Two spoken turns, and all that was heard and said in them."""
    talk = client.conversation(id="c", **more)
    for clip in speech.values():
        talk.send(audio=clip)
    talk.send("secret-words-in-writing")
    return [clip for turn in talk.turns for clip in turn.clips]


@pytest.mark.parametrize("by_client", [True, False])
@pytest.mark.parametrize(("level", "n_sounds"), [("none", 0), ("transcript", 0), ("audio", 5)])
def test_the_files_hold_what_the_level_allows(
    folder: Path,
    store: SqliteStore,
    time: Time,
    speech: dict[str, AudioClip],
    level: Any,
    n_sounds: int,
    by_client: bool,
) -> None:
    whole = {"retention": level} if by_client else {}
    single = {} if by_client else {"retention": level}
    # The cache is in the same store, and what it keeps is a trace as well.
    with client_of(store, time, cache=AudioCache(store), **whole) as client:
        clips = talk_of(client, speech, **single)
    assert len(clips) == 5
    assert (traces(folder, clips) > 0) == (n_sounds > 0)
    words = b"secret-words-in-writing"
    texts = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    assert any(words in text for text in texts) == (level != "none")
    size = store.measure("default")
    assert (size.conversations, size.turns) == ((0, 0) if level == "none" else (1, 3))
    assert (size.blobs, size.cached_values) == (0, 0) or level == "audio"


def test_direct_calls_heed_the_clients_level_too(
    folder: Path, store: SqliteStore, time: Time, speech: dict[str, AudioClip]
) -> None:
    levels: list[tuple[Retention, int]] = [("none", 0), ("transcript", 1), ("audio", 3)]
    for level, cached in levels:
        with client_of(store, time, cache=AudioCache(store), retention=level) as client:
            client.speak("hello")
            client.transcribe(speech["short"])
        assert store.measure("default").cached_values >= cached
        if cached < 3:
            assert store.measure("default").cached_values == cached
            assert traces(folder, [speech["short"]]) == 0


@pytest.mark.parametrize("spoken", [True, False])
def test_a_conversation_goes_on_in_words_when_its_sound_is_gone(
    store: SqliteStore, time: Time, speech: dict[str, AudioClip], spoken: bool
) -> None:
    with client_of(store, time, retention="transcript") as client:
        talk_of(client, speech)
    with client_of(store, time) as client:
        talk = client.conversations.open("c")
        assert talk.retention.level == "transcript"
        assert not any(turn.clips for turn in talk.turns)
        said = [turn.user.text for turn in talk.turns]
        assert said == ["short", "long " * 12, "secret-words-in-writing"]
        reply = talk.send(audio=speech["short"]) if spoken else talk.send("recall")
        assert reply.audio is not None
        assert talk.turns[-1].state == "committed"


def kept_audio(store: SqliteStore) -> list[int]:
    stored = store.load_conversation("default", "c")
    return [len(turn.blobs) for turn in stored.turns]


@pytest.mark.parametrize("how", ["clean", "save", "open and save"])
def test_sound_goes_an_hour_after_its_need(
    folder: Path, store: SqliteStore, time: Time, speech: dict[str, AudioClip], how: str
) -> None:
    policy = HistoryPolicy(audio_turns=1)
    with client_of(store, time) as client:
        talk = client.conversation(id="c", history_policy=policy)
        for _ in range(3):
            talk.send(audio=speech["short"])
        # Needed is the sound of the newest turn; that of the others is kept for another hour.
        untils = [turn.blobs_until for turn in store.load_conversation("default", "c").turns]
        assert untils[2] is None
        assert [None if one is None else round(one - time.wall()) for one in untils[:2]] == [
            3600
        ] * 2
        time.passed += HOUR - 1
        store.clean()
        assert kept_audio(store) == [2, 2, 2]
        time.passed += 2
        if how == "clean":
            store.clean()
        elif how == "save":
            talk.save()
        else:
            again = client.conversations.open("c")
            assert [len(turn.clips) for turn in again.turns] == [0, 0, 2]
            assert again.turns[0].user.text == "short"
            again.save()
        assert kept_audio(store) == [0, 0, 2]
        # The next turn takes its place in the window, and its own answer is known in words.
        talk = client.conversations.open("c")
        talk.send("recall")
        time.passed += 2 * HOUR
        store.clean()
        assert kept_audio(store) == [0, 0, 0, 0]


def test_an_idle_conversation_can_lose_its_sound(
    folder: Path, store: SqliteStore, time: Time, speech: dict[str, AudioClip]
) -> None:
    kept = RetentionPolicy(audio_idle_s=10.0)
    with client_of(store, time, retention=kept) as client:
        talk = client.conversation(id="c")
        for _ in range(2):
            time.passed += 9
            talk.send(audio=speech["short"])
        assert kept_audio(store) == [2, 2]
        clips = list(talk.turns[0].clips)
        time.passed += 11
        assert store.clean().turns == 2
    assert kept_audio(store) == [0, 0]
    assert traces(folder, clips) == 0


def test_a_lower_level_takes_effect_at_once(
    folder: Path, store: SqliteStore, time: Time, speech: dict[str, AudioClip]
) -> None:
    with client_of(store, time) as client:
        clips = talk_of(client, speech)
        assert traces(folder, clips) == 5
        talk = client.conversations.open("c", retention="transcript")
        assert traces(folder, clips) == 0
        talk.send("go on")
        assert client.conversations.open("c").retention.level == "transcript"
        talk = client.conversations.open("c", retention="none")
        assert talk.send("go on").audio is not None  # In memory it lives on.
        with pytest.raises(ConfigurationError, match="retention"):
            talk.save()
        with pytest.raises(NotStoredError):
            client.conversations.open("c")
        with pytest.raises(ConfigurationError, match="level"):
            client.conversation(retention="all")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("retention", "n_left"),
    [
        (RetentionPolicy(audio_ttl_s=0, audio_idle_s=0), 0),
        ("transcript", 0),
        ("none", 0),
        (RetentionPolicy(audio_ttl_s=1e9), 5),
    ],
)
def test_a_stricter_policy_leaves_no_byte_even_if_a_reader_was_in_the_way_first(
    folder: Path,
    time: Time,
    speech: dict[str, AudioClip],
    retention: RetentionChoice,
    n_left: int,
) -> None:
    """Shorter times left the sound in the log, and the second call found nothing to do."""
    with (
        SqliteStore(folder, clock=time.wall, busy_timeout_s=0.05) as store,
        client_of(store, time) as client,
    ):
        clips = talk_of(client, speech)
        reader = sqlite3.connect(folder / "ossicle.sqlite3", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM conversations").fetchall()
        if n_left == 0:
            with pytest.raises(StorageError):
                client.conversations.open("c", retention=retention)
        reader.close()
        with contextlib.nullcontext() if retention != "none" else pytest.raises(NotStoredError):
            client.conversations.open("c", retention=retention)
        assert traces(folder, clips) == n_left


def test_a_file_keeps_the_level_and_no_more(
    tmp_path: Path, store: SqliteStore, time: Time, speech: dict[str, AudioClip]
) -> None:
    with client_of(store, time) as client:
        levels: list[Retention] = ["transcript", "audio"]
        for level in levels:
            talk = client.conversation(retention=level)
            talk.send(audio=speech["short"])
            file = talk.export(tmp_path / f"{level}.zip")
            assert (traces(tmp_path, [speech["short"]]) > 0) == (level == "audio")
            again = client.conversations.load(file, is_copy=True)
            assert again.retention.level == level
            assert (len(again.turns[0].clips) > 0) == (level == "audio")
            assert again.send("recall").text
        with pytest.raises(ConfigurationError, match="written down"):
            client.conversation(retention="none").export(tmp_path / "none.zip")
        assert not (tmp_path / "none.zip").exists()
    with client_of(store, time, retention="transcript") as client:
        talk = client.conversations.load(tmp_path / "audio.zip", is_copy=True)
        assert talk.retention.level == "transcript"  # The stricter of both.
        assert not store.load_conversation("default", talk.id).turns[0].blobs


def test_looking_at_a_conversation_disturbs_nobody_who_uses_it(
    tmp_path: Path, folder: Path, store: SqliteStore, time: Time, speech: dict[str, AudioClip]
) -> None:
    with client_of(store, time) as client:
        talk = client.conversation(id="c", history_policy=HistoryPolicy(audio_turns=1))
        for _ in range(3):
            talk.send(audio=speech["short"])
        time.passed += 2 * HOUR
        before = store.load_conversation("default", "c")
        with SqliteStore(folder, clock=time.wall) as other, client_of(other, time) as second:
            looked_at = second.conversations.open("c")
            looked_at.export(tmp_path / "c.zip")
        assert [len(turn.clips) for turn in looked_at.turns] == [0, 0, 2]
        assert store.load_conversation("default", "c") == before
        talk.send("Still mine.")
        assert kept_audio(store) == [0, 0, 2, 1]


def by_idleness(store: SqliteStore, time: Time, talk: Conversation) -> None:
    """Everything is due."""


def by_undoing(store: SqliteStore, time: Time, talk: Conversation) -> None:
    """The turn before it is needed again, and its sound was needed no more."""
    talk.undo()


@pytest.mark.parametrize("is_cleaned", [True, False])
@pytest.mark.parametrize(
    ("retention", "then", "kept"),
    [
        (RetentionPolicy(audio_ttl_s=600, audio_idle_s=3600), by_idleness, [0, 0, 0, 1]),
        (RetentionPolicy(), by_undoing, [0, 0, 1]),
    ],
)
def test_a_conversation_goes_on_after_a_cleaning(
    store: SqliteStore,
    time: Time,
    speech: dict[str, AudioClip],
    retention: RetentionPolicy,
    then: Callable[[SqliteStore, Time, Conversation], None],
    kept: list[int],
    is_cleaned: bool,
) -> None:
    """A live conversation trusted what it had once stored, and could never be written again."""
    with client_of(store, time, retention=retention) as client:
        talk = client.conversation(id="c", history_policy=HistoryPolicy(audio_turns=2))
        for _ in range(3):
            talk.send(audio=speech["short"])
        time.passed += HOUR + 1
        if is_cleaned:
            assert store.clean().turns > 0
        then(store, time, talk)
        talk.send("Go on.")
        assert kept_audio(store)[0] == 0
        assert kept_audio(store)[-1] == 1
        assert [turn.state for turn in talk.turns] == ["committed"] * len(kept)
        assert talk.turns[0].user.text == "short"
        assert client.conversations.open("c").turns == talk.turns


def test_sound_that_was_deleted_behind_a_conversation_is_gone_for_it_too(
    store: SqliteStore, time: Time, speech: dict[str, AudioClip]
) -> None:
    with client_of(store, time, retention=RetentionPolicy(audio_idle_s=HOUR)) as client:
        talk = client.conversation(id="c")
        talk.send(audio=speech["short"])
        time.passed += 1  # Its time is written anew on the next turn.
        assert store.delete_blob("default", speech["short"].digest)
        talk.send("Go on.")
        assert kept_audio(store) == [0, 1]
        assert talk.turns[0].clips == ()
        store.delete_conversation("default", "c")
        with pytest.raises(NotStoredError):
            talk.send("Go on.")


@pytest.mark.parametrize("is_written_first", [True, False])
def test_sound_whose_time_is_over_comes_back_in_no_branch_and_no_file(
    tmp_path: Path,
    store: SqliteStore,
    time: Time,
    speech: dict[str, AudioClip],
    is_written_first: bool,
) -> None:
    with client_of(store, time) as client:
        talk = client.conversation(id="c", history_policy=HistoryPolicy(audio_turns=1))
        for _ in range(3):
            talk.send(audio=speech["short"])
        time.passed += HOUR + 1
        if is_written_first:
            talk.save()
        branch = talk.branch()
        branch.send("Go on.")
        stored = store.load_conversation("default", branch.id)
        assert [len(turn.blobs) for turn in stored.turns] == [0, 0, 2, 1]
        file = client.conversations.load(talk.export(tmp_path / "c.zip"), is_copy=True)
        assert [len(turn.clips) for turn in file.turns] == [0, 0, 2]
        assert [turn.user.text for turn in file.turns] == ["short"] * 3


def test_the_sound_of_one_conversation_is_not_given_to_another(
    store: SqliteStore, time: Time, speech: dict[str, AudioClip]
) -> None:
    with client_of(store, time) as client:
        client.conversation(id="c").send(audio=speech["short"])
        client.conversation(id="words", retention="transcript").send(audio=speech["short"])
        assert client.conversations.open("words").turns[0].clips == ()
        assert len(client.conversations.open("c").turns[0].clips) == 2
