"""Every malformed, disguised and bomb file of the shared folder, through the real decoders."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hostile.attack import MIB, Expense, corpus, decode_all

from ossicle.audio import AudioClip
from ossicle.errors import AudioError, AudioLimitError, MalformedAudioError
from ossicle.intake import load


def outcome(path: Path) -> int | AudioError:
    try:
        return decode_all(load(path))
    except AudioError as error:
        return error


@pytest.fixture(scope="module", autouse=True)
def _warm_decoders(shared_audio: Path) -> None:
    """Imports are not what a hostile file costs."""
    for name in ("made/tricky/flac-one-sample.flac", "made/tricky/aac-adts.aac"):
        outcome(shared_audio / name)


def test_every_hostile_file_ends_in_a_typed_error_or_in_what_is_there(shared_audio: Path) -> None:
    files = corpus(shared_audio, "malformed", "disguised", "bomb")
    assert len(files) >= 50
    for path in files:
        with Expense() as expense:
            result = outcome(path)
        assert expense.cpu_s <= 2.0, path.name
        assert expense.growth_bytes <= 64 * MIB, path.name
        if isinstance(result, AudioError):
            assert result.fix, path.name
            assert path.name not in str(result)
        else:
            # No more than the largest expansion of what is no bomb.
            assert result <= 600 * 48_000, path.name


def test_disguised_files_are_refused_by_what_they_are(shared_audio: Path) -> None:
    for path in corpus(shared_audio, "disguised"):
        with pytest.raises(MalformedAudioError, match="looks like"):
            load(path)


def test_bombs_are_refused_by_their_limit(shared_audio: Path) -> None:
    for path in corpus(shared_audio, "bomb"):
        with pytest.raises(AudioLimitError):
            load(path)


def test_every_good_file_decodes_to_what_its_header_says(shared_audio: Path) -> None:
    pytest.importorskip("av")
    unknown = {".raw", ".pcm"}  # headerless: nothing can know them
    # Cut short by their makers, who test tag readers with them.
    fragments = {"tinytag--alac_file.m4a", "tinytag--flac_application.flac",
                 "tinytag--mp4_extended_size.m4a"}  # fmt: skip
    wrong = []
    for path in corpus(shared_audio, "valid", "tricky"):
        if path.suffix in unknown or path.name in fragments:
            continue
        clip = AudioClip.from_path(path)
        frames = decode_all(clip)
        if clip.facts.frames not in (None, frames):
            wrong.append(f"{path.name}: {clip.facts.frames} claimed, {frames} decoded")
    assert wrong == []
