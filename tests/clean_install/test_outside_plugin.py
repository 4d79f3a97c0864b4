"""`examples/ossicle-morse`, as somebody who got it from anywhere would use it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from .conftest import Fresh
from .tutorial import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

USE = """
from ossicle import Client, PipelineSettings
from ossicle.errors import UnknownProviderError
import sys

settings = PipelineSettings(quality="warn")
try:
    Client("morse").speak("SOS")
except UnknownProviderError as error:
    assert "not allowed" in str(error), error
else:
    raise AssertionError("it was used without being allowed")
assert "ossicle_morse" not in sys.modules, "it was imported without being allowed"

with Client("morse", allow_plugins=["morse"], settings=settings) as client:
    spoken = client.speak("SOS", voice="low", output_format="mp3")
    print(client.transcribe(spoken.audio).text, spoken.audio.format.name)
"""


@pytest.fixture(scope="module")
def morse(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, copied out of the checkout and installed."""
    project = tmp_path_factory.mktemp("elsewhere") / "ossicle-morse"
    shutil.copytree(ROOT / "examples" / "ossicle-morse", project)
    fresh.run(fresh.python, "-m", "pip", "install", "-q", "./ossicle-morse", at=project.parent)
    return project


def listed(fresh: Fresh, *options: str) -> dict[str, Any]:
    found = json.loads(fresh.ossicle(*options, "plugins", "--json"))["plugins"]
    [morse] = [one for one in found if one["name"] == "morse"]
    return dict(morse)


def test_it_is_discovered_and_only_loaded_when_allowed(fresh: Fresh, morse: Path) -> None:
    found = listed(fresh)
    assert (found["state"], found["distribution"], found["version"]) == (
        "blocked", "ossicle-morse", "1.0.0"
    )  # fmt: skip
    assert "--plugin morse" in found["fix"]
    assert found["provides"] == []
    assert listed(fresh, "--plugin", "morse")["provides"] == ["provider morse"]


def test_a_program_uses_it(fresh: Fresh, morse: Path) -> None:
    (fresh.folder / "morse.py").write_text(USE)
    assert fresh.run(fresh.python, "morse.py") == "SOS mp3\n"


def test_the_command_line_uses_it(fresh: Fresh, morse: Path) -> None:
    refused = fresh.ossicle("say", "SOS", "--provider", "morse", "--out", "a.wav", status=1)
    assert "not allowed" in refused
    allowed = ("--plugin", "morse")
    fresh.ossicle(*allowed, "say", "Hello world", "--provider", "morse", "--out", "sent.opus")
    heard = fresh.ossicle(
        *allowed, "transcribe", "sent.opus", "--provider", "morse", "--quality", "warn"
    )
    assert "HELLO WORLD" in heard


def test_its_own_tests_pass_there(fresh: Fresh, morse: Path) -> None:
    said = fresh.run(fresh.python, "-m", "pytest", "-q", at=morse)
    assert " passed" in said
    assert "test_conformance" in fresh.run(
        fresh.python, "-m", "pytest", "-q", "--collect-only", at=morse
    )
