"""`POST /chat/completions`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ossicle.errors import DependencyMissingError
from ossicle_testing.vendors.http import Request, Response, parse_event
from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.openai.billing import priced
from ossicle_testing.vendors.openai.chat_history import HistoryReader
from ossicle_testing.vendors.openai.chat_reply import think
from ossicle_testing.vendors.openai.chat_request import ChatRequest, parse_chat
from ossicle_testing.vendors.openai.chat_stream import streamed_chat
from ossicle_testing.vendors.openai.chat_wire import whole_chat
from ossicle_testing.vendors.openai.errors import ApiError, no_audio_anywhere
from ossicle_testing.vendors.openai.models import Prices
from ossicle_testing.vendors.openai.state import State


def chat(state: State, account: str, request: Request) -> Response:
    """Answer a conversation in text or audio, whole or streamed.

    Raises:
        ApiError: The request is refused.
    """
    asked = parse_chat(state, request)
    history = HistoryReader(state, asked, account=account).read()
    needs_audio = asked.model.kind == "audio_chat" and not state.quirks.text_to_text
    if needs_audio and not asked.speaks and not history.has_audio:
        raise no_audio_anywhere()
    reply = think(state, asked, history, account=account)
    try:
        response = (
            streamed_chat(reply, asked, state.quirks, state.speech_models.draw())
            if asked.stream
            else whole_chat(reply, asked, state.quirks)
        )
    except DependencyMissingError as error:
        raise _no_encoder(asked) from error
    abandoned = None
    if asked.stream and state.abandoned == "sent" and isinstance(response.body, tuple):
        events = [item for item in response.body if isinstance(item, bytes)]
        abandoned = _bill_for_sent(reply.bill, events, asked.model.prices)
    return replace(response, executed=True, bill=reply.bill, bill_if_abandoned=abandoned)


def _no_encoder(asked: ChatRequest) -> ApiError:
    return ApiError(
        f"Unsupported value: 'audio.format' does not support '{asked.format}' with this model.",
        param="audio.format",
        code="unsupported_value",
    )


def _bill_for_sent(bill: Bill, events: Sequence[bytes], prices: Prices) -> Callable[[int], Bill]:
    """Bills the input whole, and of the output the audio and the words that were sent."""

    def sent(n_sent: int) -> Bill:
        audio, words = (_lengths(events[:n_sent], kind) for kind in _LENGTHS)
        all_audio, all_words = (_lengths(events, kind) for kind in _LENGTHS)
        part = replace(
            bill,
            output_audio_tokens=bill.output_audio_tokens * audio // max(1, all_audio),
            output_text_tokens=bill.output_text_tokens * words // max(1, all_words),
        )
        return priced(part, prices)

    return sent


_LENGTHS = (("data",), ("transcript", "content"))


def _lengths(events: Sequence[bytes], names: tuple[str, ...]) -> int:
    """Characters that these fields of the deltas have together."""
    total = 0
    for item in events:
        for choice in (parse_event(item) or {}).get("choices") or ():
            delta = choice.get("delta") or {}
            fields = {**delta, **(delta.get("audio") or {})}
            total += sum(len(fields.get(name) or "") for name in names)
    return total
