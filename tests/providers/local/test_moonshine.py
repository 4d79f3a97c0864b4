from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import DependencyMissingError
from ossicle_local import moonshine
from ossicle_local.moonshine import moonshine_folder, read_vocabulary


def written(token: bytes) -> bytes:
    """A token as the file holds it, from the format's description."""
    size = len(token)
    return (bytes([size]) if size < 128 else bytes([size % 128 + 128, size // 128])) + token


@given(st.lists(st.binary(max_size=300)))
def test_the_vocabulary_is_read_as_it_was_written(tokens: list[bytes]) -> None:
    assert read_vocabulary(b"".join(map(written, tokens))) == tokens


def test_a_wheel_without_the_model_says_which_one_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "assets" / "tiny-en"
    folder.mkdir(parents=True)
    (folder / "tokenizer.bin").touch()
    monkeypatch.setattr(moonshine, "package_folder", lambda package, *, extra: tmp_path)
    with pytest.raises(DependencyMissingError, match=r"encoder_model.ort.*moonshine-voice==0.1.0"):
        moonshine_folder()
    (folder / "encoder_model.ort").touch()
    (folder / "decoder_model_merged.ort").touch()
    assert moonshine_folder() == folder
