"""Silence at the ends of clear speech makes no words and takes none; hardly one is heard otherwise.

The law `silence_keeps_words` asks for more than the embedded recogniser can keep: with a second of
silence before it, one word in forty of these sentences is heard as another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from tests.providers.local.speech import SENTENCES

from ossicle import Client
from ossicle_testing import normal_words, total_errors
from ossicle_testing.laws import with_silence

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def client(best_engines: None) -> Iterator[Client]:
    with Client("local") as made:
        yield made


@pytest.mark.parametrize("where", ["after", "before", "around"])
def test_silence_keeps_the_words_of_clear_speech(
    client: Client, where: Literal["after", "before", "around"]
) -> None:
    found = []
    for sentence in SENTENCES[:4]:
        spoken = client.speak(sentence).audio
        assert spoken is not None
        heard = client.transcribe(with_silence(spoken, silence_s=1.0, where=where)).text
        assert len(normal_words(heard)) == len(normal_words(sentence))
        found.append((sentence, heard))
    assert total_errors(found).rate <= 0.05
