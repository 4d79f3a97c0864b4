"""What is proved of streams: that the first piece comes before the last is made."""

from __future__ import annotations

import datetime
import math
import struct
from collections.abc import AsyncGenerator, Callable, Iterable

import anyio
import pytest

from ossicle.abc import (
    AudioOutput,
    AudioProvider,
    Capabilities,
    FormatRule,
    ProviderSpec,
)
from ossicle.audio import AudioFormat
from ossicle.messages import SPEAK, AudioDelta, Event, Finished, Request
from ossicle_testing.conformance import ProviderConformance, Trial, run_suite

PCM = AudioFormat.pcm(sample_rate=8000)
RULE = FormatRule(
    container="raw", encodings=("pcm_s16le",), sample_rates=(8000,), channels=(1,)
)  # fmt: skip
CHECK = "test_streams_come_in_pieces"


def tone(letter: str) -> bytes:
    step = math.tau * (200 + ord(letter) % 64) / 8000
    return b"".join(struct.pack("<h", round(8000 * math.sin(step * n))) for n in range(80))


class Beeper(AudioProvider):
    """Speaks in tones, on this machine, each after a moment."""

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities(
            provider="beeper", model=model, rows={"speak": (SPEAK,)}, streaming=True,
            audio_output=AudioOutput(whole=(RULE,), streamed=(RULE,)), source="the test",
            as_of=datetime.date(2026, 11, 26),
        )  # fmt: skip

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        for letter in request.messages[-1].text:
            await anyio.lowlevel.checkpoint()
            yield AudioDelta(data=tone(letter), format=PCM)
        yield Finished()

    async def aclose(self) -> None:
        """Nothing is held."""


class Collector(Beeper):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        for event in [event async for event in super().respond(request)]:
            yield event


class Joiner(Beeper):
    """Its model `whole` never streams."""

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        if request.model == "whole":
            data = b"".join(map(tone, request.messages[-1].text))
            yield AudioDelta(data=data, format=PCM)
            yield Finished()
            return
        async for event in super().respond(request):
            yield event


def tried(
    factory: Callable[[], AudioProvider], *, names: Iterable[str] = ("beep",), check: str = CHECK
) -> Trial:
    class Suite(ProviderConformance):
        @pytest.fixture
        def spec(self) -> ProviderSpec:
            return ProviderSpec(
                name="beeper", summary="Beeps", factory=lambda settings: factory(),
                default_models={"speak": "beep"}, is_local=True,
            )  # fmt: skip

        @pytest.fixture
        def models(self) -> tuple[str, ...]:
            return tuple(names)

    return run_suite(Suite, checks={check})


def proved(trial: Trial) -> dict[str, bool]:
    return {claim.what: claim.is_proved for claim in trial.report.claims}


STREAMED, WHOLE = "beep speak: text → audio, streamed", "beep speak: text → audio, whole"


def test_who_works_on_between_the_pieces_is_proved_to_stream() -> None:
    trial = tried(Beeper)
    assert not trial.failures
    assert proved(trial) == {STREAMED: True}


def test_of_who_cuts_a_finished_answer_it_stays_claimed() -> None:
    trial = tried(Collector)
    assert not trial.failures
    [claim] = trial.report.claims
    assert not claim.is_proved
    assert "cannot be seen" in claim.reason


def test_a_model_that_streams_does_not_cover_one_that_does_not() -> None:
    trial = tried(Joiner, names=("beep", "whole"))
    assert "every streamed answer of whole came in one piece" in trial.failures[CHECK]


def test_an_answered_row_is_not_yet_one_that_streams() -> None:
    trial = tried(Beeper, check="test_every_row_is_answered")
    assert proved(trial) == {STREAMED: False, WHOLE: True}
