"""What is particular to opening the default store."""

from __future__ import annotations

from pathlib import Path

import pytest

from ossicle.errors import NotStoredError
from ossicle.storage import SqliteStore


def test_a_folder_may_be_named_by_text_and_an_unknown_id_is_told(tmp_path: Path) -> None:
    with SqliteStore(str(tmp_path / "store")) as store, pytest.raises(NotStoredError) as caught:
        store.load_conversation("a", "nothere")
    assert "'nothere'" in caught.value.what
