"""The connection is lost while a transaction is committed: nobody knows whether it was."""

from __future__ import annotations

import socket
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ossicle import Client
from ossicle.errors import StorageConflictError, StorageError

psycopg = pytest.importorskip("psycopg")

from ossicle.storage.postgres import PostgresStore  # noqa: E402 - after the question for psycopg


class CuttingProxy:
    """Passes everything on to a server; when armed, it cuts the line at the next commit.

    Attributes:
        is_armed: Whether to cut.
        passes_commit: Whether the server still gets that commit.
    """

    def __init__(self, server: tuple[int, str | tuple[str, int]], path: Path) -> None:
        self._server = server
        self.is_armed = self.is_cutting = False
        self.passes_commit = True
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._sockets: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(self._server[0])
                far.connect(self._server[1])
                self._sockets += [near, far]
                for one, other, is_asking in ((near, far, True), (far, near, False)):
                    thread = threading.Thread(target=self._pass, args=(one, other, is_asking))
                    self._threads.append(thread)
                    thread.start()

    def _pass(self, one: socket.socket, other: socket.socket, is_asking: bool) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if is_asking and self.is_armed and b"COMMIT\0" in data:
                    self.is_armed, self.is_cutting = False, True
                    if not self.passes_commit:
                        break
                elif not is_asking and self.is_cutting:
                    break  # It is committed, and nobody is told.
                other.sendall(data)
        self.is_cutting = False
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End all lines."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[tuple[CuttingProxy, str]]:
    """A proxy in front of the server, and the address to reach it by."""
    with psycopg.connect(postgres_url) as connection:
        info = connection.info
        server: tuple[int, str | tuple[str, int]]
        if info.host.startswith("/"):
            server = socket.AF_UNIX, f"{info.host}/.s.PGSQL.{info.port}"
        else:
            server = socket.AF_INET, (info.host, info.port)
        login = {"user": info.user, "password": info.password, "dbname": info.dbname}
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        made = CuttingProxy(server, Path(folder) / ".s.PGSQL.5432")
        try:
            yield (
                made,
                psycopg.conninfo.make_conninfo(
                    "", host=folder, port=5432, sslmode="disable", **login
                ),
            )
        finally:
            made.close()


@pytest.mark.parametrize("passes_commit", [True, False])
def test_a_conversation_goes_on_after_a_commit_of_which_nobody_knows(
    proxy: tuple[CuttingProxy, str], passes_commit: bool
) -> None:
    cutting, url = proxy
    cutting.passes_commit = passes_commit
    with PostgresStore(url, namespace=uuid.uuid4().hex) as store, Client("echo", store=store) as c:
        talk = c.conversation(id="x")
        talk.send("hello")
        before = store.load_conversation("default", "x").revision
        cutting.is_armed = True
        with pytest.raises(StorageError) as caught:
            talk.send("turn")
        assert caught.value.retryable
        assert not isinstance(caught.value, StorageConflictError)
        after = store.load_conversation("default", "x").revision
        assert (after > before) == passes_commit
        talk.send("recall")
        assert c.conversations.open("x").turns == talk.turns
