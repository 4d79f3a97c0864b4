"""The fake Deepgram: a loopback server that speaks its REST interface."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from decimal import Decimal
from email.utils import formatdate
from functools import partial
from typing import cast
from urllib.parse import parse_qsl

from ossicle.errors import MalformedAudioError
from ossicle_testing.vendors.audio import Ear, ReplyFormat, Voice, decode_audio, encode_reply
from ossicle_testing.vendors.clock import Clock
from ossicle_testing.vendors.corruptions import SILENT_WAV, WRONG_USAGE, change_json, corrupt
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Request, Response, json_response
from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.refusals import RefusedError, plain_refusal
from ossicle_testing.vendors.schedule import Schedule
from ossicle_testing.vendors.speech_models import SpeechModels
from ossicle_testing.vendors.state import VendorState
from ossicle_testing.vendors.tones import tone_ear, tone_voice
from ossicle_testing.vendors.vendor import FakeVendor

_HEARING, _SPEECH = ("nova-3", "nova-3-general", "nova-2"), ("aura-2-thalia-en",)
_FLAGS = {"smart_format", "utterances", "diarize", "detect_language", "punctuate"}
_FORMATS = {"linear16": "pcm16", "mp3": "mp3", "opus": "opus"}
_RATES = {"linear16": (8000, 16000, 24000, 32000, 48000), "mp3": (22050,), "opus": (48000,)}
_MEDIA_TYPES = {"linear16": "audio/l16", "mp3": "audio/mpeg", "opus": "audio/ogg"}
_MAX_CHARACTERS = 2000
_PIECE_BYTES = 4801
"""Odd, so that every other piece ends inside a sample."""

_CODES = {400: "Bad Request", 401: "INVALID_AUTH", 402: "ASR_PAYMENT_REQUIRED",
          403: "INSUFFICIENT_PERMISSIONS", 429: "TOO_MANY_REQUESTS"}  # fmt: skip
_BY_INTERMEDIARY = (FaultKind.PROXY_AUTHENTICATION, FaultKind.STATUS_502, FaultKind.STATUS_504)


class FakeDeepgram(FakeVendor):
    """Deepgram's `/v1/listen` and `/v1/speak` on 127.0.0.1.

    It really listens and really speaks, in tones by default. Parameters are read strictly: one
    that the interface does not have is refused. A context manager; closing twice is harmless.

    Args:
        voice: Says a text: mono float32 at 24 kHz.
        ear: Hears mono samples at a rate in Hz.
        clock: Returns Unix seconds.
        schedule: Decides the fault of each request; `None` means none.
        keys: The keys that are let in; `None` lets in every key.
        seed: Makes ids repeatable.
        receive_buffer_bytes: See `FakeVendor`.
    """

    def __init__(
        self,
        *,
        voice: Voice = tone_voice,
        ear: Ear = tone_ear,
        clock: Clock = time.time,
        schedule: Schedule | None = None,
        keys: Collection[str] | None = None,
        seed: int = 0,
        receive_buffer_bytes: int | None = None,
    ) -> None:
        self._state = VendorState(
            clock=clock,
            speech_models=SpeechModels(voice=voice, ear=ear, seed=seed),
            keys=None if keys is None else frozenset(keys),
        )
        super().__init__(
            {
                ("POST", "/v1/listen"): partial(self._guarded, self._listen),
                ("POST", "/v1/speak"): partial(self._guarded, self._speak),
            },
            prefix="/v1",
            schedule=schedule,
            clock=clock,
            refuse=lambda fault, request: self._stamped(_refuse(fault, request)),
            corrupt=_corrupt,
            receive_buffer_bytes=receive_buffer_bytes,
        )

    def _guarded(self, handler: Callable[[Request], Response], request: Request) -> Response:
        try:
            scheme, _, key = (request.header("authorization") or "").partition(" ")
            if scheme != "Token" or not key or not self._state.lets_in(key):
                raise _refused(401, "Invalid credentials.")
            return self._stamped(handler(request))
        except RefusedError as refused:
            return self._stamped(refused.response)

    def _listen(self, request: Request) -> Response:
        query = _query(request, allowed=_FLAGS | {"model", "language", "keyterm"})
        if query.get("model") not in _HEARING:
            raise _refused(400, "Bad Request: No such model/language/tier combination found.")
        try:
            samples, sample_rate = decode_audio(request.body)
        except MalformedAudioError as error:
            message = "Bad Request: failed to process audio: corrupt or unsupported data"
            raise _refused(400, message) from error
        text = self._state.speech_models.hear(samples, sample_rate)
        duration_s = len(samples) / sample_rate
        spoken = text.split()
        step = duration_s / max(1, len(spoken))
        who = {"speaker": 0} if query.get("diarize") == "true" else {}
        words = [
            {"word": word.lower().strip(".,!?"), "punctuated_word": word, "confidence": 0.9,
             "start": index * step, "end": (index + 1) * step, **who}
            for index, word in enumerate(spoken)
        ]  # fmt: skip
        channel: dict[str, object] = {
            "alternatives": [{"transcript": text, "confidence": 0.9, "words": words}]
        }
        if query.get("detect_language") == "true":
            channel["detected_language"] = "en"
        results: dict[str, object] = {"channels": [channel]}
        if query.get("utterances") == "true":
            whole = {"start": 0.0, "end": duration_s, "confidence": 0.9, "channel": 0}
            results["utterances"] = [{**whole, "transcript": text, "words": words, **who}]
        body = {"metadata": {"duration": duration_s, "channels": 1}, "results": results}
        bill = Bill(seconds=duration_s, amount=Decimal(duration_s) * Decimal("0.0043") / 60)
        return replace(json_response(body), executed=True, bill=bill)

    def _speak(self, request: Request) -> Response:
        query = _query(request, allowed={"model", "encoding", "container", "sample_rate",
                                         "bit_rate"})  # fmt: skip
        if query.get("model") not in _SPEECH:
            raise _refused(400, "Bad Request: No such model/version combination found.")
        encoding = query.get("encoding", "mp3")
        rates = _RATES.get(encoding, ())
        rate = int(query.get("sample_rate", 24_000 if encoding == "linear16" else (*rates, 0)[0]))
        if rate not in rates:
            raise _refused(400, "Bad Request: Unsupported audio format.")
        try:
            body = request.json()
        except ValueError as error:
            raise _refused(400, "Bad Request: The body is no JSON.") from error
        if set(body) != {"text"} or not isinstance(body["text"], str) or not body["text"].strip():
            raise _refused(400, "Bad Request: Input text contains no text.")
        if len(body["text"]) > _MAX_CHARACTERS:
            raise _refused(413, "Input text exceeds maximum character limit of 2000.")
        samples = self._state.speech_models.say(body["text"])
        data = encode_reply(samples, cast("ReplyFormat", _FORMATS[encoding]), sample_rate=rate)
        n_chars = len(body["text"])
        return Response(
            headers=(("content-type", _MEDIA_TYPES[encoding]), ("dg-char-count", str(n_chars))),
            body=tuple(data[at : at + _PIECE_BYTES] for at in range(0, len(data), _PIECE_BYTES)),
            executed=True,
            bill=Bill(characters=n_chars),
        )

    def _stamped(self, response: Response) -> Response:
        stamps = (
            ("dg-request-id", self._state.speech_models.new_id(digits=32)),
            ("date", formatdate(self._state.clock(), usegmt=True)),
        )
        return replace(response, headers=(*response.headers, *stamps))


def _query(request: Request, *, allowed: Collection[str]) -> dict[str, str]:
    query = dict(parse_qsl(request.query))
    for name, value in query.items():
        if name not in allowed or (name in _FLAGS and value not in ("true", "false")):
            raise _refused(400, f"Bad Request: unknown parameter {name[:32]}")
    return query


def _refused(status: int, message: str) -> RefusedError:
    return RefusedError(_error(status, message))


def _error(status: int, message: str) -> Response:
    code = _CODES.get(status, "INTERNAL_SERVER_ERROR")
    return json_response({"err_code": code, "err_msg": message, "request_id": "x"}, status=status)


def _refuse(fault: Fault, request: Request) -> Response:
    """The answer to a request that a fault of the status group strikes."""
    if fault.kind in _BY_INTERMEDIARY:
        return plain_refusal(fault, request)
    return _error(fault.facts.status or 500, "The request failed.")


def _corrupt(fault: Fault, response: Response) -> Response | None:
    """The corrupted response, or `None` where the fault has no meaning for it."""
    if response.status >= 400:
        return None
    is_audio = response.content_type.startswith("audio/")
    match fault.kind:
        case FaultKind.ERROR_BODY_200:
            wrong = _error(500, "Internal server error.")
            return replace(response, headers=wrong.headers, body=wrong.body)
        case FaultKind.AUDIO_MISSING if is_audio:
            return replace(response, body=())
        case FaultKind.OTHER_FORMAT if is_audio:
            return replace(response, body=(SILENT_WAV,))
        case kind if kind in WRONG_USAGE and is_audio:
            kept = tuple(pair for pair in response.headers if pair[0] != "dg-char-count")
            count = WRONG_USAGE[kind]
            more = () if count is None else (("dg-char-count", str(count)),)
            return replace(response, headers=(*kept, *more))
        case FaultKind.EMPTY_CHOICES if not is_audio:
            return change_json(response, lambda body: body.pop("results", None) is not None)
        case _:
            return corrupt(fault, response)
