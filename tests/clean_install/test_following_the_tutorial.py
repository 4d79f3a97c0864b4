"""Somebody who follows `plugins.md` word by word gets plugins that pass and work."""

from __future__ import annotations

import re

import pytest

from .conftest import Fresh
from .tutorial import ROOT, read_tutorial, tutorial

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_word_by_word(fresh: Fresh) -> None:
    said = []
    for step in fresh.steps:
        if step.action == "run":
            said.append(fresh.shell(step))
        else:
            step.do(fresh.folder)
    proofs = [re.search(r"(\d+) passed", words) for words in said]
    counts = [int(proof[1]) for proof in proofs if proof]
    assert len(counts) == 2, said  # the provider alone, and all four
    assert counts[1] > counts[0] > 20
    everything = "".join(said)
    assert not re.search(r"[1-9]\d* (failed|error)", everything)
    for announced in ("provider beep", "converter pocket_caf", "validator shouting",
                      "preprocessor bright"):  # fmt: skip
        assert announced in " ".join(everything.split())
    assert "beep speak: text → audio, streamed" in everything
    assert "AudioClip(wav 16000 Hz 1 ch" in everything
    assert (fresh.folder / "hello.mp3").stat().st_size > 1000
    assert (fresh.folder / "bright.wav").stat().st_size > 1000
    assert str(ROOT) not in everything, "the fresh environment sees the checkout"


def test_a_block_that_nobody_could_follow_is_found() -> None:
    page = (ROOT / "plugins.md").read_text()
    assert len(read_tutorial()) > 15
    with pytest.raises(ValueError, match="no file is named"):
        tutorial(page.replace("`tests/test_beep.py`:", "A test:"))
