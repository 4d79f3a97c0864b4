"""The fake ElevenLabs: a loopback server that speaks its REST interface."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from decimal import Decimal
from email.utils import formatdate
from functools import partial

from ossicle_testing.vendors.audio import Ear, Voice
from ossicle_testing.vendors.clock import Clock
from ossicle_testing.vendors.elevenlabs.corruptions import corrupt_response
from ossicle_testing.vendors.elevenlabs.errors import missing_key, refuse, wrong_key
from ossicle_testing.vendors.elevenlabs.models import VOICES
from ossicle_testing.vendors.elevenlabs.speech import speak
from ossicle_testing.vendors.elevenlabs.state import State
from ossicle_testing.vendors.elevenlabs.transcription import transcribe
from ossicle_testing.vendors.http import Request, Response
from ossicle_testing.vendors.refusals import RefusedError
from ossicle_testing.vendors.schedule import Schedule
from ossicle_testing.vendors.speech_models import SpeechModels
from ossicle_testing.vendors.tones import tone_ear, tone_voice
from ossicle_testing.vendors.vendor import FakeVendor

Handler = Callable[[State, Request], Response]


class FakeElevenLabs(FakeVendor):
    """ElevenLabs' text to speech and speech to text on 127.0.0.1.

    It really listens and really speaks. By default words are tones (`tone_voice`, `tone_ear`); a
    test of speech plugs in a real voice and a real recogniser. Requests are read strictly: a field
    that the interface does not have is refused, which the vendor itself would pass over.

    A context manager; closing twice is harmless.

    Args:
        voice: Says a text: mono float32 at 24 kHz.
        ear: Hears mono samples at a rate in Hz.
        clock: Returns Unix seconds.
        schedule: Decides the fault of each request; `None` means none.
        keys: The keys that are let in; `None` lets in every key.
        voices: Further ids of voices that the account has.
        voice_factor: What its voices cost, as a multiple of the usual.
        is_pro: Whether the account is on a Pro plan.
        forbidden: Words that the policy forbids, in lower case.
        seed: Makes ids repeatable.
        receive_buffer_bytes: See `FakeVendor`.

    Example:
        >>> import http.client, json
        >>> with FakeElevenLabs() as vendor:
        ...     client = http.client.HTTPConnection(vendor.host, vendor.port)
        ...     client.request(
        ...         "POST", "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb?output_format=pcm_24000",
        ...         body=json.dumps({"text": "Hello"}),
        ...         headers={"xi-api-key": "x", "content-type": "application/json"},
        ...     )
        ...     answer = client.getresponse()
        ...     samples = answer.read()
        ...     client.close()
        >>> answer.getheader("character-cost"), len(samples) > 1000
        ('5', True)
    """

    def __init__(
        self,
        *,
        voice: Voice = tone_voice,
        ear: Ear = tone_ear,
        clock: Clock = time.time,
        schedule: Schedule | None = None,
        keys: Collection[str] | None = None,
        voices: Collection[str] = (),
        voice_factor: Decimal | int = 1,
        is_pro: bool = False,
        forbidden: Collection[str] = (),
        seed: int = 0,
        receive_buffer_bytes: int | None = None,
    ) -> None:
        self._state = State(
            clock=clock,
            speech_models=SpeechModels(voice=voice, ear=ear, seed=seed),
            keys=None if keys is None else frozenset(keys),
            voices=VOICES | frozenset(voices),
            voice_factor=Decimal(voice_factor),
            is_pro=is_pro,
            forbidden=frozenset(forbidden),
        )
        paths: dict[str, Handler] = {
            "/v1/text-to-speech/{voice}": speak,
            "/v1/text-to-speech/{voice}/stream": speak,
            "/v1/speech-to-text": transcribe,
        }
        super().__init__(
            {("POST", path): partial(self._guarded, handler) for path, handler in paths.items()},
            prefix="/v1",
            schedule=schedule,
            clock=clock,
            refuse=lambda fault, request: self._stamped(refuse(fault, request)),
            corrupt=corrupt_response,
            receive_buffer_bytes=receive_buffer_bytes,
        )

    def _guarded(self, handler: Handler, request: Request) -> Response:
        try:
            self._check_key(request)
            return self._stamped(handler(self._state, request))
        except RefusedError as refused:
            return self._stamped(refused.response)

    def _check_key(self, request: Request) -> None:
        key = request.header("xi-api-key")
        if not key:
            raise missing_key()
        if not self._state.lets_in(key):
            raise wrong_key()

    def _stamped(self, response: Response) -> Response:
        stamps = (
            ("request-id", self._state.speech_models.new_id(digits=20)),
            ("date", formatdate(self._state.clock(), usegmt=True)),
        )
        return replace(response, headers=(*response.headers, *stamps))
