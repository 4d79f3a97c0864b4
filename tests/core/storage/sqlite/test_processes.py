"""Several processes on one store, opening it again and again: none loses what another wrote."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ossicle.storage import SqliteStore

ROOT = Path(__file__).parents[4]
N_PROCESSES = 3
N_TURNS = 24

WORKER = """
import hashlib, random, sys
from pathlib import Path
from ossicle.storage import Charge, SqliteStore, StoredTurn

number, n_processes, n_turns = map(int, sys.argv[2:])
for index in range(number, n_turns, n_processes):
    with SqliteStore(Path(sys.argv[1])) as store:
        data = random.Random(index % 5).randbytes(100_000)
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        turn = StoredTurn(index=index, document=f"[{index}]", blobs=(digest,))
        store.save_conversation("a", "c", document="{}")
        store.save_turn("a", "c", turn=turn, new_blobs=[data])
        store.append_charge("a", Charge(charge_id=str(index), at=0.0, provider="p", model="m"))
        store.save_conversation("a", f"gone {index}", document="{}")
        store.save_turn("a", f"gone {index}", turn=turn)
        store.delete_conversation("a", f"gone {index}")
"""


@pytest.mark.slow
def test_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, folder, str(number), str(N_PROCESSES), str(N_TURNS)],
            cwd=ROOT,
        )
        for number in range(N_PROCESSES)
    ]
    assert [worker.wait() for worker in workers] == [0] * N_PROCESSES
    with SqliteStore(folder) as store:
        stored = store.load_conversation("a", "c")
        assert [turn.document for turn in stored.turns] == [f"[{n}]" for n in range(N_TURNS)]
        for turn in stored.turns:
            assert len(store.read_blob("a", turn.blobs[0])) == 100_000
        size = store.measure("a")
        assert (size.conversations, size.blobs, size.charges) == (1, 5, N_TURNS)
        assert store.quarantined == ()
