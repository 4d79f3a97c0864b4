"""A fake OpenAI, the official client as an independent one, and a way to send anything."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from ossicle_testing.vendors import ManualClock
from ossicle_testing.vendors.audio import encode_reply
from ossicle_testing.vendors.openai import FakeOpenAI
from ossicle_testing.vendors.tones import tone_voice

Serve = Callable[..., FakeOpenAI]
Post = Callable[..., tuple[int, Any, dict[str, str]]]


@pytest.fixture(name="clock")
def make_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(name="serve")
def make_serve(clock: ManualClock) -> Iterator[Serve]:
    """Starts fake vendors on the manual clock and closes them."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(FakeOpenAI(clock=clock, **settings))


@pytest.fixture(name="vendor")
def make_vendor(serve: Serve) -> FakeOpenAI:
    return serve()


@pytest.fixture(name="post")
def make_post() -> Post:
    """Sends JSON by hand; gives status, parsed or raw body, and headers."""

    def post(
        vendor: FakeOpenAI,
        path: str,
        body: object,
        *,
        key: str | None = "sk-test",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any, dict[str, str]]:
        server = vendor
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        if key is not None:
            sent.setdefault("Authorization", f"Bearer {key}")
        with closing(http.client.HTTPConnection(server.host, server.port, timeout=10)) as client:
            client.request("POST", path, body=raw, headers=sent)
            answer = client.getresponse()
            data = answer.read()
            found = {name.lower(): value for name, value in answer.getheaders()}
        is_json = "json" in found.get("content-type", "") or data[:1] == b"{"
        return answer.status, json.loads(data) if is_json else data, found

    return post


@pytest.fixture(name="spoken")
def make_spoken() -> Callable[..., str]:
    """A text as audio in base64."""

    def spoken(text: str, format: Any = "wav") -> str:
        return base64.b64encode(encode_reply(tone_voice(text), format)).decode()

    return spoken
