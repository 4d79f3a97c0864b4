"""Every Python block of the guides runs as it stands, but for those that need a vendor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDES = sorted((Path(__file__).parents[2] / "docs" / "guides").glob("*.md"))
BLOCKS = [
    (f"{guide.name} block {number}", block)
    for guide in GUIDES
    for number, block in enumerate(
        re.findall(r"```python\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    )
]


def test_the_guides_have_blocks_to_test() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_a_block_of_a_guide_runs(
    name: str,
    block: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block, name, "exec"), {})
    assert capsys.readouterr().out.strip()
