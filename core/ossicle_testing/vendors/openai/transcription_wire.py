"""A transcript in each of the formats that the vendor answers in."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ossicle_testing.vendors.http import EVENT_STREAM, Response, event, json_response
from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.openai.chat_stream import words_of
from ossicle_testing.vendors.openai.quirks import Quirks
from ossicle_testing.vendors.openai.transcription_request import TranscriptionRequest

_SENTENCE = re.compile(r"\S.*?(?:[.!?…]+(?=\s|$)|$)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Words and when they were said.

    Attributes:
        text: The words.
        start_s: Their start.
        end_s: Their end.
    """

    text: str
    start_s: float
    end_s: float


def spans(pieces: Sequence[str], duration_s: float) -> list[Span]:
    """Pieces of a text laid over a duration by their share of its characters.

    No recogniser stands behind it: the times are in order, without gaps, and repeatable.
    """
    total = sum(len(piece) for piece in pieces)
    found, said = [], 0
    for piece in pieces:
        start_s = round(duration_s * said / total, 2)
        said += len(piece)
        end_s = round(duration_s * said / total, 2)
        found.append(Span(text=piece, start_s=start_s, end_s=end_s))
    return found


def sentences_of(text: str) -> list[str]:
    """The sentences of a text."""
    return _SENTENCE.findall(text)


class Transcript:
    """One transcript on its way to the client.

    Args:
        text: What was heard.
        asked: The request.
        bill: What it costs.
        quirks: The server's habits.
        task: `transcribe` or `translate`.
    """

    def __init__(
        self, text: str, asked: TranscriptionRequest, *, bill: Bill, quirks: Quirks, task: str
    ) -> None:
        self._text = text
        self._asked = asked
        self._bill = bill
        self._quirks = quirks
        self._task = task

    def response(self) -> Response:
        """The answer in the format asked for."""
        if self._asked.stream:
            return Response(headers=(("content-type", EVENT_STREAM),), body=tuple(self._events()))
        match self._asked.format:
            case "text":
                return _plain(self._text + "\n", "text/plain; charset=utf-8")
            case "srt":
                return _plain(self._srt(), "text/plain; charset=utf-8")
            case "vtt":
                return _plain(self._vtt(), "text/plain; charset=utf-8")
            case "verbose_json":
                return json_response(self._verbose())
            case "diarized_json":
                return json_response(self._diarized())
            case _:
                return json_response(self._plain_json())

    def _usage(self) -> dict[str, Any]:
        if self._asked.model.id in ("gpt-transcribe", "whisper-1"):
            return {"type": "duration", "seconds": math.ceil(self._asked.duration_s)}
        bill = self._bill
        return {
            "type": "tokens",
            "input_tokens": bill.input_tokens,
            "input_token_details": {
                "text_tokens": bill.input_text_tokens,
                "audio_tokens": bill.input_audio_tokens,
            },
            "output_tokens": bill.output_tokens,
            "total_tokens": bill.input_tokens + bill.output_tokens,
        }

    def _plain_json(self) -> dict[str, Any]:
        value: dict[str, Any] = {"text": self._text}
        value |= self._languages()
        if self._asked.fields.get("include"):
            value["logprobs"] = [_logprob(word) for word in words_of(self._text)]
        return {**value, "usage": self._usage()}

    def _languages(self) -> dict[str, Any]:
        if self._asked.model.id != "gpt-transcribe":
            return {}
        named = self._asked.fields.get("languages") or [self._asked.fields.get("language", "en")]
        # An empty list says that no language could be made out.
        return {"languages": [{"code": code} for code in named[:1]] if self._text else []}

    def _segments(self) -> list[Span]:
        return spans(sentences_of(self._text), self._asked.duration_s)

    def _verbose(self) -> dict[str, Any]:
        granularities = self._asked.fields.get("timestamp_granularities") or ["segment"]
        value: dict[str, Any] = {
            "task": self._task,
            "language": "english",
            "duration": round(self._asked.duration_s, 2),
            "text": self._text,
            "usage": self._usage(),
        }
        if "word" in granularities or self._quirks.word_key != "word":
            words = spans([word.strip() for word in words_of(self._text) if word.strip()],
                          self._asked.duration_s)  # fmt: skip
            value["words"] = [
                {self._quirks.word_key: word.text, "start": word.start_s, "end": word.end_s}
                for word in words
            ]
        if "segment" in granularities:
            value["segments"] = [
                _segment(index, span) for index, span in enumerate(self._segments())
            ]
        return value

    def _diarized(self) -> dict[str, Any]:
        return {
            "task": "transcribe",
            "duration": round(self._asked.duration_s, 2),
            "text": self._text,
            "segments": [
                {"type": "transcript.text.segment", **segment} for segment in self._speakers()
            ],
            "usage": self._usage(),
        }

    def _speakers(self) -> Iterator[dict[str, Any]]:
        """Sentences said in turn by the known speakers, or by A and B."""
        names = self._asked.fields.get("known_speaker_names") or ["A", "B"]
        for index, span in enumerate(self._segments()):
            yield {
                "id": f"seg_{index}",
                "start": span.start_s,
                "end": span.end_s,
                "speaker": names[index % len(names)],
                "text": span.text,
            }

    def _events(self) -> Iterator[bytes]:
        fields = self._asked.fields
        for word in words_of(self._text):
            delta: dict[str, Any] = {"type": "transcript.text.delta", "delta": word}
            if fields.get("include"):
                delta["logprobs"] = [_logprob(word)]
            yield event(delta)
        if self._asked.format == "diarized_json":
            for segment in self._speakers():
                yield event({"type": "transcript.text.segment", **segment})
        done: dict[str, Any] = {"type": "transcript.text.done", "text": self._text}
        done |= self._languages()
        if fields.get("include"):
            done["logprobs"] = [_logprob(word) for word in words_of(self._text)]
        yield event({**done, "usage": self._usage()})
        if self._quirks.hearing_done_marker:
            yield event("[DONE]")

    def _srt(self) -> str:
        blocks = [
            f"{index}\n{_clock(span.start_s, ',')} --> {_clock(span.end_s, ',')}\n{span.text}\n\n"
            for index, span in enumerate(self._segments(), start=1)
        ]
        return "".join(blocks) or "\n"

    def _vtt(self) -> str:
        blocks = [
            f"{_clock(span.start_s, '.')} --> {_clock(span.end_s, '.')}\n{span.text}\n\n"
            for span in self._segments()
        ]
        return "WEBVTT\n\n" + "".join(blocks)


def _plain(text: str, content_type: str) -> Response:
    return Response(headers=(("content-type", content_type),), body=text.encode())


def _logprob(word: str) -> dict[str, Any]:
    return {"token": word, "logprob": -0.01, "bytes": list(word.encode())}


def _segment(index: int, span: Span) -> dict[str, Any]:
    return {
        "id": index, "seek": 0, "start": span.start_s, "end": span.end_s, "text": " " + span.text,
        "tokens": [50364 + index], "temperature": 0.0, "avg_logprob": -0.2,
        "compression_ratio": 1.0, "no_speech_prob": 0.01,
    }  # fmt: skip


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, thousandths = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}{point}{thousandths:03}"
