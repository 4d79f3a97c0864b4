"""The Flask views on a socket: heard, said, and refused with a clear status."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from tests.examples.recordings import heard, silence, spoken
from tests.examples.serving import Service, wsgi

from flask_app import MAX_BYTES, MAX_CHARACTERS, client_for, create_app
from ossicle import AudioClip


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with wsgi(create_app("echo")) as running:
        yield running
    client_for("echo").close()
    client_for.cache_clear()


def test_an_uploaded_recording_is_written_down(service: Service) -> None:
    answer = service.post_form("/transcripts", audio=spoken("hello there", "mp3"))
    assert answer.status == 200
    assert answer.json["text"] == "hello there"
    assert answer.json["duration_s"] > 0.5


def test_a_text_is_said(service: Service) -> None:
    answer = service.post_json("/speech", {"text": "Good morning."})
    assert (answer.status, answer.headers["content-type"]) == (200, "audio/mpeg")
    assert AudioClip.from_bytes(answer.body).format.name == "mp3"
    assert heard(answer.body) == "Good morning."


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "malformed_audio"),
        (b"%PDF-1.7 no audio", 400, "malformed_audio"),
        (silence(), 422, "quality_refused"),
        (b"RIFF" + bytes(MAX_BYTES), 413, "request_entity_too_large"),
    ],
    ids=["nothing", "a document", "silence", "too large"],
)
def test_what_is_no_use_gets_a_status_and_a_reason(
    service: Service, data: bytes, status: int, code: str
) -> None:
    answer = service.post_form("/transcripts", audio=data)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert answer.json["error"]["message"]


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": 7}, {"text": "a" * (MAX_CHARACTERS + 1)}, ["text"]]
)
def test_a_text_that_is_none_is_refused(service: Service, body: object) -> None:
    answer = service.post_json("/speech", body)
    assert (answer.status, answer.json["error"]["code"]) == (400, "no_text")


def test_requests_that_are_none_are_refused_in_the_same_form(service: Service) -> None:
    assert service.post("/speech", b"{", "application/json").json["error"]["code"] == "bad_request"
    assert service.post("/speech", b"text", "text/plain").status == 415
    assert service.post_form("/transcripts", voice=b"x").json["error"]["code"] == "no_audio"
    assert service.post("/nothing", b"").status == 404


def test_one_client_serves_all_threads(service: Service) -> None:
    before = client_for("echo").stats.snapshot().total.finished
    answers = []
    threads = [
        threading.Thread(
            target=lambda n=n: answers.append(service.post_json("/speech", {"text": f"number {n}"}))
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {heard(answer.body) for answer in answers} == {f"number {n}" for n in range(8)}
    assert client_for("echo").stats.snapshot().total.finished == before + 8
