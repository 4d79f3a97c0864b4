"""What is particular to opening the default store."""

from __future__ import annotations

from pathlib import Path

import pytest

from ossicle.errors import NotStoredError
from ossicle.storage import Charge, SqliteStore
from ossicle.storage.tables import store as tables_store


def test_a_folder_may_be_named_by_text_and_an_unknown_id_is_told(tmp_path: Path) -> None:
    with SqliteStore(str(tmp_path / "store")) as store, pytest.raises(NotStoredError) as caught:
        store.load_conversation("a", "nothere")
    assert "'nothere'" in caught.value.what


def test_a_long_ledger_is_read_in_pages_and_holds_up_no_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables_store, "_PAGE", 3)
    # Several of one moment, so that a page ends among them.
    charges = [
        Charge(charge_id=f"{number}", at=float(number // 4), provider="p", model="m")
        for number in range(9)
    ]
    with SqliteStore(tmp_path / "store") as store, SqliteStore(tmp_path / "store") as other:
        for charge in reversed(charges):
            store.append_charge("a", charge)
        assert list(store.list_charges("a")) == charges
        assert list(store.list_charges("a", since=1.0, until=2.0)) == charges[4:8]
        reading = store.list_charges("a")
        assert next(reading) == charges[0]
        other.append_charge("a", charges[0].model_copy(update={"charge_id": "9", "at": 9.0}))
        assert [charge.charge_id for charge in reading] == list("123456789")
