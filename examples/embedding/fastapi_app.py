"""A FastAPI service that is spoken to: audio in, the spoken answer streamed back.

    uvicorn --app-dir examples/embedding --factory fastapi_app:create_app
    curl --data-binary @question.m4a "http://127.0.0.1:8000/answers?format=mp3" -o answer.mp3

One client serves all requests. It is built when the service starts and closed when it stops, so
that connections, models and budgets are shared. `OSSICLE_PROVIDER` says who answers (default:
`local`, which needs no key and no network).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from http_errors import body_of, headers_of, status_of
from ossicle import AsyncClient, AudioClip, AudioDelta, AudioFormat, OssicleError, ReplyStream
from ossicle.errors import AudioLimitError

MAX_BYTES = 10 << 20


def create_app(provider: str | None = None) -> FastAPI:
    """The service.

    Args:
        provider: Who answers; `None` looks into `OSSICLE_PROVIDER`.
    """
    chosen = provider or os.environ.get("OSSICLE_PROVIDER", "local")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncClient(chosen, timeout_s=60) as client:
            app.state.client = client
            yield

    app = FastAPI(title="A voice service", lifespan=lifespan)
    app.add_exception_handler(OssicleError, told)
    app.post("/answers")(answer)
    app.post("/transcripts")(transcribe)
    return app


async def uploaded(request: Request) -> AudioClip:
    """The request's body as a clip; what the client says of its type is not looked at.

    Raises:
        AudioLimitError: It is larger than `MAX_BYTES`; the rest is not read.
        MalformedAudioError: It is no audio.
    """
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > MAX_BYTES:
            raise AudioLimitError(
                f"the upload is larger than {MAX_BYTES} bytes",
                limit="encoded_bytes",
                measured=None,
                allowed=MAX_BYTES,
                fix="Send a shorter recording.",
            )
    return AudioClip.from_bytes(data)


Uploaded = Annotated[AudioClip, Depends(uploaded)]


async def answer(
    request: Request, clip: Uploaded, format: Literal["mp3", "wav", "opus", "flac"] = "mp3"
) -> StreamingResponse:
    """Hear a question and answer it aloud, in pieces as the model speaks.

    The first piece is waited for: what goes wrong until then has a status of its own.
    """
    client: AsyncClient = request.app.state.client
    async with AsyncExitStack() as opened:
        call = client.stream(audio=clip, output_format=format)
        stream = await opened.enter_async_context(call)
        voice = voice_of(stream)
        first = await anext(voice, b"")
        return SpokenResponse(stream, first, voice, opened.pop_all(), format=format)


async def transcribe(request: Request, clip: Uploaded) -> dict[str, Any]:
    """Hear what is said and write it down."""
    client: AsyncClient = request.app.state.client
    reply = await client.transcribe(clip)
    receipt = reply.receipt
    return {
        "text": reply.text,
        "duration_s": clip.duration_s,
        "receipt": None if receipt is None else receipt.summary(),
    }


async def voice_of(stream: ReplyStream) -> AsyncIterator[bytes]:
    """The answer's audio, as it comes."""
    async for event in stream:
        if isinstance(event, AudioDelta):
            yield event.data


class SpokenResponse(StreamingResponse):
    """A streamed answer that ends its call also when the listener hangs up."""

    def __init__(
        self,
        stream: ReplyStream,
        first: bytes,
        rest: AsyncIterator[bytes],
        call: AsyncExitStack,
        *,
        format: str,
    ) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield first
            async for piece in rest:
                yield piece

        super().__init__(
            pieces(),
            media_type=AudioFormat.named(format).media_type,
            headers={"x-turn-id": stream.info.turn_id},
        )
        self._call = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with self._call:
            await super().__call__(scope, receive, send)


async def told(request: Request, error: Exception) -> JSONResponse:
    """Every error of ossicle as a status and a JSON body."""
    assert isinstance(error, OssicleError)
    return JSONResponse(body_of(error), status_code=status_of(error), headers=headers_of(error))
