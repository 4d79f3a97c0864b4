"""What `ossicle new-plugin` writes passes its own tests where it is installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ossicle_cli.plugin_project import KINDS

from .conftest import Fresh

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize("kind", KINDS)
def test_its_tests_pass_right_away(fresh: Fresh, kind: str, tmp_path: Path) -> None:
    fresh.ossicle("new-plugin", f"some-{kind}", "--kind", kind, at=tmp_path)
    said = fresh.run(
        fresh.python, "-m", "pytest", "-q", "-p", "no:cacheprovider",
        at=tmp_path / f"ossicle-some-{kind}",
    )  # fmt: skip
    passed = re.search(r"(\d+) passed", said)
    assert passed, said
    assert int(passed[1]) > 12
    assert "failed" not in said


def test_it_installs_and_is_announced(fresh: Fresh, tmp_path: Path) -> None:
    fresh.ossicle("new-plugin", "whole", "--kind", "provider", "--into", "made", at=tmp_path)
    fresh.run(fresh.python, "-m", "pip", "install", "-q", "./made", at=tmp_path)
    assert "provider whole" in fresh.ossicle("--plugin", "whole", "plugins")
    (tmp_path / "said").mkdir()
    fresh.ossicle(
        "--plugin", "whole", "say", "Hello.", "--provider", "whole", "--out", "a.wav", at=tmp_path
    )
    heard = fresh.ossicle(
        "--plugin", "whole", "transcribe", "a.wav", "--provider", "whole", at=tmp_path
    )
    assert "Hello." in heard
