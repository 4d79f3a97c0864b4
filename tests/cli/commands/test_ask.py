"""`ossicle ask` against the echo, whose audio carries its text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ossicle import Client
from ossicle.audio import AudioClip
from ossicle.errors import UnknownProviderError

from ..conftest import Run, document, write_wav


def heard_in(path: Path) -> str:
    with Client("echo") as client:
        return client.transcribe(path).text


@pytest.fixture
def question(tmp_path: Path) -> str:
    with Client("echo") as client:
        reply = client.speak("can you hear me")
        assert reply.audio is not None
        reply.audio.save(tmp_path / "question.wav")
    return "question.wav"


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("extension", ["wav", "mp3", "flac", "opus", "ogg", "pcm"])
def test_the_answer_is_written_in_the_format_of_the_extension(
    run: Run, question: str, tmp_path: Path, extension: str, streams: bool
) -> None:
    name = f"answer.{extension}"
    more = ["--stream"] if streams else []
    result = run("ask", "--audio", question, "--out", name, *more)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "You said: can you hear me\n"
    assert f"wrote {name}" in result.stderr
    path = tmp_path / name
    if extension == "pcm":
        clip = AudioClip.from_pcm(path, sample_rate=24_000)
        with Client("echo") as client:
            assert client.transcribe(clip).text == "You said: can you hear me"
        return
    clip = AudioClip.from_path(path)
    assert clip.format.name == {"ogg": "opus"}.get(extension, extension)
    assert "sizes_unknown" not in clip.facts.notes
    assert heard_in(path) == "You said: can you hear me"


def test_json_tells_everything_and_nothing_else_is_on_standard_output(
    run: Run, question: str
) -> None:
    result = run("ask", "and now", "--audio", question, "--out", "a.mp3", "--json")
    assert result.exit_code == 0
    found = document(result)
    assert found["provider"] == "echo"
    assert found["heard"] == "can you hear me"
    assert found["text"] == found["transcript"] == "You said: and now can you hear me"
    assert found["finish_reason"] == "stop"
    assert found["audio"]["format"] == "mp3"
    assert found["audio"]["n_bytes"] == Path("a.mp3").stat().st_size
    assert found["audio"]["duration_s"] > 1
    assert found["usage"]["output_audio_tokens"] > 0
    assert found["receipt"]["inputs"][0]["digest"].startswith("sha256:")
    assert found["tool_calls"] == []
    assert all(finding["severity"] != "error" for finding in found["findings"])


def test_audio_comes_from_standard_input_and_goes_to_standard_output(
    run: Run, question: str, tmp_path: Path
) -> None:
    given = Path(question).read_bytes()
    result = run("ask", "--audio", "-", "--out", "-", "--format", "flac", given=given)
    assert result.exit_code == 0
    (tmp_path / "back.flac").write_bytes(result.stdout_bytes)
    assert heard_in(tmp_path / "back.flac") == "You said: can you hear me"
    assert "You said: can you hear me" in result.stderr


def test_text_comes_from_standard_input(run: Run) -> None:
    assert run("ask", "-", given="piped in\n").stdout == "You said: piped in\n"
    assert run("ask", "-", given=b"\xff\xfe").exit_code == 1


def test_several_clips(run: Run, question: str) -> None:
    result = run("ask", "--audio", question, "--audio", question, "--json")
    assert document(result)["text"] == "You said: can you hear me can you hear me"


def test_without_out_the_answer_is_text_where_the_model_allows(run: Run, question: str) -> None:
    found = document(run("ask", "--audio", question, "--json"))
    assert found["audio"] is None
    # The echo's chat model always speaks when it is written to.
    told = document(run("ask", "hello", "--json"))
    assert told["audio"]["path"] is None
    assert "not kept" in run("ask", "hello").stderr


def test_terminal_escapes_in_an_answer_are_made_visible(run: Run) -> None:
    result = run("ask", "a\x1b[2Jb\u202ec")
    assert result.stdout == "You said: a\\x1b[2Jb\\u202ec\n"
    assert document(run("ask", "a\x1b[2Jb", "--json"))["text"] == "You said: a\x1b[2Jb"


def test_the_choice_of_a_provider_is_said_when_nobody_made_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OSSICLE_PROVIDER")
    monkeypatch.setattr("ossicle_cli.default_provider.is_ready", lambda name, host: False)
    result = run("ask", "hi")
    assert result.stdout == "You said: hi\n"
    assert "asking `echo`" in result.stderr
    assert 'pip install "ossicle[local]"' in result.stderr


BAD_INPUT = {
    "empty": b"",
    "text": b"RIFF? no: a shopping list with milk, bread and honey on it, nothing else.\n" * 9,
    "page": b"<!doctype html><html><body>not found</body></html>" * 20,
}


@pytest.mark.parametrize("kind", sorted(BAD_INPUT))
def test_what_is_no_audio_is_refused_and_nothing_is_written(
    run: Run, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "bad.wav").write_bytes(BAD_INPUT[kind])
    result = run("ask", "--audio", "bad.wav", "--out", "a.wav", "--json")
    assert result.exit_code == 1
    assert document(result)["error"]["code"] == "malformed_audio"
    assert result.stderr.startswith("error: ")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.wav"]


def test_silence_is_refused_before_sending(run: Run, tmp_path: Path) -> None:
    write_wav(tmp_path / "silent.wav", np.zeros((16_000, 1)))
    result = run("ask", "--audio", "silent.wav", "--out", "a.wav", "--json")
    assert result.exit_code == 1
    error = document(result)["error"]
    assert error["code"] == "quality_refused"
    assert error["findings"]
    assert run("ask", "--audio", "silent.wav", "--quality", "off").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--out", "a.xyz"], "unsupported_format"),
        (["--out", "a.wav", "--format", "amr"], "unsupported_format"),
        (["--out", "no/such/folder/a.wav"], "file_access"),
        (["--out", "."], "unsupported_format"),
        (["--out", "folder.wav"], "file_access"),
        (["--provider", "nobody"], "unknown_provider"),
        (["--voice", "nobody", "--out", "a.wav"], "unknown_voice"),
        (["--provider", "echo:nothing"], "unknown_model"),
        (["--preprocess", "magic"], "configuration"),
        (["--audio", "missing.wav"], "file_access"),
        (["--audio", "http://example.org/a.wav"], "configuration"),
    ],
)
def test_what_cannot_be_is_refused_with_its_kind(
    run: Run, tmp_path: Path, arguments: list[str], code: str
) -> None:
    (tmp_path / "folder.wav").mkdir()
    result = run("ask", "hi", *arguments, "--json")
    assert result.exit_code == 1
    error = document(result)["error"]
    assert error["code"] == code
    assert error["fix"]
    assert [path.name for path in tmp_path.iterdir()] == ["folder.wav"]


def test_what_cannot_be_written_is_known_before_anything_is_sent(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("a client was built")

    monkeypatch.setattr("ossicle_cli.session.Session.client", never)
    assert run("ask", "hi", "--out", "no/such/a.wav").exit_code == 1
    assert run("ask", "hi", "--out", "a.xyz").exit_code == 1


def test_a_missing_extra_is_named_with_its_command(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ossicle.abc import Requirement

    monkeypatch.setattr(Requirement, "is_met", property(lambda self: self.package != "openai"))
    result = run("ask", "hi", "--provider", "openai", "--json")
    assert document(result)["error"]["code"] == "dependency_missing"
    assert 'pip install "ossicle[openai]"' in result.stderr
    assert issubclass(UnknownProviderError, ValueError)


def test_preparation_stands_on_the_receipt(run: Run, question: str) -> None:
    result = run("ask", "--audio", question, "--preprocess", "speech", "--json")
    steps = json.loads(result.stdout)["receipt"]["inputs"][0]["steps"]
    actions = [step["action"] for step in steps]
    assert actions[1:4] == ["high_pass", "trim_silence", "loudness"]
