"""An FTP server on loopback, in a process of its own: a place that fsspec reaches by network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

LOGIN = ("-u", "ottilie", "-P", "geheim")


@dataclass
class FtpServer:
    """A running server and the folder that it serves."""

    folder: Path
    process: subprocess.Popen[str] | None = None
    port: int = 0

    def start(self) -> None:
        """Start it, on the port that it had before if there was one."""
        arguments = ["-i", "127.0.0.1", "-p", str(self.port), "-w", "-d", str(self.folder)]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "pyftpdlib", *arguments, *LOGIN],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if found := re.search(r"starting FTP server on 127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                return
        raise AssertionError("the FTP server did not start")

    def stop(self) -> None:
        """Stop it; twice is harmless."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    @property
    def url(self) -> str:
        """A folder on it."""
        return f"ftp://ottilie:geheim@127.0.0.1:{self.port}/voices"


@pytest.fixture(scope="module")
def ftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpServer]:
    server = FtpServer(tmp_path_factory.mktemp("ftp"))
    server.start()
    yield server
    server.stop()
