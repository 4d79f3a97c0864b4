"""A PostgreSQL server of our own, on a socket in a folder of its own, for these tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def programs() -> Path | None:
    """Where `initdb` and `pg_ctl` are."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "pg_ctl").exists()), None)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server that `OSSICLE_POSTGRES_URL` names, or one that is started here; else skips."""
    if named := os.environ.get("OSSICLE_POSTGRES_URL"):
        yield named
        return
    pytest.importorskip("psycopg")
    place = programs()
    if place is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no PostgreSQL server is installed: run .ci/postgres")
        pytest.skip("no PostgreSQL server is installed")
    # The server refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        if user is not None:
            shutil.chown(folder, user)
        data = Path(folder) / "data"

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [place / program, "-D", data, *arguments],
                check=True,
                user=user,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

        run("initdb", "--auth=trust", "--username=ossicle", "--no-sync", "--encoding=UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-o", options, "-l", str(Path(folder) / "log"), "start")
        try:
            yield f"postgresql://ossicle@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
