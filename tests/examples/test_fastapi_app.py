"""The FastAPI service on a socket: spoken to, it speaks; what is no speech gets a clear status."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from tests.examples.recordings import SPEECH_M4A, heard, silence, spoken
from tests.examples.serving import Service, asgi

from fastapi_app import MAX_BYTES, create_app
from ossicle import AsyncClient, AudioClip, Client
from ossicle.abc import hookimpl


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app("echo")


@pytest.fixture(scope="module")
def service(app: FastAPI) -> Iterator[Service]:
    with asgi(app) as running:
        yield running


def client_of(app: FastAPI) -> AsyncClient:
    client: AsyncClient = app.state.client
    return client


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("mp3", "audio/mpeg"), ("wav", "audio/wav"), ("opus", "audio/ogg"), ("flac", "audio/flac")],
)
def test_a_question_is_answered_aloud(service: Service, form: str, media_type: str) -> None:
    answer = service.post(f"/answers?format={form}", spoken("hello there"))
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["x-turn-id"].startswith("turn_")
    assert AudioClip.from_bytes(answer.body).format.name == form
    assert heard(answer.body) == "You said: hello there"


def test_what_is_said_is_written_down_whatever_the_type_is_called(service: Service) -> None:
    answer = service.post("/transcripts", spoken("hello", "flac"), "text/html")
    assert answer.status == 200
    assert answer.json["text"] == "hello"
    assert answer.json["receipt"]["task"] == "transcribe"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "malformed_audio"),
        (b"<html>no audio</html>", 400, "malformed_audio"),
        (silence(), 422, "quality_refused"),
        (spoken("cut short")[:50], 400, None),
        (b"RIFF" + bytes(MAX_BYTES), 413, "audio_limit"),
    ],
    ids=["nothing", "a page", "silence", "cut short", "too large"],
)
@pytest.mark.parametrize("path", ["/answers", "/transcripts"])
def test_what_is_no_use_gets_a_status_and_a_reason(
    service: Service, path: str, data: bytes, status: int, code: str | None
) -> None:
    answer = service.post(path, data)
    assert 400 <= answer.status < 500
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["error"]["message"]
    if code is not None:
        assert (answer.status, answer.json["error"]["code"]) == (status, code)


def test_a_refusal_says_what_was_found_and_what_to_do(service: Service) -> None:
    [found] = service.post("/answers", silence()).json["error"]["findings"][:1]
    assert found["message"]
    assert found["fix"]


def test_a_format_that_is_not_offered_is_refused_before_anything_is_read(service: Service) -> None:
    assert service.post("/answers?format=exe", spoken("hello")).status == 422


def test_one_client_serves_all_requests(app: FastAPI, service: Service) -> None:
    before = client_of(app).stats.snapshot().total
    question, answers = spoken("one client"), []
    threads = [
        threading.Thread(target=lambda: answers.append(service.post("/answers", question)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 8
    assert len({answer.headers["x-turn-id"] for answer in answers}) == 8
    after = client_of(app).stats.snapshot().total
    assert after.finished - before.finished == 8


class Leaving:
    """Hears when a call is left."""

    def __init__(self) -> None:
        self.left = threading.Event()

    @hookimpl
    def ossicle_call_abandoned(self) -> None:
        self.left.set()


@pytest.fixture
def leaving(app: FastAPI, service: Service) -> Iterator[Leaving]:
    """The service with a model that speaks slowly."""
    usual, heard_of = client_of(app), Leaving()
    app.state.client = AsyncClient("echo", plugins=[heard_of], options={"pause_s": 0.02})
    yield heard_of
    app.state.client = usual


def test_a_listener_who_hangs_up_ends_the_call(service: Service, leaving: Leaving) -> None:
    connection = service.connect()
    connection.request("POST", "/answers?format=wav", spoken("a long question " * 8))
    response = connection.getresponse()
    assert response.read(100)
    connection.close()
    response.close()
    assert leaving.left.wait(20)


@pytest.mark.models
def test_a_real_voice_is_heard_and_answered_by_the_embedded_models() -> None:
    pytest.importorskip("hibari")
    pytest.importorskip("av")
    with asgi(create_app("local")) as service:
        answer = service.post("/answers", SPEECH_M4A.read_bytes())
    assert answer.status == 200
    with Client("local") as client:
        assert len(client.transcribe(answer.body).text.split()) >= 3
