"""The fake OpenAI: a loopback server that speaks its audio surface."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from email.utils import formatdate
from functools import partial

from ossicle_testing.vendors.audio import Ear, Voice
from ossicle_testing.vendors.chat_model import ChatModel, repeating_model
from ossicle_testing.vendors.clock import Clock
from ossicle_testing.vendors.faults import Fault
from ossicle_testing.vendors.http import Request, Response
from ossicle_testing.vendors.openai.chat import chat
from ossicle_testing.vendors.openai.corruptions import corrupt_response
from ossicle_testing.vendors.openai.errors import (
    ApiError,
    error_response,
    missing_key,
    refuse,
    wrong_key,
)
from ossicle_testing.vendors.openai.model_list import list_models, show_model
from ossicle_testing.vendors.openai.quirks import OPENAI, Endpoint, Quirks
from ossicle_testing.vendors.openai.speech import speech
from ossicle_testing.vendors.openai.state import Abandoned, State
from ossicle_testing.vendors.openai.transcription import transcribe, translate
from ossicle_testing.vendors.schedule import Schedule
from ossicle_testing.vendors.speech_models import SpeechModels
from ossicle_testing.vendors.tones import tone_ear, tone_voice
from ossicle_testing.vendors.vendor import FakeVendor, Route

Handler = Callable[[State, str, Request], Response]

_ROUTES: tuple[tuple[Endpoint, str, str, Handler], ...] = (
    ("chat", "POST", "/chat/completions", chat),
    ("speech", "POST", "/audio/speech", speech),
    ("transcriptions", "POST", "/audio/transcriptions", transcribe),
    ("translations", "POST", "/audio/translations", translate),
    ("models", "GET", "/models", list_models),
    ("models", "GET", "/models/{model}", show_model),
)


class FakeOpenAI(FakeVendor):
    """OpenAI's chat audio, speech, transcriptions and models on 127.0.0.1, or a server like it.

    It really listens and really speaks: what a user says decides the answer. By default words are
    tones (`tone_voice`, `tone_ear`) and the answer repeats what was heard; a test of speech plugs
    in a real voice and a real recogniser.

    A context manager; closing twice is harmless.

    Args:
        voice: Says a text: mono float32 at 24 kHz.
        ear: Hears mono samples at a rate in Hz.
        chat_model: Answers a conversation, given as (role, text) pairs.
        quirks: Which server to play; see `PROFILES`.
        clock: Returns Unix seconds: ages audio ids, ends models and dates every answer.
        schedule: Decides the fault of each request; `None` means none.
        keys: The keys that are let in, each an account of its own; `None` lets in every key.
        custom_voices: Ids that `voice: {"id": ...}` may name.
        tool_talk: What the model says along with a tool call when audio is asked for.
        abandoned: Whether a client that leaves a stream early pays for all of it or for the part
            that was sent.
        seed: Makes ids and the order of stream chunks repeatable.
        receive_buffer_bytes: See `FakeVendor`.

    Attributes:
        ledger: What the vendor executed and would bill.

    Example:
        >>> from openai import OpenAI
        >>> with FakeOpenAI() as vendor:
        ...     with OpenAI(base_url=vendor.base_url, api_key="x") as client:
        ...         reply = client.chat.completions.create(
        ...             model="gpt-audio-1.5",
        ...             modalities=["text", "audio"],
        ...             audio={"voice": "alloy", "format": "wav"},
        ...             messages=[{"role": "user", "content": "Hello"}],
        ...         )
        >>> reply.choices[0].message.audio.transcript
        'You said: Hello'
    """

    def __init__(
        self,
        *,
        voice: Voice = tone_voice,
        ear: Ear = tone_ear,
        chat_model: ChatModel = repeating_model,
        quirks: Quirks = OPENAI,
        clock: Clock = time.time,
        schedule: Schedule | None = None,
        keys: Collection[str] | None = None,
        custom_voices: Collection[str] = ("voice_1234",),
        tool_talk: str | None = None,
        abandoned: Abandoned = "whole",
        seed: int = 0,
        receive_buffer_bytes: int | None = None,
    ) -> None:
        self._state = State(
            quirks=quirks, clock=clock, chat_model=chat_model,
            speech_models=SpeechModels(voice=voice, ear=ear, seed=seed),
            keys=None if keys is None else frozenset(keys),
            custom_voices=frozenset(custom_voices), tool_talk=tool_talk, abandoned=abandoned,
        )  # fmt: skip
        super().__init__(
            self._served(),
            prefix=quirks.prefix,
            schedule=schedule,
            clock=clock,
            refuse=self._refused,
            corrupt=corrupt_response,
            receive_buffer_bytes=receive_buffer_bytes,
        )

    @property
    def expired_ids(self) -> int:
        """How often an audio id was named after its time, forgotten ones included."""
        return self._state.n_expired

    def forget(self, audio_id: str | None = None) -> None:
        """Forget one audio id, or all: the next use of it is `audio_not_found`."""
        self._state.forget(audio_id)

    def _served(self) -> dict[tuple[str, str], Route]:
        quirks = self._state.quirks
        routes: dict[tuple[str, str], Route] = {}
        for endpoint, method, path, handler in _ROUTES:
            if endpoint not in quirks.endpoints:
                continue
            route = partial(self._guarded, handler)
            routes[method, quirks.prefix + path] = route
            if quirks.deployment_paths and method == "POST":
                routes[method, "/openai/deployments/{deployment}" + path] = route
        return routes

    def _guarded(self, handler: Handler, request: Request) -> Response:
        try:
            response = handler(self._state, self._account(request), request)
        except ApiError as error:
            response = error_response(error, self._state.quirks.error_style)
        return self._stamped(response)

    def _refused(self, fault: Fault, request: Request) -> Response:
        return self._stamped(refuse(fault, request, self._state.quirks))

    def _stamped(self, response: Response) -> Response:
        stamps = (
            ("x-request-id", self._state.speech_models.new_id("req_", digits=32)),
            ("openai-version", "2020-10-01"),
            ("openai-processing-ms", "7"),
            ("date", formatdate(self._state.clock(), usegmt=True)),
        )
        return replace(response, headers=(*response.headers, *stamps))

    def _account(self, request: Request) -> str:
        """Whose request it is: a digest of the key, so that no key is kept."""
        state = self._state
        key = request.header(state.quirks.key_header) or request.header("authorization") or ""
        key = key.removeprefix("Bearer ").strip()
        if not key:
            raise missing_key()
        if not state.lets_in(key):
            raise wrong_key(key)
        return hashlib.sha256(key.encode()).hexdigest()
