"""The provider works where users meet it: in a client."""

from __future__ import annotations

from ossicle import Client

from ossicle_newname import plugin


def test_a_client_speaks_and_hears_with_it() -> None:
    with Client("newname", plugins=[plugin]) as client:
        spoken = client.speak("Good morning.", output_format="wav").audio
        assert spoken is not None
        assert client.transcribe(spoken).text == "Good morning."
