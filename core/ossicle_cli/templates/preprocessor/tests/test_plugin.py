"""The preprocessor works where users meet it: named in settings, told on the receipt."""

from __future__ import annotations

from ossicle import Client, PipelineSettings

from ossicle_newname import plugin


def test_a_client_uses_it_when_it_is_named() -> None:
    settings = PipelineSettings(preprocess=("newname",))
    with Client("echo", plugins=[plugin], settings=settings) as client:
        spoken = client.speak("Good morning.").audio
        assert spoken is not None
        reply = client.transcribe(spoken)
    assert reply.text == "Good morning."
    assert reply.receipt is not None
    assert "newname" in [step.action for step in reply.receipt.inputs[0].steps]
