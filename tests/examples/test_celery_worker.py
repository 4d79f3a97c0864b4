"""The Celery worker: real jobs over an in-memory broker, and no turn is paid for twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples.recordings import silence, spoken

from journal import BegunBeforeError, Journal
from ossicle import Client
from ossicle.errors import ConfigurationError, OssicleError

celery_worker = pytest.importorskip("celery_worker")
testing = pytest.importorskip("celery.contrib.testing.worker")

WAIT_S = 30


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    voices = tmp_path / "voices"
    voices.mkdir()
    (voices / "question.mp3").write_bytes(spoken("what time is it", "mp3"))
    (voices / "silence.wav").write_bytes(silence())
    (voices / "page.wav").write_bytes(b"<html></html>")
    (tmp_path / "secret.wav").write_bytes(spoken("a secret"))
    monkeypatch.setenv("VOICES", str(voices))
    monkeypatch.setenv("JOURNAL", str(tmp_path / "journal"))
    return tmp_path


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    with Client("echo") as made:
        monkeypatch.setattr(celery_worker, "client", lambda: made)
        yield made


@pytest.fixture(scope="module")
def worker() -> Iterator[None]:
    celery_worker.app.conf.broker_transport_options = {"polling_interval": 0.02}
    with testing.start_worker(
        celery_worker.app, pool="threads", concurrency=4, perform_ping_check=False, loglevel="ERROR"
    ):
        yield


@pytest.mark.usefixtures("worker", "folders")
def test_a_recording_is_written_down(client: Client) -> None:
    result = celery_worker.transcribe.delay("turn-1", "question.mp3").get(timeout=WAIT_S)
    assert result["text"] == "what time is it"
    assert result["receipt"]["task"] == "transcribe"
    assert client.stats.snapshot().total.calls == 1


@pytest.mark.usefixtures("worker")
def test_the_same_turn_is_done_once_however_often_it_is_asked(
    client: Client, folders: Path
) -> None:
    first = celery_worker.transcribe.delay("turn-1", "question.mp3").get(timeout=WAIT_S)
    jobs = [celery_worker.transcribe.delay("turn-1", "question.mp3") for _ in range(6)]
    assert [job.get(timeout=WAIT_S) for job in jobs] == [first] * 6
    assert client.stats.snapshot().total.calls == 1
    assert json.loads((folders / "journal" / "turn-1.json").read_text()) == first
    celery_worker.transcribe.delay("turn-2", "question.mp3").get(timeout=WAIT_S)
    assert client.stats.snapshot().total.calls == 2


@pytest.mark.usefixtures("worker", "folders")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("silence.wav", "quality_refused"),
        ("page.wav", "malformed_audio"),
        ("missing.wav", "file_access"),
        ("../secret.wav", "file_access"),
    ],
)
def test_what_is_no_use_is_told_and_costs_nothing(client: Client, name: str, code: str) -> None:
    result = celery_worker.transcribe.delay("turn-1", name).get(timeout=WAIT_S)
    assert result["error"]["code"] == code
    assert client.stats.snapshot().total.finished == 0


@pytest.mark.usefixtures("folders")
def test_a_turn_whose_worker_died_is_not_paid_for_again(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Journal(tmp_path / "journal").begin("turn-1")
    monkeypatch.setattr(celery_worker.transcribe, "max_retries", 0)
    with pytest.raises(BegunBeforeError, match="may have been paid for"):
        celery_worker.transcribe.apply(args=("turn-1", "question.mp3")).get()
    assert client.stats.snapshot().total.calls == 0


@pytest.mark.usefixtures("folders")
def test_an_outcome_that_is_not_clear_stays_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Client("echo", options={"cut_at": 1}) as cut:
        monkeypatch.setattr(celery_worker, "client", lambda: cut)
        for _ in range(2):
            result = celery_worker.transcribe.apply(args=("turn-1", "question.mp3")).get()
            assert result["error"]["code"] == "stream_incomplete"
        assert cut.stats.snapshot().total.calls == 1


@pytest.mark.usefixtures("folders")
def test_a_provider_that_is_busy_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    from ossicle import RetryPolicy

    options = {"fail_with": "rate_limited", "fail_times": 1}
    with Client("echo", options=options, retry=RetryPolicy(attempts=1)) as busy:
        monkeypatch.setattr(celery_worker, "client", lambda: busy)
        result = celery_worker.transcribe.apply(args=("turn-1", "question.mp3")).get()
        assert result["text"] == "what time is it"
        total = busy.stats.snapshot().total
        assert (total.failed, total.finished) == (1, 1)


@given(st.text(max_size=70))
def test_a_turn_id_never_leaves_the_folder(turn_id: str) -> None:
    path = Path("journal")
    journal = object.__new__(Journal)
    journal._folder = path
    try:
        assert journal._path(turn_id, "json").parent == path
    except ConfigurationError:
        assert not (turn_id.isascii() and turn_id.isalnum() and len(turn_id) <= 64)


def test_of_many_workers_one_begins(tmp_path: Path) -> None:
    def begins(number: int) -> bool:
        try:
            Journal(tmp_path).begin("a")
        except BegunBeforeError:
            return False
        return True

    with ThreadPoolExecutor(16) as workers:
        assert sum(workers.map(begins, range(64))) == 1


def test_a_turn_is_begun_once_and_can_be_given_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.begin("a")
    with pytest.raises(OssicleError, match="was begun before"):
        journal.begin("a")
    journal.release("a")
    journal.release("a")
    journal.begin("a")
    journal.finish("a", {"text": "x"})
    assert journal.result("a") == {"text": "x"}
    assert journal.result("b") is None
