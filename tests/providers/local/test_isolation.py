"""What happens to the process and the machine: each case in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

TALK = """
import anyio
from ossicle.audio import AudioClip
from ossicle.messages import AudioPart, Message, Request, TextPart
from ossicle_local.provider import local_assistant

async def main():
    provider = local_assistant()
    clip = AudioClip.from_pcm(b"".join((i % 3000).to_bytes(2, "little") for i in range(16000)),
                              sample_rate=16000)
    for parts in ((TextPart(text="Hello"),), (AudioPart(clip=clip),)):
        request = Request(task="respond", model="assistant", output={"text", "audio"},
                          messages=(Message(role="user", parts=parts),))
        async for event in provider.respond(request):
            pass
    await provider.aclose()

anyio.run(main)
"""


def run(program: str, *, cache: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program with an empty home and cache, and not as if under continuous integration."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", program],
        env={
            **kept,
            "HOME": str(cache),
            "XDG_CACHE_HOME": str(cache),
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("core", "providers")),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_announcing_imports_nothing_heavy(tmp_path: Path) -> None:
    done = run(
        "import sys\n"
        "from ossicle_local import plugin\n"
        "plugin.ossicle_register_providers(); plugin.ossicle_register_models()\n"
        "heavy = {'numpy', 'onnxruntime', 'hibari', 'moonshine_voice', 'earshot', 'soxr',\n"
        "         'pocketsphinx', 'py_nanotts'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "import os\n"
        "assert 'ORT_DISABLE_TELEMETRY' not in os.environ\n",
        cache=tmp_path,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.models
@pytest.mark.usefixtures("best_engines")
class TestTelemetry:
    def test_nothing_is_left_in_the_users_folders(self, tmp_path: Path) -> None:
        done = run(TALK, cache=tmp_path)
        assert done.returncode == 0, done.stderr
        assert list(tmp_path.rglob("*")) == []

    def test_a_late_switch_is_said(self, tmp_path: Path) -> None:
        done = run("import onnxruntime\n" + TALK, cache=tmp_path)
        assert done.returncode != 0
        assert "RuntimeWarning: onnxruntime was imported before" in done.stderr

    def test_a_switch_set_by_the_user_is_enough(self, tmp_path: Path) -> None:
        done = run("import onnxruntime\n" + TALK, cache=tmp_path, ORT_DISABLE_TELEMETRY="1")
        assert done.returncode == 0, done.stderr
        assert list(tmp_path.rglob("*")) == []
