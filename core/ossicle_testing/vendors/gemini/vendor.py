"""The fake Gemini: a loopback server that speaks its `generateContent` interface."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import MappingProxyType

from ossicle_testing.vendors.audio import Ear, Voice
from ossicle_testing.vendors.chat_model import ChatModel, repeating_model
from ossicle_testing.vendors.clock import Clock
from ossicle_testing.vendors.gemini.corruptions import corrupt_response
from ossicle_testing.vendors.gemini.errors import (
    missing_key,
    refuse,
    wrong_key,
)
from ossicle_testing.vendors.gemini.generation import generate, stream
from ossicle_testing.vendors.gemini.state import State
from ossicle_testing.vendors.http import Request, Response
from ossicle_testing.vendors.schedule import Schedule
from ossicle_testing.vendors.speech_models import SpeechModels
from ossicle_testing.vendors.tones import tone_ear, tone_voice
from ossicle_testing.vendors.vendor import FakeVendor

_VERSIONS = ("/v1beta", "/v1")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class FakeGemini(FakeVendor):
    """Gemini's chat, speech and transcription models on 127.0.0.1.

    It really listens and really speaks: what a user says decides the answer. By default words are
    tones (`tone_voice`, `tone_ear`) and the answer repeats what was heard; a test of speech plugs
    in a real voice and a real recogniser. Requests are read strictly: a field that the interface
    does not have, a missing signature or a tool result out of place is refused as there.

    A context manager; closing twice is harmless.

    Args:
        voice: Says a text: mono float32 at 24 kHz.
        ear: Hears mono samples at a rate in Hz.
        chat_model: Answers a conversation, given as (role, text) pairs.
        clock: Returns Unix seconds.
        schedule: Decides the fault of each request; `None` means none.
        keys: The keys that are let in; `None` lets in every key.
        blocks: Reasons for which prompts with these words (in lower case) are blocked.
        endings: Reasons for which answers to prompts with these words end, empty.
        thoughts: Tokens that chat models think before they answer.
        whole_wav: Whether speech in one piece comes as a WAV file instead of raw samples.
        names_calls: Whether tool calls have ids, as they do from Gemini 3 on.
        seed: Makes ids repeatable.
        receive_buffer_bytes: See `FakeVendor`.

    Example:
        >>> import http.client, json
        >>> with FakeGemini() as vendor:
        ...     client = http.client.HTTPConnection(vendor.host, vendor.port)
        ...     body = {"contents": [{"parts": [{"text": "Hello"}]}]}
        ...     client.request(
        ...         "POST", "/v1beta/models/gemini-3.8-flash:generateContent",
        ...         body=json.dumps(body), headers={"x-goog-api-key": "x"},
        ...     )
        ...     answer = json.loads(client.getresponse().read())
        ...     client.close()
        >>> answer["candidates"][0]["content"]["parts"][0]["text"]
        'You said: Hello'
    """

    def __init__(
        self,
        *,
        voice: Voice = tone_voice,
        ear: Ear = tone_ear,
        chat_model: ChatModel = repeating_model,
        clock: Clock = time.time,
        schedule: Schedule | None = None,
        keys: Collection[str] | None = None,
        blocks: Mapping[str, str] = _NOTHING,
        endings: Mapping[str, str] = _NOTHING,
        thoughts: int = 0,
        whole_wav: bool = False,
        names_calls: bool = True,
        seed: int = 0,
        receive_buffer_bytes: int | None = None,
    ) -> None:
        self._state = State(
            clock=clock, chat_model=chat_model,
            speech_models=SpeechModels(voice=voice, ear=ear, seed=seed),
            keys=None if keys is None else frozenset(keys),
            blocks=blocks, endings=endings, thoughts=thoughts, whole_wav=whole_wav,
            names_calls=names_calls,
        )  # fmt: skip
        methods = {"generateContent": generate, "streamGenerateContent": stream}
        super().__init__(
            {
                ("POST", f"{version}/models/{{model}}:{method}"): partial(self._guarded, handler)
                for version in _VERSIONS
                for method, handler in methods.items()
            },
            prefix=_VERSIONS[0],
            schedule=schedule,
            clock=clock,
            refuse=refuse,
            corrupt=corrupt_response,
            receive_buffer_bytes=receive_buffer_bytes,
        )

    def _guarded(self, handler: Callable[[State, Request], Response], request: Request) -> Response:
        key = request.header("x-goog-api-key")
        if not key:
            raise missing_key()
        if not self._state.lets_in(key):
            raise wrong_key()
        return handler(self._state, request)
