"""Clients with a cache before a vendor that counts what it executed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import numpy as np
from numpy.typing import NDArray

from ossicle import AsyncClient, Client
from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import OssicleError
from ossicle.messages import Receipt
from ossicle_testing.vendors.openai import FakeOpenAI
from ossicle_testing.vendors.tones import tone_voice

SPEAKER = "openai:tts-1"
HEARER = "openai:gpt-4o-mini-transcribe"


class GatedVoice:
    """Says nothing before it may; counts who waits for it."""

    def __init__(self) -> None:
        self.turn_lock = threading.Event()
        self.n_waiting = 0

    def __call__(self, text: str) -> NDArray[np.float32]:
        self.n_waiting += 1
        assert self.turn_lock.wait(30)
        return tone_voice(text)


class Heard:
    """The names of what listeners are told, in order, and the receipts."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.receipts: list[Receipt | None] = []

    @hookimpl
    def ossicle_call_started(self, call: CallInfo) -> None:
        self.names.append("started")

    @hookimpl
    def ossicle_call_refused(self, call: CallInfo, error: OssicleError) -> None:
        self.names.append("refused")

    @hookimpl
    def ossicle_call_finished(self, call: CallInfo, receipt: Receipt) -> None:
        self.names.append("finished")
        self.receipts.append(receipt)

    @hookimpl
    def ossicle_call_failed(self, call: CallInfo, error: OssicleError) -> None:
        self.names.append("failed")
        self.receipts.append(error.receipt)

    @hookimpl
    def ossicle_call_abandoned(self, call: CallInfo, receipt: Receipt) -> None:
        self.names.append("abandoned")
        self.receipts.append(receipt)


def blocking(vendor: FakeOpenAI, **more: Any) -> Client:
    """A client of the vendor."""
    return Client("openai", api_key="x", base_url=vendor.base_url, **more)


def concurrent(vendor: FakeOpenAI, **more: Any) -> AsyncClient:
    """The same for event loops."""
    return AsyncClient("openai", api_key="x", base_url=vendor.base_url, **more)


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until it is so."""
    with anyio.fail_after(20):
        while not condition():
            await anyio.lowlevel.checkpoint()
