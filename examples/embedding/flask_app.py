"""Flask views with the blocking client: write down what is said, say what is written.

    flask --app examples/embedding/flask_app run
    curl -F audio=@question.m4a http://127.0.0.1:5000/transcripts
    curl --json '{"text": "Good morning."}' http://127.0.0.1:5000/speech -o morning.mp3

The client may be used by many threads at once; it is built on the first request, in each process of
the server, and closed when the process ends. `OSSICLE_PROVIDER` says who hears and speaks
(default: `local`, which needs no key and no network).
"""

from __future__ import annotations

import atexit
import os
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

from http_errors import body_of, headers_of, status_of
from ossicle import AudioClip, Client, OssicleError

MAX_BYTES = 10 << 20
MAX_CHARACTERS = 2000

voice = Blueprint("voice", __name__)


def create_app(provider: str | None = None) -> Flask:
    """The service.

    Args:
        provider: Who hears and speaks; `None` looks into `OSSICLE_PROVIDER`.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES  # Flask answers larger requests with 413
    app.config["OSSICLE_PROVIDER"] = provider or os.environ.get("OSSICLE_PROVIDER", "local")
    app.register_blueprint(voice)
    app.register_error_handler(OssicleError, told)
    app.register_error_handler(HTTPException, told_by_flask)
    return app


@cache
def client_for(provider: str) -> Client:
    """The one client of this process."""
    client = Client(provider, timeout_s=60)
    atexit.register(client.close)
    return client


def current_client() -> Client:
    """The client of the application that serves this request."""
    return client_for(current_app.config["OSSICLE_PROVIDER"])


@voice.post("/transcripts")
def transcribe() -> Response:
    """Write down what an uploaded recording says."""
    upload = request.files.get("audio")
    if upload is None:
        return refused("no_audio", "Upload a recording as the form field `audio`.")
    # The name and type that the browser sends along are not looked at.
    clip = AudioClip.from_file(upload.stream, max_bytes=MAX_BYTES)
    reply = current_client().transcribe(clip)
    return jsonify({"text": reply.text, "duration_s": clip.duration_s})


@voice.post("/speech")
def speak() -> Response:
    """Say a text."""
    body: Any = request.get_json()
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not 0 < len(text) <= MAX_CHARACTERS:
        return refused("no_text", f"Send a `text` of 1 to {MAX_CHARACTERS} characters.")
    spoken = current_client().speak(text, output_format="mp3").audio
    assert spoken is not None
    return Response(spoken.read_bytes(), mimetype=spoken.format.media_type)


def refused(code: str, message: str, status: int = 400) -> Response:
    """A JSON body that says what to do."""
    response = jsonify({"error": {"code": code, "message": message}})
    response.status_code = status
    return response


def told(error: OssicleError) -> Response:
    """Every error of ossicle as a status and a JSON body."""
    response = jsonify(body_of(error))
    response.status_code = status_of(error)
    response.headers.update(headers_of(error))
    return response


def told_by_flask(error: HTTPException) -> Response:
    """Flask's own refusals in the same form."""
    return refused(error.name.lower().replace(" ", "_"), error.description or "", error.code or 500)
