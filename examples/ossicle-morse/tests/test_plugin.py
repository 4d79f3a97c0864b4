"""The provider works where users meet it: in a client."""

from __future__ import annotations

import pytest
from ossicle import Client, PipelineSettings
from ossicle.errors import ConfigurationError

from ossicle_morse import plugin


@pytest.mark.parametrize("voice", ["low", "middle", "high"])
@pytest.mark.parametrize("form", ["wav", "mp3", "opus"])
def test_what_is_sent_in_any_format_is_heard(voice: str, form: str) -> None:
    # Morse code is no speech: without this ossicle would rather not send it.
    settings = PipelineSettings(quality="warn")
    with Client("morse", plugins=[plugin], settings=settings) as client:
        spoken = client.speak("The quick brown fox.", voice=voice, output_format=form).audio
        assert spoken is not None
        assert client.transcribe(spoken).text == "THE QUICK BROWN FOX."


def test_speed_is_an_option_of_the_client_and_of_a_call() -> None:
    with Client("morse", plugins=[plugin], options={"words_per_minute": 40}) as client:
        fast = client.speak("PARIS ").audio
        slow = client.speak("PARIS ", provider_options={"morse": {"words_per_minute": 20}}).audio
    assert fast is not None
    assert slow is not None
    assert fast.duration_s == pytest.approx(1.5)  # 50 dots of 30 ms
    assert slow.duration_s == pytest.approx(3.0)


def test_a_wrong_option_is_said() -> None:
    with (
        pytest.raises(ConfigurationError, match="words_per_minute of 900"),
        Client("morse", plugins=[plugin], options={"words_per_minute": 900}) as client,
    ):
        client.speak("E")
