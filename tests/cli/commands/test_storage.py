from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from ossicle.storage import Charge, SqliteStore, StoredTurn

Run = Callable[..., Result]
DATA = b"<marker of a voice>" * 5000


def fill(folder: Path) -> None:
    with SqliteStore(folder) as store:
        for tenant in ("a", "b"):
            store.save_conversation(tenant, "c", document="{}")
            digest = store.put_blob(tenant, DATA)
            store.save_turn(tenant, "c", turn=StoredTurn(index=0, document="{}", blobs=(digest,)))
            store.append_charge(tenant, Charge(charge_id="1", at=0.0, provider="p", model="m"))
        store.save_cached("a", "k", value=b"x", document="{}", lifetime_s=-1)


def test_shows_cleans_and_deletes(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    fill(folder)
    shown = run("storage", "show", "--folder", str(folder), "--json")
    tenants = json.loads(shown.stdout)["tenants"]
    assert tenants["a"]["blob_bytes"] == len(DATA)
    assert (tenants["a"]["cached_values"], tenants["b"]["charges"]) == (1, 1)
    table = run("storage", "show", "--folder", str(folder))
    assert "95.0 kB" in table.stdout
    cleaned = run("storage", "clean", "--folder", str(folder), "--json")
    assert json.loads(cleaned.stdout)["dropped"]["cached_values"] == 1
    refused = run("storage", "delete", "--folder", str(folder), "--tenant", "a", given="n\n")
    assert refused.exit_code == 130
    for tenant in ("a", "b"):
        deleted = run("storage", "delete", "--folder", str(folder), "--tenant", tenant, "--yes")
        assert deleted.exit_code == 0, deleted.output
    assert not any(b"voice" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert (
        json.loads(run("storage", "show", "--folder", str(folder), "--json").stdout)["tenants"]
        == {}
    )


def test_what_was_put_aside_is_named_and_can_go(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    fill(folder)
    (folder / "ossicle.sqlite3").write_bytes(b"no database")
    shown = run("storage", "show", "--folder", str(folder))
    assert "quarantine-" in shown.stderr
    deleted = run("storage", "delete", "--folder", str(folder), "--tenant", "a", "--yes")
    assert "put aside" in deleted.stderr
    cleaned = run("storage", "clean", "--quarantined", "--folder", str(folder))
    assert cleaned.exit_code == 0
    assert not list(folder.glob("quarantine-*"))


def test_a_folder_of_others_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    failed = run("storage", "show", "--folder", str(tmp_path))
    assert failed.exit_code == 1
    assert "other things" in failed.stderr


def test_looking_for_a_store_makes_none(run: Run, tmp_path: Path) -> None:
    commands = [
        ("storage", "show"),
        ("storage", "clean"),
        ("storage", "delete", "--tenant", "a"),
        ("conversations", "list"),
    ]
    for command in commands:
        done = run(*command, "--folder", "nowhere")
        assert done.exit_code == 0, done.output
    for command in (("show", "x"), ("export", "x", "x.zip")):
        done = run("conversations", *command, "--folder", "nowhere")
        assert done.exit_code == 1
        assert "no conversation 'x'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "store")
    assert "'nobody'" in run("storage", "delete", "--tenant", "nobody", "--folder", "store").stderr
    asked = run("storage", "delete", "--tenant", "a", "--folder", "store", given="n\n")
    words = "Delete 1 conversation, 1 blob, 1 cached value, 1 charge, 95.0 kB?"
    assert words in asked.stderr
    assert "Nothing is kept in" in run("storage", "show", "--folder", "nowhere").stderr
    assert "No conversations" in run("conversations", "list", "--folder", "nowhere").stderr
