"""`POST /audio/transcriptions` and `POST /audio/translations`."""

from __future__ import annotations

from dataclasses import replace

from ossicle_testing.vendors.http import Request, Response
from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.openai.billing import heard_tokens, priced, text_tokens
from ossicle_testing.vendors.openai.errors import ApiError
from ossicle_testing.vendors.openai.state import State
from ossicle_testing.vendors.openai.transcription_request import TranscriptionRequest, parse_hearing
from ossicle_testing.vendors.openai.transcription_wire import Transcript


def transcribe(state: State, account: str, request: Request) -> Response:
    """Write down what is said.

    Raises:
        ApiError: The request is refused.
    """
    del account
    return _answer(state, parse_hearing(state, request), task="transcribe")


def translate(state: State, account: str, request: Request) -> Response:
    """Write down in English what is said; only whisper-1 does.

    Raises:
        ApiError: The request is refused.
    """
    del account
    asked = parse_hearing(state, request)
    if asked.model.id != "whisper-1" and not state.quirks.any_model:
        raise ApiError(
            f"The model `{asked.model.id}` is not supported for this endpoint.",
            status=404,
            code="model_not_found",
        )
    return _answer(state, asked, task="translate")


def _answer(state: State, asked: TranscriptionRequest, *, task: str) -> Response:
    text = state.speech_models.hear(asked.samples, asked.sample_rate)
    bill = priced(
        Bill(
            input_text_tokens=text_tokens(asked.fields.get("prompt", "")),
            input_audio_tokens=heard_tokens(len(asked.samples), asked.sample_rate),
            output_text_tokens=text_tokens(text),
            seconds=asked.duration_s,
        ),
        asked.model.prices,
    )
    transcript = Transcript(text, asked, bill=bill, quirks=state.quirks, task=task)
    return replace(transcript.response(), executed=True, bill=bill)
