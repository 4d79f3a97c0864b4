"""Silence at the ends of clear speech makes no words, takes none and changes none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from tests.providers.local.speech import SENTENCES

from ossicle import Client
from ossicle.testing import laws

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def client(best_engines: None) -> Iterator[Client]:
    with Client("local") as made:
        yield made


@pytest.mark.parametrize("where", ["after", "before", "around"])
@pytest.mark.parametrize("silence_s", [1.0])
def test_silence_keeps_the_words_of_clear_speech(
    client: Client, where: Literal["after", "before", "around"], silence_s: float
) -> None:
    for sentence in SENTENCES[:2]:
        spoken = client.speak(sentence).audio
        assert spoken is not None
        laws.silence_keeps_words(
            lambda clip: client.transcribe(clip).text, spoken, silence_s=silence_s, where=where
        )
