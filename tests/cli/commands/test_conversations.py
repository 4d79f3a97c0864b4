"""`ossicle chat` and `ossicle conversations`, with the echo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run, document

from ossicle import AudioClip, Client
from ossicle.storage import SqliteStore


def test_a_chat_is_kept_shown_moved_and_gone_on_with(run: Run, tmp_path: Path) -> None:
    talked = run("chat", "--id", "mine", "--folder", "store", given="hello\n/bad\n\nrecall\n")
    assert talked.exit_code == 0, talked.output
    assert "You said: hello" in talked.stdout
    assert "kept as mine; go on with: ossicle chat --id mine --folder store\n" in talked.stderr
    assert "I said: You said: hello" in talked.stdout
    listed = json.loads(run("conversations", "list", "--folder", "store", "--json").stdout)
    assert [one["conversation_id"] for one in listed["conversations"]] == ["mine"]
    shown = run("conversations", "show", "mine", "--folder", "store")
    assert "hello" in shown.stdout
    assert "committed" in shown.stdout
    assert run("conversations", "export", "mine", "talk.zip", "--folder", "store").exit_code == 0
    moved = run("conversations", "import", "talk.zip", "--folder", "elsewhere")
    assert moved.stdout.strip() == "mine"
    again = run("conversations", "import", "talk.zip", "--folder", "elsewhere")
    assert again.exit_code == 1
    assert "'mine' is kept here already" in again.stderr
    assert "--copy" in again.stderr
    copied = run("conversations", "import", "talk.zip", "--folder", "elsewhere", "--copy", "--json")
    assert json.loads(copied.stdout)["id"] != "mine"
    further = run(
        "chat", "--id", "mine", "--folder", "elsewhere", given="turn\n/undo\nturn\n/quit\nx"
    )
    assert further.exit_code == 0, further.output
    shown = run("conversations", "show", "mine", "--folder", "elsewhere", "--json")
    assert len(json.loads(shown.stdout)["turns"]) == 3


def test_what_was_said_in_lines_is_shown_in_one(run: Run) -> None:
    with SqliteStore("store") as store, Client("echo", store=store) as client:
        client.conversation(id="mine").send("first\nsecond")
    shown = run("conversations", "show", "mine", "--folder", "store").stdout
    assert "first second" in shown
    assert "\\x0a" not in shown


def test_files_are_spoken_and_answers_come_as_files(run: Run, tmp_path: Path) -> None:
    with Client("echo") as client:
        audio = client.speak("good morning").audio
    assert audio is not None
    audio.save(tmp_path / "question.wav")
    done = run(
        "chat", "--folder", "store", "--out-dir", "answers", "--format", "flac",
        given="@question.wav\n/switch echo:chat\nhello\n",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "heard: good morning" in done.stderr
    files = sorted((tmp_path / "answers").iterdir())
    assert [file.name for file in files] == ["turn-001.flac", "turn-002.flac"]
    assert AudioClip.from_path(files[0]).format.name == "flac"


def test_an_answer_is_never_written_over_an_older_one(run: Run, tmp_path: Path) -> None:
    """A second chat, or a turn taken back, counts its turns from the same number."""
    place = ("--folder", "store", "--out-dir", "answers")
    first = run("chat", *place, given="hello\n")
    assert first.exit_code == 0, first.output
    kept = (tmp_path / "answers" / "turn-001.wav").read_bytes()
    second = run("chat", *place, "--json", given="something else\n/undo\nthird\n")
    paths = [reply["audio"]["path"] for reply in json.loads(second.stdout)["replies"]]
    assert [Path(path).name for path in paths] == ["turn-001-2.wav", "turn-001-3.wav"]
    files = sorted((tmp_path / "answers").iterdir())
    assert [file.name for file in files] == ["turn-001-2.wav", "turn-001-3.wav", "turn-001.wav"]
    assert files[2].read_bytes() == kept
    assert len({file.read_bytes() for file in files}) == 3


def test_what_was_said_is_shown_once(run: Run, tmp_path: Path) -> None:
    """A spoken answer is sound, a reference at the vendor and words at the same time."""
    assert run("chat", "--id", "mine", "--folder", "store", given="hello\n").exit_code == 0
    shown = run("conversations", "show", "mine", "--folder", "store").stdout
    assert shown.count("You said: hello") == 1
    assert shown.count("s of audio]") == 1


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("storage", "show"), 0),
        (("storage", "clean", "--quarantined"), 0),
        (("storage", "delete", "--tenant", "nobody", "--yes"), 0),
        (("conversations", "list"), 0),
        (("conversations", "show", "x"), 1),
        (("conversations", "export", "x", "x.zip"), 1),
        (("stats",), 0),
    ],
)
def test_looking_makes_no_store(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    exit_code: int,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    done = run(*arguments)
    assert done.exit_code == exit_code, done.output
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty").mkdir()
    option = "--store" if arguments == ("stats",) else "--folder"
    assert run(*arguments, option, "empty").exit_code == exit_code
    assert list((tmp_path / "empty").iterdir()) == []
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    if arguments != ("stats",):
        refused = run(*arguments, option, "full")
        assert "other things" in refused.stderr


def test_a_turn_that_fails_ends_neither_the_chat_nor_in_success(run: Run) -> None:
    done = run("chat", "--folder", "store", given="@none.wav\nhello\n")
    assert done.exit_code == 1
    assert "file_access" in done.stderr
    assert "You said: hello" in done.stdout


def test_a_program_gets_one_document(run: Run) -> None:
    done = run("chat", "--folder", "store", "--json", given="hello\nturn\n")
    document = json.loads(done.stdout)
    assert document["states"] == ["committed", "committed"]
    assert [reply["text"] for reply in document["replies"]] == [
        "You said: hello",
        "This is turn 2.",
    ]


def test_what_is_not_there_is_an_error(run: Run, tmp_path: Path) -> None:
    unknown = run("conversations", "show", "none", "--folder", "store")
    assert unknown.exit_code == 1
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    assert run("conversations", "import", "bad.zip", "--folder", "store").exit_code == 1
    assert run("chat", "--format", "nonsense", given="").exit_code == 1
    run("chat", "--id", "a", "--folder", "store", given="hello\n")
    twice = run("chat", "--id", "a", "--instructions", "x", "--folder", "store", given="hello\n")
    assert twice.exit_code == 2


@pytest.mark.parametrize(("level", "kept"), [("none", 0), ("transcript", 1), ("audio", 1)])
def test_a_chat_keeps_what_it_may(run: Run, level: str, kept: int) -> None:
    result = run("chat", "--id", "x", "--retention", level, "--folder", "kept", given="hello\n")
    assert result.exit_code == 0, result.stderr
    assert ("go on with: ossicle chat --id x --folder kept" in result.stderr) == (kept > 0)
    tenants = document(run("storage", "show", "--folder", "kept", "--json"))["tenants"]
    found = tenants.get("default", {"conversations": 0, "blobs": 0})
    assert found["conversations"] == kept
    assert (found["blobs"] > 0) == (level == "audio")
    run("storage", "delete", "--tenant", "default", "--yes", "--folder", "kept")
    assert document(run("storage", "show", "--folder", "kept", "--json"))["tenants"] == {}
