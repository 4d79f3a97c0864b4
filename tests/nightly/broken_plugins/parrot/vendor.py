"""A small vendor on the loopback: one route, answers as lines of JSON."""

from __future__ import annotations

import base64
import io
import itertools
import json
import wave
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from tests.nightly.broken_plugins.parrot.record import LIFETIME_S, RATE, TOKENS_PER_S, VOICES

from ossicle_testing.vendors import Clock, FakeVendor, Request, Response

KEY = "parrot-key-0123456789abcdef"
_HERTZ = dict(zip(VOICES, (300.0, 400.0), strict=True))
_LINES = "application/x-ndjson"


class ParrotVendor:
    """Repeats what it is told; what it hears are seconds of sound.

    Args:
        clock: The time in Unix seconds; decides when ids of audio expire.
        hertz: Of each voice's tone.
    """

    def __init__(self, *, clock: Clock, hertz: Mapping[str, float] = _HERTZ) -> None:
        self._clock, self._hertz = clock, hertz
        self._numbers = itertools.count(1)
        self._kept: dict[str, tuple[str, float]] = {}
        self.server = FakeVendor({("POST", "/ask"): self._ask}, clock=clock)

    def _ask(self, request: Request) -> Response:
        key = (request.header("authorization") or "").removeprefix("Bearer ")
        if key != KEY:
            return _refusal(401, "wrong_key")
        try:
            asked = json.loads(request.body)
            text, tokens = self._understand(asked)
        except KeyError:
            return _refusal(404, "unknown_audio")
        lines = [json.dumps(line).encode() + b"\n" for line in self._answer(asked, text, tokens)]
        return Response(headers=(("content-type", _LINES),), body=lines, executed=True)

    def _understand(self, asked: dict[str, Any]) -> tuple[str, dict[str, int]]:
        words: list[str] = []
        tokens = {"text": 0, "audio": 0}
        for message in asked["messages"]:
            words.clear()
            for part in message["parts"]:
                if "audio" in part:
                    with wave.open(io.BytesIO(base64.b64decode(part["audio"]))) as file:
                        seconds = file.getnframes() / file.getframerate()
                    words.append(f"{seconds:.1f} seconds of sound")
                    tokens["audio"] += round(seconds * TOKENS_PER_S)
                elif "kept" in part:
                    text, expires = self._kept[part["kept"]]
                    if expires <= self._clock():
                        raise KeyError(part["kept"])
                    words.append(text)
                else:
                    words.append(part["text"])
                tokens["text"] += len(words[-1].split()) if "audio" not in part else 0
        return " ".join(words), tokens

    def _answer(
        self, asked: dict[str, Any], text: str, tokens: dict[str, int]
    ) -> Iterator[dict[str, Any]]:
        number = next(self._numbers)
        yield {"id": f"ask-{number}", "time": self._clock()}
        if asked["task"] == "respond" and asked["messages"][-1]["heard"]:
            yield {"heard": text}
        usage = {"in_text": tokens["text"], "in_audio": tokens["audio"], "text": 0, "audio": 0}
        call = _call(asked, number)
        if call is not None:
            yield from call
            yield {"usage": usage}
            yield {"end": "tool_calls"}
            return
        words = (text if asked["task"] != "respond" else f"You said: {text}").split()
        most = asked["most"]
        said = words if most is None else words[:most]
        usage["text"] = len(said)
        if "audio" in asked["output"]:
            yield from self._spoken(asked, " ".join(said), number, usage)
        else:
            yield from _pieces("text", " ".join(said), streams=asked["stream"])
        yield {"usage": usage}
        yield {"end": "stop" if len(said) == len(words) else "length"}

    def _spoken(
        self, asked: dict[str, Any], text: str, number: int, usage: dict[str, int]
    ) -> Iterator[dict[str, Any]]:
        pcm = _tone(self._hertz[asked["voice"] or VOICES[0]], n_frames=80 * len(text))
        usage["audio"] = round(len(pcm) / 2 / RATE * TOKENS_PER_S)
        if "text" in asked["output"]:
            yield from _pieces("said", text, streams=asked["stream"])
        for start in range(0, len(pcm), 801) if asked["stream"] else (0,):
            piece = pcm[start : start + 801] if asked["stream"] else _wav(pcm)
            yield {"sound": base64.b64encode(piece).decode()}
        if asked["task"] == "respond":
            expires = self._clock() + LIFETIME_S
            self._kept[f"kept-{number}"] = (text, expires)
            yield {"kept": f"kept-{number}", "expires": expires}


def _refusal(status: int, code: str) -> Response:
    return Response(status=status, body=json.dumps({"code": code}).encode())


def _call(asked: dict[str, Any], number: int) -> Iterator[dict[str, Any]] | None:
    choice, names = asked["choice"], [tool["name"] for tool in asked["tools"]]
    if not names or choice in (None, "none", "auto"):
        return None
    name = names[0] if choice == "required" else choice
    call = {"call": f"call-{number}", "name": name}
    return iter([{**call, "arguments": '{"loud": '}, {"arguments": "true}"}])


def _pieces(name: str, text: str, *, streams: bool) -> Iterator[dict[str, str]]:
    size = 7 if streams else len(text) or 1
    for start in range(0, len(text), size):
        yield {name: text[start : start + size]}


def _tone(hertz: float, *, n_frames: int) -> bytes:
    time = np.arange(n_frames) / RATE
    tone = np.sin(2 * np.pi * hertz * time) * 0.25
    return (tone * 32767).astype("<i2").tobytes()


def _wav(pcm: bytes) -> bytes:
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return sink.getvalue()
