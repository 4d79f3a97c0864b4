from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import ConfigurationError, FileAccessError, UnsupportedFormatError


@pytest.mark.parametrize("data", ["text", 5, None, [1, 2]])
def test_what_holds_no_bytes_is_refused(data: Any) -> None:
    with pytest.raises(ConfigurationError, match="holds no bytes"):
        AudioClip.from_bytes(data)
    with pytest.raises(ConfigurationError, match="holds no bytes"):
        AudioClip.from_pcm(data, sample_rate=8000)


@pytest.mark.parametrize("data", [b"\0\0", bytearray(2), memoryview(b"\0\0")])
def test_all_kinds_of_bytes_are_taken(data: Any) -> None:
    rate: Any = np.int64(8000)
    assert AudioClip.from_pcm(data, sample_rate=rate).facts.frames == 1


@pytest.mark.parametrize("sample_rate", [0, -1, 8000.0, "8000"])
def test_an_impossible_rate_is_refused(sample_rate: Any) -> None:
    with pytest.raises(UnsupportedFormatError, match="sample_rate"):
        AudioClip.from_pcm(b"", sample_rate=sample_rate)


def test_an_unknown_sample_format_is_refused() -> None:
    with pytest.raises(UnsupportedFormatError, match="'s12'"):
        AudioFormat.pcm(sample_rate=8000, sample_format="s12")  # type: ignore[arg-type]  # tested


def test_a_closed_file_is_refused() -> None:
    file = io.BytesIO(b"RIFF")
    file.close()
    with pytest.raises(FileAccessError, match="closed"):
        AudioClip.from_file(file)


def test_a_path_that_cannot_be_opened_is_named_at_readable_length() -> None:
    with pytest.raises(FileAccessError, match=r"'missing\.wav'"):
        AudioClip.from_path("missing.wav")
    with pytest.raises(FileAccessError) as caught:
        AudioClip.from_path("a" * 5000)
    assert len(str(caught.value)) < 300
